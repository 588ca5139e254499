-- +goose Up
-- When the first text of the item arrived, for counting: received_at is that of
-- the latest.
ALTER TABLE item ADD COLUMN first_at bigint NOT NULL DEFAULT 0;
UPDATE item SET first_at = COALESCE((SELECT MIN(revision.received_at) FROM revision WHERE revision.item = item.id), received_at);
CREATE INDEX item_first ON item (first_at, id);
-- What was done in a period.
CREATE INDEX decision_act ON decision (action, at, id);
CREATE INDEX adoption_at ON adoption (at, id);
-- No query walks these.
DROP INDEX decision_account;
DROP INDEX entry_source_item;
DROP INDEX site_unit;

-- +goose Down
CREATE INDEX site_unit ON site (unit);
CREATE INDEX entry_source_item ON entry_source (item);
CREATE INDEX decision_account ON decision (account, at);
DROP INDEX adoption_at;
DROP INDEX decision_act;
DROP INDEX item_first;
ALTER TABLE item DROP COLUMN first_at;
