-- +goose Up
-- A pass over a whole site takes long and goes on from its work file: how far the
-- one under way has come (0 for none), when the last one ended, and the bound at
-- which that one left pages aside.
ALTER TABLE site ADD COLUMN whole_at bigint NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN cut text NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN pass_began bigint NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pass_pages bigint NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pass_known bigint NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN pass_asked bigint NOT NULL DEFAULT 0;

-- Of a site only bad targets are kept, with their first places; in how many
-- places they stand in all.
CREATE TABLE place_total (
    target text NOT NULL REFERENCES target (id),
    owner  text NOT NULL,
    unit   text NOT NULL,
    total  bigint NOT NULL,
    PRIMARY KEY (target, owner)
);

-- +goose Down
DROP TABLE place_total;
ALTER TABLE site DROP COLUMN pass_asked;
ALTER TABLE site DROP COLUMN pass_known;
ALTER TABLE site DROP COLUMN pass_pages;
ALTER TABLE site DROP COLUMN pass_began;
ALTER TABLE site DROP COLUMN cut;
ALTER TABLE site DROP COLUMN whole_at;
