SELECT model_version, count(*) FILTER (WHERE label = 'negative') / count(*) AS negative_share
FROM predictions
WHERE predicted_at >= now() - interval '24 hours'
GROUP BY model_version;
