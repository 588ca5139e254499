-- +goose Up
-- Nodes that are reached by bundles, files carried across an air gap: how far
-- the newest bundle of each has come, and its newest answer.
CREATE TABLE bundle_partner (
    node        TEXT PRIMARY KEY REFERENCES node (id),
    epoch       TEXT NOT NULL,    -- of the node's store, and
    number      INTEGER NOT NULL, -- number of its newest bundle; 0 before the first
    joining     INTEGER NOT NULL CHECK (joining IN (0, 1)), -- it has only asked to join
    hub_epoch   TEXT NOT NULL,    -- of the hub's store it knew
    down        INTEGER NOT NULL, -- its cursor into the down log
    asked       TEXT NOT NULL,    -- JSON: files it wants to hear of
    taken_at    INTEGER NOT NULL,
    owed        INTEGER NOT NULL CHECK (owed IN (0, 1)), -- an answer, whatever the down log says
    answer      INTEGER NOT NULL, -- number of the newest answer
    through     INTEGER NOT NULL, -- head of the down log when it was made
    answered_at INTEGER NOT NULL
) STRICT;

-- Bundles that were taken, for telling one that comes twice.
CREATE TABLE bundle_taken (
    digest TEXT PRIMARY KEY,
    node   TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
CREATE INDEX bundle_taken_node ON bundle_taken (node, at);

CREATE INDEX invite_node ON invite (node) WHERE node <> '';

-- +goose Down
DROP INDEX invite_node;
DROP TABLE bundle_taken;
DROP TABLE bundle_partner;
