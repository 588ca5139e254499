-- +goose Up
-- When the text of the entry was corrected last; updated_at moves with other
-- changes too.
ALTER TABLE entry ADD COLUMN corrected_at INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET corrected_at = updated_at WHERE version > 1;

-- +goose Down
ALTER TABLE entry DROP COLUMN corrected_at;
