-- +goose Up
-- What a node was told last of the vetoes in which its unit has a part, as JSON;
-- '' for none.
ALTER TABLE node ADD COLUMN vetoes text NOT NULL DEFAULT '';

-- A link in a combined entry may belong to several units.
ALTER TABLE place DROP CONSTRAINT place_pkey;
ALTER TABLE place ADD PRIMARY KEY (target, owner, page, element, unit);

-- A site that was closed for good or merged into another: when, by whom and why.
ALTER TABLE site ADD COLUMN closed_at bigint NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN closed_by text NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN closed_note text NOT NULL DEFAULT '';

-- Who of several programs on one database does what only one may do, and until
-- when, in Unix milliseconds.
CREATE TABLE lease (
    name     text PRIMARY KEY,
    holder   text NOT NULL,
    until_at bigint NOT NULL
);

-- +goose Down
DROP TABLE lease;
ALTER TABLE site DROP COLUMN closed_note;
ALTER TABLE site DROP COLUMN closed_by;
ALTER TABLE site DROP COLUMN closed_at;
DELETE FROM place p USING place q WHERE q.target = p.target AND q.owner = p.owner AND q.page = p.page AND q.element = p.element AND q.unit < p.unit;
ALTER TABLE place DROP CONSTRAINT place_pkey;
ALTER TABLE place ADD PRIMARY KEY (target, owner, page, element);
ALTER TABLE node DROP COLUMN vetoes;
