-- +goose Up
-- A pass over a whole site takes long and goes on from its work file: how far the
-- one under way has come (0 for none), when the last one ended, and the bound at
-- which that one left pages aside.
ALTER TABLE site ADD COLUMN whole_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN cut TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN pass_began INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pass_pages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pass_known INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pass_asked INTEGER NOT NULL DEFAULT 0;

-- Of a site only bad targets are kept, with their first places; in how many
-- places they stand in all.
CREATE TABLE place_total (
    target TEXT NOT NULL REFERENCES target (id),
    owner  TEXT NOT NULL,
    unit   TEXT NOT NULL,
    total  INTEGER NOT NULL,
    PRIMARY KEY (target, owner)
) STRICT;

-- +goose Down
DROP TABLE place_total;
ALTER TABLE site DROP COLUMN pass_asked;
ALTER TABLE site DROP COLUMN pass_known;
ALTER TABLE site DROP COLUMN pass_pages;
ALTER TABLE site DROP COLUMN pass_began;
ALTER TABLE site DROP COLUMN cut;
ALTER TABLE site DROP COLUMN whole_at;
