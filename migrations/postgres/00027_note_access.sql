-- +goose Up
-- Where somebody last signed in from, and who set the password and from where: people
-- are told at the next sign-in. Empty who is the owner himself.
ALTER TABLE account ADD COLUMN seen_from text NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN password_by text NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN password_from text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE account DROP COLUMN password_from;
ALTER TABLE account DROP COLUMN password_by;
ALTER TABLE account DROP COLUMN seen_from;
