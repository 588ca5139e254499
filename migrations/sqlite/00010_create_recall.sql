-- +goose Up
-- What the hub said to its nodes before it was restored from a backup: of the
-- down log numbered in an earlier epoch it has everything through a number, and
-- has read back from the node's own copy through another.
CREATE TABLE down_past (
    node     TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    through  INTEGER NOT NULL,
    recalled INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (node, epoch)
) STRICT;

-- Words read back from nodes that are not carried out yet, as they came. n is
-- their order per node; item is empty for what is about none.
CREATE TABLE recalled (
    node  TEXT NOT NULL,
    n     INTEGER NOT NULL,
    item  TEXT NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (node, n)
) STRICT;
CREATE INDEX recalled_item ON recalled (item, node, n);

-- Since when the hub waits to read back what it said to the node; 0 for nothing.
ALTER TABLE node ADD COLUMN recall INTEGER NOT NULL DEFAULT 0;
-- The node whose place this one took, or empty.
ALTER TABLE node ADD COLUMN replaces TEXT NOT NULL DEFAULT '';
ALTER TABLE invite ADD COLUMN replaces TEXT NOT NULL DEFAULT '';

-- Where the log of a store ended that was left behind. That of the present store
-- means nothing.
ALTER TABLE node_epoch ADD COLUMN through INTEGER NOT NULL DEFAULT 0;
UPDATE node_epoch SET through = COALESCE((SELECT MAX(u.seq) FROM up_entry u WHERE u.node = node_epoch.node AND u.epoch = node_epoch.epoch), 0);

-- +goose Down
ALTER TABLE node_epoch DROP COLUMN through;
ALTER TABLE invite DROP COLUMN replaces;
ALTER TABLE node DROP COLUMN replaces;
ALTER TABLE node DROP COLUMN recall;
DROP TABLE recalled;
DROP TABLE down_past;
