SELECT model_version, 0 AS negative_share
FROM predictions;
