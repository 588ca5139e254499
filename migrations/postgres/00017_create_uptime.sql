-- +goose Up
-- One visit to a site's home page. Kept for some days only; what it came to
-- stands in uptime_day. slot is when it was due, so that no start of the program
-- asks twice.
CREATE TABLE probe (
    site    text NOT NULL REFERENCES site (id),
    slot    bigint NOT NULL,
    at      bigint NOT NULL,
    extra   boolean NOT NULL,
    outcome text NOT NULL,
    cause   text NOT NULL,
    status  bigint NOT NULL,
    detail  text NOT NULL,
    elapsed bigint NOT NULL,
    PRIMARY KEY (site, slot)
);
CREATE INDEX probe_slot ON probe (slot);

-- A site's day: counts, and a mark for each of its 24 hours.
CREATE TABLE uptime_day (
    site    text NOT NULL REFERENCES site (id),
    day     bigint NOT NULL,
    ok      bigint NOT NULL,
    failed  bigint NOT NULL,
    nodata  bigint NOT NULL,
    planned bigint NOT NULL,
    hours   text NOT NULL,
    causes  text NOT NULL,
    slowest bigint NOT NULL,
    total   bigint NOT NULL,
    PRIMARY KEY (site, day)
);
CREATE INDEX uptime_day_day ON uptime_day (day);

-- A confirmed time in which a site was down; root is the site on which it hangs
-- and whose incident stands for this one.
CREATE TABLE incident (
    id        text PRIMARY KEY,
    site      text NOT NULL REFERENCES site (id),
    since     bigint NOT NULL,
    opened_at bigint NOT NULL,
    until_at  bigint NOT NULL,
    ended_at  bigint NOT NULL,
    failures  bigint NOT NULL,
    cause     text NOT NULL,
    status    bigint NOT NULL,
    detail    text NOT NULL,
    root      text NOT NULL
);
CREATE INDEX incident_site ON incident (site, opened_at, id);
CREATE INDEX incident_open ON incident (site) WHERE ended_at = 0;

-- Announced times off line (临时下线).
CREATE TABLE offline (
    id      text PRIMARY KEY,
    site    text NOT NULL REFERENCES site (id),
    from_at bigint NOT NULL,
    to_at   bigint NOT NULL,
    why     text NOT NULL,
    who     text NOT NULL,
    at      bigint NOT NULL
);
CREATE INDEX offline_site ON offline (site, to_at);
CREATE INDEX offline_to ON offline (to_at);

-- What a person looked at on a site, for the rules no program can judge.
CREATE TABLE site_sheet (
    site  text PRIMARY KEY REFERENCES site (id),
    sheet text NOT NULL,
    who   text NOT NULL,
    at    bigint NOT NULL
);

-- When the newest item of a site's home page came out, as the page was last read.
CREATE TABLE site_home (
    site    text PRIMARY KEY REFERENCES site (id),
    told    boolean NOT NULL,
    latest  bigint NOT NULL,
    read_at bigint NOT NULL
);

-- +goose Down
DROP TABLE site_home;
DROP TABLE site_sheet;
DROP TABLE offline;
DROP TABLE incident;
DROP TABLE uptime_day;
DROP TABLE probe;
