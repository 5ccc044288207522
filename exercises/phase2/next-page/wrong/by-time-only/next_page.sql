SELECT id
FROM predictions
WHERE predicted_at < (SELECT predicted_at FROM last_seen)
ORDER BY predicted_at DESC, id DESC
LIMIT 3;
