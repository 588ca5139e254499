-- +goose Up
-- What a node without a line needs: bundles are files that are carried to the
-- county and back.

-- The join code of a node that waits for the county's answer to its request.
CREATE TABLE joining (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    hub_url TEXT NOT NULL,
    secret  TEXT NOT NULL,
    name    TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- Bundles made here. One that was begun and not finished stays in state begun:
-- its number is not used again.
CREATE TABLE bundle (
    number  INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,    -- of the file
    at      INTEGER NOT NULL,
    joining INTEGER NOT NULL CHECK (joining IN (0, 1)), -- asks for an identity
    first   INTEGER NOT NULL, -- entries of the up log in it, 0 for none
    last    INTEGER NOT NULL,
    confirmed INTEGER NOT NULL, -- through where the county had the up log when it was made
    down    INTEGER NOT NULL, -- the cursor into the down log it tells, -1 when it has to be told again
    bytes   INTEGER NOT NULL,
    state   TEXT NOT NULL     -- begun, out, answered
) STRICT;

-- The newest bundle each file was put into.
CREATE TABLE bundle_file (
    sha256 TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

-- Answers that were taken, newest last.
CREATE TABLE bundle_answer (
    n      INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    re     INTEGER NOT NULL, -- bundle of this store that it answers, 0 for none
    fault  TEXT NOT NULL,    -- why this node may not speak now
    at     INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE bundle_answer;
DROP TABLE bundle_file;
DROP TABLE bundle;
DROP TABLE joining;
