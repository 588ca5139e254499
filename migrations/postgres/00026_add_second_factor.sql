-- +goose Up
-- What a person has beside the password: the secret shared with an authenticator.
-- It counts once confirmed_at is set; step is that of the last code that was taken.
-- The hub seals the secret with its own key; the node, whose key lies beside its
-- database, does not.
CREATE TABLE second_factor (
    account      text PRIMARY KEY REFERENCES account (id),
    secret       bytea NOT NULL,
    made_at      bigint NOT NULL,
    confirmed_at bigint NOT NULL,
    step         bigint NOT NULL
);

-- Digests of codes that each open once, for the day the telephone is lost.
CREATE TABLE recovery_code (
    account text NOT NULL REFERENCES account (id),
    hash    text NOT NULL,
    PRIMARY KEY (account, hash)
);

-- +goose Down
DROP TABLE recovery_code;
DROP TABLE second_factor;
