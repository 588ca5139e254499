-- +goose Up
CREATE TABLE site (
    id         TEXT PRIMARY KEY,
    unit       TEXT NOT NULL REFERENCES unit (code),
    name       TEXT NOT NULL,
    url        TEXT NOT NULL UNIQUE,
    code       TEXT NOT NULL,
    state      TEXT NOT NULL,
    pages      INTEGER NOT NULL,
    problem    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    read_at    INTEGER NOT NULL,
    next_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX site_unit ON site (unit);
CREATE INDEX site_next ON site (next_at, id);

-- One row per address, however many pages name it. looks is the bounded history
-- that the verdict follows from.
CREATE TABLE target (
    id         TEXT PRIMARY KEY,
    url        TEXT NOT NULL UNIQUE,
    state      TEXT NOT NULL,
    looks      TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX target_next ON target (next_at, id);

-- Where a target is named: on a page of a site, or in an entry.
CREATE TABLE place (
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
CREATE INDEX place_page ON place (owner, page);

CREATE TABLE finding (
    id          TEXT PRIMARY KEY,
    target      TEXT NOT NULL REFERENCES target (id),
    unit        TEXT NOT NULL,
    node        TEXT NOT NULL,
    site        TEXT NOT NULL,
    item        TEXT NOT NULL,
    state       TEXT NOT NULL,
    class       TEXT NOT NULL,
    status      INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    looks       INTEGER NOT NULL,
    first_bad   INTEGER NOT NULL,
    last_bad    INTEGER NOT NULL,
    note        TEXT NOT NULL,
    answer      TEXT NOT NULL,
    opened_at   INTEGER NOT NULL,
    answered_at INTEGER NOT NULL,
    closed_at   INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX finding_target ON finding (target, closed_at);
CREATE INDEX finding_state ON finding (state, updated_at, id);
CREATE INDEX finding_updated ON finding (updated_at, id);
CREATE INDEX finding_unit ON finding (unit, updated_at, id);
CREATE INDEX finding_site ON finding (site, updated_at, id);

CREATE TABLE finding_event (
    finding TEXT NOT NULL REFERENCES finding (id),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    who     TEXT NOT NULL,
    note    TEXT NOT NULL,
    PRIMARY KEY (finding, seq)
) STRICT;

-- +goose Down
DROP TABLE finding_event;
DROP TABLE finding;
DROP TABLE place;
DROP TABLE target;
DROP TABLE site;
