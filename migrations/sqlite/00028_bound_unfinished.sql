-- +goose Up
-- What a node has begun to bring and not ended, for its bound.
CREATE INDEX blob_offer_open ON blob_offer (node) WHERE NOT done;

-- +goose Down
DROP INDEX blob_offer_open;
