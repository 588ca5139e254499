-- +goose Up
-- Whether the node is to take another key, and when the county last asked for it
-- (the hub's clock), so that the same word heard again does nothing.
ALTER TABLE station ADD COLUMN rotate INTEGER NOT NULL DEFAULT 0 CHECK (rotate IN (0, 1));
ALTER TABLE station ADD COLUMN rotate_asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE station ADD COLUMN rotate_error TEXT NOT NULL DEFAULT ''; -- why the hub did not take the last one
ALTER TABLE station ADD COLUMN rekeyed_at INTEGER NOT NULL DEFAULT 0; -- when it took its present key, 0 for the one it joined with

-- +goose Down
ALTER TABLE station DROP COLUMN rekeyed_at;
ALTER TABLE station DROP COLUMN rotate_error;
ALTER TABLE station DROP COLUMN rotate_asked;
ALTER TABLE station DROP COLUMN rotate;
