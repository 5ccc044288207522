SELECT model_version, avg((label = 'negative')::int) AS negative_share
FROM predictions
GROUP BY model_version;
