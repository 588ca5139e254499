-- +goose Up
-- The up logs this node wrote before the present one, and under which name. Entry
-- n of such a log was row base + n of up_entry.
CREATE TABLE epoch (
    epoch TEXT PRIMARY KEY,
    node  TEXT NOT NULL,
    base  INTEGER NOT NULL
) STRICT;

ALTER TABLE station ADD COLUMN base INTEGER NOT NULL DEFAULT 0;   -- entry n of the present log is row base + n of up_entry
ALTER TABLE station ADD COLUMN resign INTEGER NOT NULL DEFAULT 0; -- rows through here hold the signature of an earlier log
ALTER TABLE station ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;   -- entries this hub lacks and that are no longer held
ALTER TABLE station ADD COLUMN public TEXT NOT NULL DEFAULT '';   -- key that speaks for the node, empty if never noted
ALTER TABLE station ADD COLUMN hub_past TEXT NOT NULL DEFAULT '[]'; -- epochs the hub had before, as it last said
ALTER TABLE station ADD COLUMN recall INTEGER NOT NULL DEFAULT 0;   -- its last answer by bundle asks for its words back

-- The down log is numbered per node, and this machine may have been another one.
CREATE TABLE down_entry_of (
    node  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    hash  TEXT NOT NULL,
    sig   BLOB NOT NULL,
    at    INTEGER NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (node, epoch, seq)
) STRICT;
INSERT INTO down_entry_of (node, epoch, seq, kind, hash, sig, at, body)
    SELECT s.node, d.epoch, d.seq, d.kind, d.hash, d.sig, d.at, d.body FROM down_entry d, station s ORDER BY d.rowid;
DROP TABLE down_entry;
ALTER TABLE down_entry_of RENAME TO down_entry;
CREATE INDEX down_entry_receipt ON down_entry (at) WHERE kind = 'receipt';

-- +goose Down
CREATE TABLE down_entry_of (
    epoch TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    hash  TEXT NOT NULL,
    sig   BLOB NOT NULL,
    at    INTEGER NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT;
INSERT OR IGNORE INTO down_entry_of SELECT epoch, seq, kind, hash, sig, at, body FROM down_entry ORDER BY rowid;
DROP TABLE down_entry;
ALTER TABLE down_entry_of RENAME TO down_entry;
CREATE INDEX down_entry_receipt ON down_entry (at) WHERE kind = 'receipt';
ALTER TABLE station DROP COLUMN recall;
ALTER TABLE station DROP COLUMN hub_past;
ALTER TABLE station DROP COLUMN public;
ALTER TABLE station DROP COLUMN gone;
ALTER TABLE station DROP COLUMN resign;
ALTER TABLE station DROP COLUMN base;
DROP TABLE epoch;
