-- +goose Up
-- What a node was told last of the vetoes in which its unit has a part, as JSON;
-- '' for none.
ALTER TABLE node ADD COLUMN vetoes TEXT NOT NULL DEFAULT '';

-- A link in a combined entry may belong to several units. A primary key cannot be
-- changed, so the table is copied.
CREATE TABLE place_new (
    target  TEXT NOT NULL REFERENCES target (id),
    owner   TEXT NOT NULL,
    page    TEXT NOT NULL,
    element TEXT NOT NULL,
    label   TEXT NOT NULL,
    unit    TEXT NOT NULL,
    item    TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (target, owner, page, element, unit)
) STRICT;
INSERT INTO place_new SELECT target, owner, page, element, label, unit, item, seen_at FROM place;
DROP TABLE place;
ALTER TABLE place_new RENAME TO place;
CREATE INDEX place_page ON place (owner, page);

-- A site that was closed for good or merged into another: when, by whom and why.
ALTER TABLE site ADD COLUMN closed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE site ADD COLUMN closed_note TEXT NOT NULL DEFAULT '';

-- Who of several programs on one database does what only one may do, and until
-- when, in Unix milliseconds.
CREATE TABLE lease (
    name     TEXT PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE lease;
ALTER TABLE site DROP COLUMN closed_note;
ALTER TABLE site DROP COLUMN closed_by;
ALTER TABLE site DROP COLUMN closed_at;
CREATE TABLE place_new (
    target  TEXT NOT NULL REFERENCES target (id),
    owner   TEXT NOT NULL,
    page    TEXT NOT NULL,
    element TEXT NOT NULL,
    label   TEXT NOT NULL,
    unit    TEXT NOT NULL,
    item    TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (target, owner, page, element)
) STRICT;
INSERT INTO place_new SELECT target, owner, page, element, label, min(unit), item, seen_at FROM place GROUP BY target, owner, page, element;
DROP TABLE place;
ALTER TABLE place_new RENAME TO place;
CREATE INDEX place_page ON place (owner, page);
ALTER TABLE node DROP COLUMN vetoes;
