-- +goose Up
-- How the vetoes of inspections stand in which the unit has a part, as the hub told
-- last.
ALTER TABLE station ADD COLUMN vetoes TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE station DROP COLUMN vetoes;
