-- +goose Up
-- What a site hangs on: another site, or a line, by id; '' for nothing that was
-- named. A line (a data centre, a provider) is asked like a site and is none: it
-- has no pages to read and is judged by no rule.
ALTER TABLE site ADD COLUMN parent text NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN line bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE site DROP COLUMN line;
ALTER TABLE site DROP COLUMN parent;
