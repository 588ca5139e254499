-- +goose Up
-- The hash of each act covers that of the one before, so that no act can be
-- changed, taken out or put in without breaking the chain. before and after are
-- digests of the thing it was done to. Acts noted before there was a chain get
-- their hashes from the program.
ALTER TABLE audit ADD COLUMN before TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN after TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_act ON audit (act, seq);

-- +goose Down
DROP INDEX audit_act;
ALTER TABLE audit DROP COLUMN hash;
ALTER TABLE audit DROP COLUMN after;
ALTER TABLE audit DROP COLUMN before;
