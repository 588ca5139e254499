-- +goose Up
-- The few entries that are pinned are found without counting on statistics, which
-- one of the databases never gathers.
DROP INDEX entry_pinned;
CREATE INDEX entry_pinned ON entry (state, pinned_until, id) WHERE pinned_until > 0;

-- +goose Down
DROP INDEX entry_pinned;
CREATE INDEX entry_pinned ON entry (pinned_until, id) WHERE pinned_until > 0;
