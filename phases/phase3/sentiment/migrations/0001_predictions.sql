CREATE TABLE predictions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- One process of the API counts its rows from 1: a number that is missing is a row that was lost.
    instance text NOT NULL,
    sequence bigint NOT NULL,
    request_id text NOT NULL, -- the caller's own, if it sent one; so it may occur twice
    predicted_at timestamptz NOT NULL, -- by the clock of the API
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- by the clock of the database
    label text NOT NULL,
    confidence double precision NOT NULL,
    known_words integer NOT NULL,
    model_version text NOT NULL,
    text json, -- a JSON string: the type text cannot hold U+0000, which a question may contain
    text_sha256 text,
    -- What makes a row the same row when it is sent again.
    UNIQUE (instance, sequence)
);

-- Pages are read from the newest row back.
CREATE INDEX ON predictions (predicted_at, id);

-- What the API may do, and no more: it cannot change or delete what it has written.
GRANT SELECT, INSERT ON predictions TO ml_api;
