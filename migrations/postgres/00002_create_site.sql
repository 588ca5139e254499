-- +goose Up
CREATE TABLE site (
    id         text PRIMARY KEY,
    unit       text NOT NULL REFERENCES unit (code),
    name       text NOT NULL,
    url        text NOT NULL UNIQUE,
    code       text NOT NULL,
    state      text NOT NULL,
    pages      bigint NOT NULL,
    problem    text NOT NULL,
    created_at bigint NOT NULL,
    read_at    bigint NOT NULL,
    next_at    bigint NOT NULL
);
CREATE INDEX site_unit ON site (unit);
CREATE INDEX site_next ON site (next_at, id);

-- One row per address, however many pages name it. looks is the bounded history
-- that the verdict follows from.
CREATE TABLE target (
    id         text PRIMARY KEY,
    url        text NOT NULL UNIQUE,
    state      text NOT NULL,
    looks      text NOT NULL,
    checked_at bigint NOT NULL,
    next_at    bigint NOT NULL
);
CREATE INDEX target_next ON target (next_at, id);

-- Where a target is named: on a page of a site, or in an entry.
CREATE TABLE place (
    target  text NOT NULL REFERENCES target (id),
    owner   text NOT NULL,
    page    text NOT NULL,
    element text NOT NULL,
    label   text NOT NULL,
    unit    text NOT NULL,
    item    text NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (target, owner, page, element)
);
CREATE INDEX place_page ON place (owner, page);

CREATE TABLE finding (
    id          text PRIMARY KEY,
    target      text NOT NULL REFERENCES target (id),
    unit        text NOT NULL,
    node        text NOT NULL,
    site        text NOT NULL,
    item        text NOT NULL,
    state       text NOT NULL,
    class       text NOT NULL,
    status      bigint NOT NULL,
    reason      text NOT NULL,
    looks       bigint NOT NULL,
    first_bad   bigint NOT NULL,
    last_bad    bigint NOT NULL,
    note        text NOT NULL,
    answer      text NOT NULL,
    opened_at   bigint NOT NULL,
    answered_at bigint NOT NULL,
    closed_at   bigint NOT NULL,
    updated_at  bigint NOT NULL
);
CREATE INDEX finding_target ON finding (target, closed_at);
CREATE INDEX finding_state ON finding (state, updated_at, id);
CREATE INDEX finding_updated ON finding (updated_at, id);
CREATE INDEX finding_unit ON finding (unit, updated_at, id);
CREATE INDEX finding_site ON finding (site, updated_at, id);

CREATE TABLE finding_event (
    finding text NOT NULL REFERENCES finding (id),
    seq     bigint NOT NULL,
    at      bigint NOT NULL,
    kind    text NOT NULL,
    who     text NOT NULL,
    note    text NOT NULL,
    PRIMARY KEY (finding, seq)
);

-- +goose Down
DROP TABLE finding_event;
DROP TABLE finding;
DROP TABLE place;
DROP TABLE target;
DROP TABLE site;
