-- +goose Up
-- Later kinds of the down log a node reads, parted by blanks, as it said last.
ALTER TABLE node ADD COLUMN knows TEXT NOT NULL DEFAULT '';

-- Deadline: the last moment of the last day. stage is how far the unit was urged
-- (a Stage of the protocol), urge_at when the next stage is due, 0 for never.
-- What was open before there were deadlines is given one at the first pass.
ALTER TABLE finding ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE finding ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN urge_at INTEGER NOT NULL DEFAULT 0;
UPDATE finding SET urge_at = 1 WHERE closed_at = 0;
-- Why a finding is closed, as far as it was noted.
ALTER TABLE finding ADD COLUMN ending TEXT NOT NULL DEFAULT '';
UPDATE finding SET ending = 'struckoff' WHERE state = 'struckoff';
UPDATE finding SET ending = 'recovered' WHERE state = 'closed' AND note LIKE '%恢复%';
UPDATE finding SET ending = 'removed' WHERE state = 'closed' AND note LIKE '%移除%';
-- What the target showed when the finding was struck off (JSON), and whether the
-- strike is over because the target has changed since.
ALTER TABLE finding ADD COLUMN mark TEXT NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN lapsed INTEGER NOT NULL DEFAULT 0;
-- Whether the node has still to be told how the finding stands, and when it was
-- told first.
ALTER TABLE finding ADD COLUMN tell INTEGER NOT NULL DEFAULT 0;
ALTER TABLE finding ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;
UPDATE finding SET told_at = opened_at WHERE node <> '';
CREATE INDEX finding_tell ON finding (node, id) WHERE tell <> 0;
CREATE INDEX finding_urge ON finding (urge_at, id) WHERE closed_at = 0 AND urge_at <> 0;
CREATE INDEX finding_closed ON finding (closed_at, id) WHERE closed_at <> 0;

-- Who outside wants to be told. sealed is the address and the secret, which only
-- the hub's key opens.
CREATE TABLE webhook (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    topics     TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    paused     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Messages on their way, and the last that arrived or were given up.
CREATE TABLE webhook_delivery (
    id      TEXT PRIMARY KEY,
    hook    TEXT NOT NULL REFERENCES webhook (id),
    topic   TEXT NOT NULL,
    title   TEXT NOT NULL,
    body    TEXT NOT NULL,
    state   TEXT NOT NULL,
    tries   INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at, id) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_hook ON webhook_delivery (hook, at, id);

-- Second opinions: addresses nodes were asked to look at from their own lines,
-- and what they saw (JSON), until it was weighed.
CREATE TABLE look_request (
    id          TEXT PRIMARY KEY,
    target      TEXT NOT NULL REFERENCES target (id),
    node        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    answered_at INTEGER NOT NULL,
    answer      TEXT NOT NULL,
    weighed     INTEGER NOT NULL
) STRICT;
CREATE INDEX look_request_target ON look_request (target, asked_at);
CREATE INDEX look_request_answered ON look_request (answered_at, id) WHERE answered_at <> 0 AND weighed = 0;

-- +goose Down
DROP TABLE look_request;
DROP TABLE webhook_delivery;
DROP TABLE webhook;
DROP INDEX finding_closed;
DROP INDEX finding_urge;
DROP INDEX finding_tell;
ALTER TABLE finding DROP COLUMN told_at;
ALTER TABLE finding DROP COLUMN tell;
ALTER TABLE finding DROP COLUMN lapsed;
ALTER TABLE finding DROP COLUMN mark;
ALTER TABLE finding DROP COLUMN ending;
ALTER TABLE finding DROP COLUMN urge_at;
ALTER TABLE finding DROP COLUMN stage;
ALTER TABLE finding DROP COLUMN due_at;
ALTER TABLE node DROP COLUMN knows;
