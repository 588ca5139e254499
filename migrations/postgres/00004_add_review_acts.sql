-- +goose Up
-- Live before all its steps were done; due_role says who has to look at it now.
ALTER TABLE item ADD COLUMN emergency boolean NOT NULL DEFAULT false;
CREATE INDEX item_emergency ON item (received_at, id) WHERE emergency;
-- When an approved item is to be published; 0 for as soon as its files are here.
ALTER TABLE item ADD COLUMN publish_at bigint NOT NULL DEFAULT 0;
CREATE INDEX item_publish ON item (publish_at) WHERE publish_at > 0;
ALTER TABLE decision ADD COLUMN emergency boolean NOT NULL DEFAULT false;
-- What readers are told of a correction; an approval may wait for files or its hour.
ALTER TABLE decision ADD COLUMN note text NOT NULL DEFAULT '';
-- Where readers of a withdrawn entry find what took its place.
ALTER TABLE entry ADD COLUMN successor text NOT NULL DEFAULT '';
-- Until when the entry stands on top of its lists; 0 for not.
ALTER TABLE entry ADD COLUMN pinned_until bigint NOT NULL DEFAULT 0;
CREATE INDEX entry_pinned ON entry (pinned_until, id) WHERE pinned_until > 0;
-- Files that readers could once have, and no more: they are told so.
CREATE TABLE file_gone (
    sha256 text PRIMARY KEY,
    at     bigint NOT NULL
);

-- +goose Down
DROP TABLE file_gone;
DROP INDEX entry_pinned;
ALTER TABLE entry DROP COLUMN pinned_until;
ALTER TABLE entry DROP COLUMN successor;
ALTER TABLE decision DROP COLUMN note;
ALTER TABLE decision DROP COLUMN emergency;
DROP INDEX item_publish;
ALTER TABLE item DROP COLUMN publish_at;
DROP INDEX item_emergency;
ALTER TABLE item DROP COLUMN emergency;
