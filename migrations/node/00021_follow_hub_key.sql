-- +goose Up
-- The keys the hub had before the present one (station.hub_key), in order: a new one
-- is believed only once, and logs stay as they were signed.
CREATE TABLE hub_key (
    n   INTEGER PRIMARY KEY,
    key TEXT    NOT NULL UNIQUE,
    at  INTEGER NOT NULL -- when this node gave it up, Unix milliseconds
) STRICT;

-- +goose Down
DROP TABLE hub_key;
