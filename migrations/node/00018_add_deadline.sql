-- +goose Up
-- The last moment to deal with it, for the order of the list; the far end of
-- time for none.
ALTER TABLE finding ADD COLUMN due INTEGER NOT NULL DEFAULT 253402300799000;
CREATE INDEX finding_due ON finding (due, n) WHERE open = 1;

-- +goose Down
DROP INDEX finding_due;
ALTER TABLE finding DROP COLUMN due;
