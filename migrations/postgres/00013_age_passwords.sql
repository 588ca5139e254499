-- +goose Up
-- When the password was set, for counties that want it changed on a schedule.
ALTER TABLE account ADD COLUMN password_at bigint NOT NULL DEFAULT 0;
UPDATE account SET password_at = CASE WHEN sessions_from > 0 THEN sessions_from ELSE created_at END;

-- The passwords an account had before, so that they do not come back.
CREATE TABLE password_past (
    account  text NOT NULL REFERENCES account (id),
    n        bigint NOT NULL,
    password text NOT NULL,
    PRIMARY KEY (account, n)
);

-- Failed sign-ins are counted by name and address, and by name alone for
-- addresses from which nobody has signed in under it. known_at is when somebody
-- last did from there; the name alone has none.
ALTER TABLE lockout ADD COLUMN known_at bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE lockout DROP COLUMN known_at;
DROP TABLE password_past;
ALTER TABLE account DROP COLUMN password_at;
