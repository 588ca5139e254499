-- +goose Up
-- A column's own period for updates, in days, where the county demands more of it
-- than of its class; 0 for none.
ALTER TABLE site_column ADD COLUMN days bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE site_column DROP COLUMN days;
