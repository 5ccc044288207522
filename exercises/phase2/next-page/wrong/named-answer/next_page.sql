SELECT id AS answer
FROM predictions
WHERE (predicted_at, id) < (SELECT predicted_at, id FROM last_seen)
ORDER BY predicted_at DESC, id DESC
LIMIT 3;
