-- +goose Up
-- A session says whose it is, so that people see where they are signed in and can
-- end a single one. Those begun before do not say it: everybody signs in anew.
DELETE FROM session;
ALTER TABLE session ADD COLUMN id text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN account text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN at bigint NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN seen_at bigint NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN browser text NOT NULL DEFAULT '';
-- A row that was ended stays until it expires, so that a request under way cannot
-- bring the sign-in back.
ALTER TABLE session ADD COLUMN ended_at bigint NOT NULL DEFAULT 0;
CREATE INDEX session_account ON session (account, seen_at);

-- +goose Down
DROP INDEX session_account;
ALTER TABLE session DROP COLUMN ended_at;
ALTER TABLE session DROP COLUMN browser;
ALTER TABLE session DROP COLUMN address;
ALTER TABLE session DROP COLUMN seen_at;
ALTER TABLE session DROP COLUMN at;
ALTER TABLE session DROP COLUMN account;
ALTER TABLE session DROP COLUMN id;
