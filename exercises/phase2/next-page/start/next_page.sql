SELECT id
FROM predictions
ORDER BY predicted_at DESC, id DESC
LIMIT 3;
