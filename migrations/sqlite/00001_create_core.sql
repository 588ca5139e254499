-- +goose Up
-- Times are Unix milliseconds, UTC. JSON is text: it is read in Go, never in SQL.

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Gap-free numbers. A row is locked from its update to the commit, so numbers
-- become visible in order, which a sequence does not promise.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counter (name, value) VALUES ('event', 0), ('audit', 0), ('settings', 0), ('feed', 0);

CREATE TABLE unit (
    code       TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    level      TEXT NOT NULL,
    parent     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX unit_parent ON unit (parent, code);
CREATE INDEX unit_level ON unit (level, code);

CREATE TABLE portal_column (
    slug     TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    position INTEGER NOT NULL,
    steps    TEXT NOT NULL,
    closed   INTEGER NOT NULL CHECK (closed IN (0, 1))
) STRICT;

CREATE TABLE account (
    id            TEXT PRIMARY KEY,
    login         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    unit          TEXT NOT NULL,
    password      TEXT NOT NULL,
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    must_change   INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    sessions_from INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL
) STRICT;

-- Failed sign-ins per name as typed, whether or not there is such an account:
-- a lock must not tell which names exist.
CREATE TABLE lockout (
    login        TEXT PRIMARY KEY,
    failures     INTEGER NOT NULL,
    failed_at    INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX lockout_failed ON lockout (failed_at);

-- token is a digest: a copy of the database opens no session.
CREATE TABLE session (
    token   TEXT PRIMARY KEY,
    data    BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX session_expires ON session (expires);

CREATE TABLE api_token (
    id         TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_token_account ON api_token (account, created_at);

CREATE TABLE node (
    id         TEXT PRIMARY KEY,
    unit       TEXT NOT NULL REFERENCES unit (code),
    name       TEXT NOT NULL,
    public_key TEXT NOT NULL UNIQUE,
    state      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    epoch      TEXT NOT NULL,
    up_seq     INTEGER NOT NULL,
    down_seq   INTEGER NOT NULL,
    down_ack   INTEGER NOT NULL,
    program    TEXT NOT NULL,
    skew       INTEGER NOT NULL,
    disk_free  INTEGER NOT NULL,
    queued     INTEGER NOT NULL,
    sent       INTEGER NOT NULL,
    files      INTEGER NOT NULL,
    oldest_at  INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    joined_at  INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    -- Which state of the county's settings the node was last told, by number and digest.
    settings      INTEGER NOT NULL,
    settings_hash TEXT NOT NULL
) STRICT;
CREATE INDEX node_unit ON node (unit, id);
CREATE INDEX node_revoked ON node (revoked_at);
CREATE INDEX node_settings ON node (state, settings);

CREATE TABLE invite (
    hash       TEXT PRIMARY KEY,
    unit       TEXT NOT NULL REFERENCES unit (code),
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    node       TEXT NOT NULL
) STRICT;
CREATE INDEX invite_created ON invite (created_at);

-- Every store a node has numbered its log in: one that was left behind never
-- comes back.
CREATE TABLE node_epoch (
    node  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (node, epoch)
) STRICT;

-- What each node has sent, without the bodies: digest and signature prove who
-- said what, and one position with two digests shows a cloned disk.
CREATE TABLE up_entry (
    node    TEXT NOT NULL,
    epoch   TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    hash    TEXT NOT NULL,
    sig     BLOB NOT NULL,
    outcome TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (node, epoch, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE refusal (
    id      TEXT PRIMARY KEY,
    node    TEXT NOT NULL,
    epoch   TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    item     TEXT NOT NULL,
    revision INTEGER NOT NULL,
    code    TEXT NOT NULL,
    field   TEXT NOT NULL,
    message TEXT NOT NULL,
    entry   BLOB NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX refusal_node ON refusal (node, id);
CREATE INDEX refusal_item ON refusal (item) WHERE item <> '';
CREATE INDEX refusal_stray ON refusal (node, id) WHERE seq = 0;

CREATE TABLE down_entry (
    node  TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    kind  TEXT NOT NULL,
    body  TEXT NOT NULL,
    hash  TEXT NOT NULL,
    sig   BLOB NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (node, seq)
) STRICT;

CREATE TABLE item (
    id            TEXT PRIMARY KEY,
    node          TEXT NOT NULL,
    unit          TEXT NOT NULL,
    origin        TEXT NOT NULL,
    column_slug   TEXT NOT NULL,
    title         TEXT NOT NULL,
    author        TEXT NOT NULL,
    source        TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    live_revision INTEGER NOT NULL,
    entry         TEXT NOT NULL,
    state         TEXT NOT NULL,
    step          INTEGER NOT NULL,
    due_role      TEXT NOT NULL DEFAULT 'reviewer',
    flags         TEXT NOT NULL,
    files         INTEGER NOT NULL,
    submitted_at  INTEGER NOT NULL,
    received_at   INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    claimed_by    TEXT NOT NULL,
    claimed_until INTEGER NOT NULL
) STRICT;
CREATE INDEX item_received ON item (received_at, id);
CREATE INDEX item_state ON item (state, received_at, id);
CREATE INDEX item_unit ON item (unit, received_at, id);
CREATE INDEX item_column ON item (column_slug, received_at, id);
-- What each role has to decide, oldest first. due_role is empty when nothing is due.
CREATE INDEX item_due ON item (due_role, received_at, id) WHERE due_role <> '';

-- The text as the node sent it. What readers see is cleaned on its way to the page.
CREATE TABLE revision (
    item         TEXT NOT NULL REFERENCES item (id),
    revision     INTEGER NOT NULL,
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    column_slug  TEXT NOT NULL,
    author       TEXT NOT NULL,
    source       TEXT NOT NULL,
    reviewer     TEXT NOT NULL,
    note         TEXT NOT NULL,
    override     TEXT NOT NULL,
    endorsed_by  TEXT NOT NULL,
    attachments  TEXT NOT NULL,
    flags        TEXT NOT NULL,
    epoch        TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    PRIMARY KEY (item, revision)
) STRICT;

CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    size   INTEGER NOT NULL,
    type   TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- Who brought which file, and how far: digest is the state of the running SHA-256
-- over the first have bytes. A node is told "done" only for what it has sent itself.
CREATE TABLE blob_offer (
    node    TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    size    INTEGER NOT NULL,
    have    INTEGER NOT NULL,
    digest  TEXT NOT NULL,
    done    INTEGER NOT NULL CHECK (done IN (0, 1)),
    at      INTEGER NOT NULL,
    PRIMARY KEY (node, sha256)
) STRICT;

CREATE TABLE decision (
    id       TEXT PRIMARY KEY,
    item     TEXT NOT NULL REFERENCES item (id),
    revision INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    action   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    fields   TEXT NOT NULL,
    comment  TEXT NOT NULL,
    override TEXT NOT NULL,
    columns  TEXT NOT NULL,
    role     TEXT NOT NULL,
    account  TEXT NOT NULL,
    name     TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX decision_item ON decision (item, at, id);
CREATE INDEX decision_account ON decision (account, at);

-- A decision that has not left yet: it can be undone until due_at, then it is
-- carried out like any other. One per item.
CREATE TABLE held_decision (
    item    TEXT PRIMARY KEY REFERENCES item (id),
    id      TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    act     TEXT NOT NULL,
    at      INTEGER NOT NULL,
    due_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX held_decision_due ON held_decision (due_at);

CREATE TABLE adoption (
    id     TEXT PRIMARY KEY,
    item   TEXT NOT NULL REFERENCES item (id),
    outlet TEXT NOT NULL,
    url    TEXT NOT NULL,
    entry  TEXT NOT NULL,
    at     INTEGER NOT NULL,
    account TEXT NOT NULL
) STRICT;
CREATE INDEX adoption_item ON adoption (item, at, id);

CREATE TABLE entry (
    id           TEXT PRIMARY KEY,
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    state        TEXT NOT NULL,
    version      INTEGER NOT NULL,
    combined     INTEGER NOT NULL CHECK (combined IN (0, 1)),
    credit       TEXT NOT NULL,
    note         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL
) STRICT;
CREATE INDEX entry_state ON entry (state, updated_at, id);

CREATE TABLE entry_source (
    entry    TEXT NOT NULL REFERENCES entry (id),
    item     TEXT NOT NULL REFERENCES item (id),
    revision INTEGER NOT NULL,
    unit     TEXT NOT NULL,
    origin   TEXT NOT NULL,
    author   TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (entry, item)
) STRICT;
CREATE INDEX entry_source_item ON entry_source (item);

-- Columns and units an entry is listed under; state and updated_at repeat the
-- entry's, so that a list of one column or unit reads one index only. An entry
-- that left a list keeps its row there in state 'gone': the list has changed.
CREATE TABLE entry_list (
    entry      TEXT NOT NULL REFERENCES entry (id),
    kind       TEXT NOT NULL,
    key        TEXT NOT NULL,
    state      TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (entry, kind, key)
) STRICT;
CREATE INDEX entry_list_state ON entry_list (kind, key, state, updated_at, entry);

CREATE TABLE entry_file (
    entry    TEXT NOT NULL REFERENCES entry (id),
    sha256   TEXT NOT NULL,
    name     TEXT NOT NULL,
    type     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    alt      TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (entry, position)
) STRICT;
CREATE INDEX entry_file_sha256 ON entry_file (sha256);

CREATE TABLE event (
    seq   INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    ref   TEXT NOT NULL,
    data  TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    act    TEXT NOT NULL,
    ref    TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE audit;
DROP TABLE event;
DROP TABLE entry_file;
DROP TABLE entry_list;
DROP TABLE entry_source;
DROP TABLE entry;
DROP TABLE adoption;
DROP TABLE held_decision;
DROP TABLE decision;
DROP TABLE blob_offer;
DROP TABLE blob;
DROP TABLE revision;
DROP TABLE item;
DROP TABLE down_entry;
DROP TABLE refusal;
DROP TABLE up_entry;
DROP TABLE node_epoch;
DROP TABLE invite;
DROP TABLE node;
DROP TABLE api_token;
DROP TABLE session;
DROP TABLE lockout;
DROP TABLE account;
DROP TABLE portal_column;
DROP TABLE unit;
DROP TABLE counter;
DROP TABLE setting;
