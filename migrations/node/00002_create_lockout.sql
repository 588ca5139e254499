-- +goose Up
-- Failed sign-ins are counted by the name that was typed, whether or not there
-- is such an account: otherwise a lock tells who exists.
CREATE TABLE lockout (
    login        TEXT PRIMARY KEY,
    failures     INTEGER NOT NULL,
    failed_at    INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX lockout_failed ON lockout (failed_at);
INSERT INTO lockout SELECT login, failures, failed_at, locked_until FROM account WHERE failures > 0;
ALTER TABLE account DROP COLUMN failures;
ALTER TABLE account DROP COLUMN failed_at;
ALTER TABLE account DROP COLUMN locked_until;

-- +goose Down
ALTER TABLE account ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN failed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN locked_until INTEGER NOT NULL DEFAULT 0;
UPDATE account SET failures = l.failures, failed_at = l.failed_at, locked_until = l.locked_until FROM lockout l WHERE l.login = account.login;
DROP TABLE lockout;
