-- +goose Up
-- The digest of each act covers that of the one before, so that no act can be
-- changed, taken out or put in without breaking the chain. Acts noted before
-- there was a chain keep an empty digest; it begins at the first one after them.
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE audit DROP COLUMN hash;
