-- +goose Up
-- Times are Unix milliseconds, UTC. JSON is TEXT: it is read in Go, never in SQL.
-- Big texts live in tables of their own, so that moving a cursor or a state
-- rewrites small rows only.

-- The one row that says who this node is and how far the two logs are.
CREATE TABLE station (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    node         TEXT NOT NULL, -- empty until the node has joined
    unit         TEXT NOT NULL,
    unit_name    TEXT NOT NULL,
    name         TEXT NOT NULL,
    epoch        TEXT NOT NULL,
    hub_url      TEXT NOT NULL,
    hub_key      TEXT NOT NULL,
    nats         TEXT NOT NULL,
    joined_at    INTEGER NOT NULL,
    sent         INTEGER NOT NULL, -- the broker has everything through here
    confirmed    INTEGER NOT NULL, -- the hub has everything through here
    pruned       INTEGER NOT NULL, -- bodies of the up log are gone through here
    hub_epoch    TEXT NOT NULL,
    down         INTEGER NOT NULL, -- applied through here
    resync       INTEGER NOT NULL CHECK (resync IN (0, 1)), -- hub epoch changed, nothing applied since
    settings_rev INTEGER NOT NULL, -- grows when what follows changes
    settings     TEXT NOT NULL,
    line         TEXT NOT NULL
) STRICT;
INSERT INTO station VALUES (1, '', '', '', '', '', '', '', '[]', 0, 0, 0, 0, '', 0, 0, 0, '', '');

-- The up log: exactly what is sent, and beside it what was typed where the body
-- does not say it. One row holds both: a submit costs what it writes in pages.
CREATE TABLE up_entry (
    seq      INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    hash     TEXT NOT NULL,
    sig      BLOB NOT NULL,
    ref      TEXT NOT NULL,    -- item or finding
    revision INTEGER NOT NULL, -- of the item
    by       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    format   TEXT NOT NULL,    -- in which the body was typed: text or html
    typed    TEXT NOT NULL,    -- JSON of what was typed; empty when the body says it
    body     BLOB NOT NULL     -- empty when the retention has passed
) STRICT;

-- The down log as it came, so that a hub that lost its disk can read its
-- decisions back from here.
CREATE TABLE down_entry (
    epoch TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    hash  TEXT NOT NULL,
    sig   BLOB NOT NULL,
    at    INTEGER NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT;
CREATE INDEX down_entry_receipt ON down_entry (at) WHERE kind = 'receipt';

CREATE TABLE receipt (
    through INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL
) STRICT;

-- n is the order of lists: it never depends on a clock.
CREATE TABLE item (
    n             INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    village       TEXT NOT NULL, -- code of the village it came from, or empty
    column_slug   TEXT NOT NULL,
    title         TEXT NOT NULL,
    author        TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL, -- grows with each change made here
    stage         TEXT NOT NULL,    -- draft, awaiting, out
    comment       TEXT NOT NULL,    -- the township's word when it sent the item back
    revision      INTEGER NOT NULL, -- last one handed in, 0 for none
    seq           INTEGER NOT NULL, -- its place in the up log
    withdraw_seq  INTEGER NOT NULL, -- place of a withdrawal on its way, or 0
    state         TEXT NOT NULL,    -- what the hub said about that revision, empty before its receipt
    status        INTEGER NOT NULL, -- step with the hub's last word, or 0
    live_revision INTEGER NOT NULL, -- the one on the portal, 0 for none
    url           TEXT NOT NULL
) STRICT;
CREATE INDEX item_stage ON item (stage, n) WHERE stage <> 'out';
CREATE INDEX item_state ON item (state, n) WHERE state <> '';
CREATE INDEX item_village ON item (village, n) WHERE village <> '';

-- The text being worked on. Handing it in turns it into a revision.
CREATE TABLE draft (
    item TEXT PRIMARY KEY REFERENCES item (id),
    text TEXT NOT NULL
) STRICT;

-- The story of each item in the order it was learnt: what people here did, and
-- what the hub said, also of items not known here. A word of the hub that comes
-- again, after the hub was restored, keeps its place.
CREATE TABLE step (
    item     TEXT NOT NULL,
    n        INTEGER NOT NULL, -- 1, 2, 3 … per item
    revision INTEGER NOT NULL,
    act      TEXT NOT NULL,
    by       TEXT NOT NULL,
    text     TEXT NOT NULL,
    seq      INTEGER NOT NULL, -- up entry it made, or 0
    at       INTEGER NOT NULL,
    hash     TEXT NOT NULL,    -- of a word of the hub, else empty
    status   TEXT NOT NULL,    -- JSON of it
    PRIMARY KEY (item, n)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX step_hash ON step (item, hash) WHERE hash <> '';

-- Entries of the up log the hub can never apply.
CREATE TABLE refusal (
    seq  INTEGER PRIMARY KEY, -- of the up entry
    kind TEXT NOT NULL,
    ref  TEXT NOT NULL,
    body TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE TABLE finding (
    id         TEXT PRIMARY KEY,
    n          INTEGER NOT NULL UNIQUE, -- order of the last word on it
    open       INTEGER NOT NULL CHECK (open IN (0, 1)),
    state      TEXT NOT NULL,
    item       TEXT NOT NULL,
    body       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    answer_seq INTEGER NOT NULL, -- up entry of the last answer, or 0
    answer     TEXT NOT NULL,    -- JSON of it, or empty
    refusal    TEXT NOT NULL     -- why the hub did not take it, or empty
) STRICT;
CREATE INDEX finding_open ON finding (open, n);

CREATE TABLE notice (
    n       INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    body    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    read_at INTEGER NOT NULL
) STRICT;

-- Attached files; the bytes are in the blobs folder. wanted is the up entry
-- that first named the file, 0 while only drafts do.
CREATE TABLE file (
    sha256  TEXT PRIMARY KEY,
    size    INTEGER NOT NULL,
    type    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    wanted  INTEGER NOT NULL,
    have    INTEGER NOT NULL, -- bytes the hub has
    done    INTEGER NOT NULL CHECK (done IN (0, 1)),
    tries   INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    error   TEXT NOT NULL
) STRICT;
CREATE INDEX file_waiting ON file (wanted) WHERE done = 0 AND wanted > 0;

-- Which item uses which file.
CREATE TABLE item_file (
    item   TEXT NOT NULL REFERENCES item (id),
    sha256 TEXT NOT NULL,
    PRIMARY KEY (item, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_file_sha256 ON item_file (sha256);

-- Keys that make a repeated request one request.
CREATE TABLE once (
    key  TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX once_at ON once (at);

CREATE TABLE account (
    id           TEXT PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    village      TEXT NOT NULL,
    password     TEXT NOT NULL,
    generation   INTEGER NOT NULL, -- grows when sessions must end
    disabled     INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    must_change  INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    failures     INTEGER NOT NULL,
    failed_at    INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    token   TEXT PRIMARY KEY,
    data    BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX session_expires ON session (expires);

CREATE TABLE api_token (
    hash       TEXT PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE api_token;
DROP TABLE session;
DROP TABLE account;
DROP TABLE once;
DROP TABLE item_file;
DROP TABLE file;
DROP TABLE notice;
DROP TABLE finding;
DROP TABLE refusal;
DROP TABLE step;
DROP TABLE draft;
DROP TABLE item;
DROP TABLE receipt;
DROP TABLE down_entry;
DROP TABLE up_entry;
DROP TABLE station;
