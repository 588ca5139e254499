-- +goose Up
-- Nodes that are reached by bundles, files carried across an air gap: how far
-- the newest bundle of each has come, and its newest answer.
CREATE TABLE bundle_partner (
    node        text PRIMARY KEY REFERENCES node (id),
    epoch       text NOT NULL,    -- of the node's store, and
    number      bigint NOT NULL, -- number of its newest bundle; 0 before the first
    joining     boolean NOT NULL, -- it has only asked to join
    hub_epoch   text NOT NULL,    -- of the hub's store it knew
    down        bigint NOT NULL, -- its cursor into the down log
    asked       text NOT NULL,    -- JSON: files it wants to hear of
    taken_at    bigint NOT NULL,
    owed        boolean NOT NULL, -- an answer, whatever the down log says
    answer      bigint NOT NULL, -- number of the newest answer
    through     bigint NOT NULL, -- head of the down log when it was made
    answered_at bigint NOT NULL
);

-- Bundles that were taken, for telling one that comes twice.
CREATE TABLE bundle_taken (
    digest text PRIMARY KEY,
    node   text NOT NULL,
    at     bigint NOT NULL
);
CREATE INDEX bundle_taken_node ON bundle_taken (node, at);

CREATE INDEX invite_node ON invite (node) WHERE node <> '';

-- +goose Down
DROP INDEX invite_node;
DROP TABLE bundle_taken;
DROP TABLE bundle_partner;
