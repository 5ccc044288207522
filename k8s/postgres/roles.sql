-- Who may come in. Both are ordinary roles; what they may do, the migrations say.
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/passwords/predictions_owner`
\set api_password `cat /run/secrets/passwords/ml_api`

-- A password that is sent here is not to be in the log of the server.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['predictions_owner', 'ml_api']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE predictions_owner PASSWORD :'owner_password';
ALTER ROLE ml_api PASSWORD :'api_password';

SELECT 'CREATE DATABASE predictions OWNER predictions_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'predictions')
\gexec
REVOKE ALL ON DATABASE predictions FROM PUBLIC;
GRANT CONNECT ON DATABASE predictions TO ml_api;
