-- +goose Up
-- The columns (栏目) of the sites that are watched. reading is what the last look
-- brought to light, seen the bounded history of items that the next one needs.
CREATE TABLE site_column (
    id          text PRIMARY KEY,
    site        text NOT NULL REFERENCES site (id),
    url         text NOT NULL,
    name        text NOT NULL,
    class       text NOT NULL,
    unit        text NOT NULL REFERENCES unit (code),
    channel     text NOT NULL,
    status      text NOT NULL,
    mark        text NOT NULL,
    mark_by     text NOT NULL,
    mark_at     bigint NOT NULL,
    mark_note   text NOT NULL,
    state       text NOT NULL,
    last_update text NOT NULL,
    reading     text NOT NULL,
    seen        text NOT NULL,
    created_at  bigint NOT NULL,
    read_at     bigint NOT NULL,
    next_at     bigint NOT NULL,
    UNIQUE (site, url)
);
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
