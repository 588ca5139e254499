-- +goose Up
-- What a person has beside the password: the secret shared with an authenticator.
-- It counts once confirmed_at is set; step is that of the last code that was taken.
-- The hub seals the secret with its own key; the node, whose key lies beside its
-- database, does not.
CREATE TABLE second_factor (
    account      TEXT PRIMARY KEY REFERENCES account (id),
    secret       BLOB NOT NULL,
    made_at      INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL,
    step         INTEGER NOT NULL
) STRICT;

-- Digests of codes that each open once, for the day the telephone is lost.
CREATE TABLE recovery_code (
    account TEXT NOT NULL REFERENCES account (id),
    hash    TEXT NOT NULL,
    PRIMARY KEY (account, hash)
) STRICT;

-- +goose Down
DROP TABLE recovery_code;
DROP TABLE second_factor;
