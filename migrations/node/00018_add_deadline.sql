-- +goose Up
-- The last moment to deal with it, for the order of the list; the far end of
-- time for none.
ALTER TABLE finding ADD COLUMN due INTEGER NOT NULL DEFAULT 253402300799000;
CREATE INDEX finding_due ON finding (due, n) WHERE open = 1;

-- Addresses the hub wants looked at from here, until they are answered.
CREATE TABLE look (
    id    TEXT PRIMARY KEY,
    url   TEXT NOT NULL,
    until INTEGER NOT NULL,
    done  INTEGER NOT NULL CHECK (done IN (0, 1))
) STRICT;
CREATE INDEX look_open ON look (until) WHERE done = 0;

-- +goose Down
DROP TABLE look;
DROP INDEX finding_due;
ALTER TABLE finding DROP COLUMN due;
