-- +goose Up
-- The days of the items a home page shows, a JSON list; empty when they were not
-- counted.
ALTER TABLE site_home ADD COLUMN days text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE site_home DROP COLUMN days;
