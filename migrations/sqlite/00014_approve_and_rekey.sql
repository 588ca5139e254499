-- +goose Up
-- Whether whoever uses the invitation has to wait until a person has agreed.
ALTER TABLE invite ADD COLUMN approval INTEGER NOT NULL DEFAULT 0;
CREATE INDEX invite_open ON invite (unit) WHERE used_at = 0;

-- Where the node joined from, for the person who agrees.
ALTER TABLE node ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- The key the node had before its present one, as long as it has not used the
-- present one; until then both speak for it.
ALTER TABLE node ADD COLUMN former_key TEXT NOT NULL DEFAULT '';
ALTER TABLE node ADD COLUMN rekeyed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX node_former ON node (former_key) WHERE former_key <> '';
-- The key a log is signed with whose node has another one now; empty for the
-- node's present key.
ALTER TABLE node_epoch ADD COLUMN public_key TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE node_epoch DROP COLUMN public_key;
DROP INDEX node_former;
ALTER TABLE node DROP COLUMN rekeyed_at;
ALTER TABLE node DROP COLUMN former_key;
ALTER TABLE node DROP COLUMN address;
DROP INDEX invite_open;
ALTER TABLE invite DROP COLUMN approval;
