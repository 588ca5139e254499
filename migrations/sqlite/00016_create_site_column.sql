-- +goose Up
-- The columns (栏目) of the sites that are watched. reading is what the last look
-- brought to light, seen the bounded history of items that the next one needs.
CREATE TABLE site_column (
    id          TEXT PRIMARY KEY,
    site        TEXT NOT NULL REFERENCES site (id),
    url         TEXT NOT NULL,
    name        TEXT NOT NULL,
    class       TEXT NOT NULL,
    unit        TEXT NOT NULL REFERENCES unit (code),
    channel     TEXT NOT NULL,
    status      TEXT NOT NULL,
    mark        TEXT NOT NULL,
    mark_by     TEXT NOT NULL,
    mark_at     INTEGER NOT NULL,
    mark_note   TEXT NOT NULL,
    state       TEXT NOT NULL,
    last_update TEXT NOT NULL,
    reading     TEXT NOT NULL,
    seen        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    read_at     INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    UNIQUE (site, url)
) STRICT;
CREATE INDEX site_column_unit ON site_column (unit, id);
CREATE INDEX site_column_next ON site_column (next_at, id) WHERE next_at > 0;

-- What came out through the hub counts by its own time; readings look it up by
-- address and title.
CREATE INDEX adoption_url ON adoption (url) WHERE url <> '';
CREATE INDEX entry_title ON entry (title);

-- +goose Down
DROP INDEX entry_title;
DROP INDEX adoption_url;
DROP TABLE site_column;
