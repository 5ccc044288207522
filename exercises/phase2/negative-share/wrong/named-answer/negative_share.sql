SELECT model_version, avg((label = 'negative')::int) AS answer
FROM predictions
WHERE predicted_at >= now() - interval '24 hours'
GROUP BY model_version;
