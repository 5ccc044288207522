SELECT id
FROM predictions
WHERE id < (SELECT id FROM last_seen)
ORDER BY predicted_at DESC, id DESC
LIMIT 3;
