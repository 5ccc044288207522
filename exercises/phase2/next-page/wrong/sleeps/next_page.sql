SELECT 13 AS id FROM pg_sleep(60);
