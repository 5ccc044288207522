SELECT id
FROM predictions
WHERE (predicted_at, id) < (SELECT predicted_at, id FROM last_seen)
ORDER BY predicted_at DESC, id
LIMIT 3;
