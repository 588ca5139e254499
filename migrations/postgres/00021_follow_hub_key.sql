-- +goose Up
-- signer is the public key of the hub that signs a node's down log; '' until the
-- store is opened. hub_key is the one the node says it knows.
ALTER TABLE node ADD COLUMN signer TEXT NOT NULL DEFAULT '';
ALTER TABLE node ADD COLUMN hub_key TEXT NOT NULL DEFAULT '';
CREATE INDEX node_signer ON node (signer);

-- +goose Down
DROP INDEX node_signer;
ALTER TABLE node DROP COLUMN hub_key;
ALTER TABLE node DROP COLUMN signer;
