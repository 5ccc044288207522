SELECT model_version, avg((label = 'negative')::int) AS negative_share
FROM predictions
WHERE predicted_at >= now() - interval '24 hours'
    AND label = 'negative'
GROUP BY model_version;
