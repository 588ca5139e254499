-- +goose Up
-- One visit to a site's home page. Kept for some days only; what it came to
-- stands in uptime_day. slot is when it was due, so that no start of the program
-- asks twice.
CREATE TABLE probe (
    site    TEXT NOT NULL REFERENCES site (id),
    slot    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    extra   INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    cause   TEXT NOT NULL,
    status  INTEGER NOT NULL,
    detail  TEXT NOT NULL,
    elapsed INTEGER NOT NULL,
    PRIMARY KEY (site, slot)
) STRICT;
CREATE INDEX probe_slot ON probe (slot);

-- A site's day: counts, and a mark for each of its 24 hours.
CREATE TABLE uptime_day (
    site    TEXT NOT NULL REFERENCES site (id),
    day     INTEGER NOT NULL,
    ok      INTEGER NOT NULL,
    failed  INTEGER NOT NULL,
    nodata  INTEGER NOT NULL,
    planned INTEGER NOT NULL,
    hours   TEXT NOT NULL,
    causes  TEXT NOT NULL,
    slowest INTEGER NOT NULL,
    total   INTEGER NOT NULL,
    PRIMARY KEY (site, day)
) STRICT;
CREATE INDEX uptime_day_day ON uptime_day (day);

-- A confirmed time in which a site was down; root is the site on which it hangs
-- and whose incident stands for this one.
CREATE TABLE incident (
    id        TEXT PRIMARY KEY,
    site      TEXT NOT NULL REFERENCES site (id),
    since     INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    ended_at  INTEGER NOT NULL,
    failures  INTEGER NOT NULL,
    cause     TEXT NOT NULL,
    status    INTEGER NOT NULL,
    detail    TEXT NOT NULL,
    root      TEXT NOT NULL
) STRICT;
CREATE INDEX incident_site ON incident (site, opened_at, id);
CREATE INDEX incident_open ON incident (site) WHERE ended_at = 0;

-- Announced times off line (临时下线).
CREATE TABLE offline (
    id      TEXT PRIMARY KEY,
    site    TEXT NOT NULL REFERENCES site (id),
    from_at INTEGER NOT NULL,
    to_at   INTEGER NOT NULL,
    why     TEXT NOT NULL,
    who     TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX offline_site ON offline (site, to_at);
CREATE INDEX offline_to ON offline (to_at);

-- What a person looked at on a site, for the rules no program can judge.
CREATE TABLE site_sheet (
    site  TEXT PRIMARY KEY REFERENCES site (id),
    sheet TEXT NOT NULL,
    who   TEXT NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

-- When the newest item of a site's home page came out, as the page was last read.
CREATE TABLE site_home (
    site    TEXT PRIMARY KEY REFERENCES site (id),
    told    INTEGER NOT NULL,
    latest  INTEGER NOT NULL,
    read_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE site_home;
DROP TABLE site_sheet;
DROP TABLE offline;
DROP TABLE incident;
DROP TABLE uptime_day;
DROP TABLE probe;
