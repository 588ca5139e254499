-- +goose Up
-- Times are Unix milliseconds, UTC. JSON is text: it is read in Go, never in SQL.

CREATE TABLE setting (
    key   text PRIMARY KEY,
    value text NOT NULL
);

-- Gap-free numbers. A row is locked from its update to the commit, so numbers
-- become visible in order, which a sequence does not promise.
CREATE TABLE counter (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO counter (name, value) VALUES ('event', 0), ('audit', 0), ('settings', 0), ('feed', 0);

CREATE TABLE unit (
    code       text PRIMARY KEY,
    name       text NOT NULL,
    level      text NOT NULL,
    parent     text NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX unit_parent ON unit (parent, code);
CREATE INDEX unit_level ON unit (level, code);

CREATE TABLE portal_column (
    slug     text PRIMARY KEY,
    name     text NOT NULL,
    position bigint NOT NULL,
    steps    text NOT NULL,
    closed   boolean NOT NULL
);

CREATE TABLE account (
    id            text PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    name          text NOT NULL,
    role          text NOT NULL,
    unit          text NOT NULL,
    password      text NOT NULL,
    disabled      boolean NOT NULL,
    must_change   boolean NOT NULL,
    sessions_from bigint NOT NULL,
    created_at    bigint NOT NULL,
    seen_at       bigint NOT NULL
);

-- Failed sign-ins per name as typed, whether or not there is such an account:
-- a lock must not tell which names exist.
CREATE TABLE lockout (
    login        text PRIMARY KEY,
    failures     bigint NOT NULL,
    failed_at    bigint NOT NULL,
    locked_until bigint NOT NULL
);
CREATE INDEX lockout_failed ON lockout (failed_at);

-- token is a digest: a copy of the database opens no session.
CREATE TABLE session (
    token   text PRIMARY KEY,
    data    bytea NOT NULL,
    expires bigint NOT NULL
);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE api_token (
    id         text PRIMARY KEY,
    hash       text NOT NULL UNIQUE,
    account    text NOT NULL REFERENCES account (id),
    name       text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at    bigint NOT NULL,
    revoked_at bigint NOT NULL
);
CREATE INDEX api_token_account ON api_token (account, created_at);

CREATE TABLE node (
    id         text PRIMARY KEY,
    unit       text NOT NULL REFERENCES unit (code),
    name       text NOT NULL,
    public_key text NOT NULL UNIQUE,
    state      text NOT NULL,
    reason     text NOT NULL,
    epoch      text NOT NULL,
    up_seq     bigint NOT NULL,
    down_seq   bigint NOT NULL,
    down_ack   bigint NOT NULL,
    program    text NOT NULL,
    skew       bigint NOT NULL,
    disk_free  bigint NOT NULL,
    queued     bigint NOT NULL,
    sent       bigint NOT NULL,
    files      bigint NOT NULL,
    oldest_at  bigint NOT NULL,
    seen_at    bigint NOT NULL,
    joined_at  bigint NOT NULL,
    revoked_at bigint NOT NULL,
    -- Which state of the county's settings the node was last told, by number and digest.
    settings      bigint NOT NULL,
    settings_hash text NOT NULL
);
CREATE INDEX node_unit ON node (unit, id);
CREATE INDEX node_revoked ON node (revoked_at);
CREATE INDEX node_settings ON node (state, settings);

CREATE TABLE invite (
    hash       text PRIMARY KEY,
    unit       text NOT NULL REFERENCES unit (code),
    created_by text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at    bigint NOT NULL,
    node       text NOT NULL
);
CREATE INDEX invite_created ON invite (created_at);

-- Every store a node has numbered its log in: one that was left behind never
-- comes back.
CREATE TABLE node_epoch (
    node  text NOT NULL,
    epoch text NOT NULL,
    at    bigint NOT NULL,
    PRIMARY KEY (node, epoch)
);

-- What each node has sent, without the bodies: digest and signature prove who
-- said what, and one position with two digests shows a cloned disk.
CREATE TABLE up_entry (
    node    text NOT NULL,
    epoch   text NOT NULL,
    seq     bigint NOT NULL,
    kind    text NOT NULL,
    hash    text NOT NULL,
    sig     bytea NOT NULL,
    outcome text NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (node, epoch, seq)
);

CREATE TABLE refusal (
    id      text PRIMARY KEY,
    node    text NOT NULL,
    epoch   text NOT NULL,
    seq     bigint NOT NULL,
    kind    text NOT NULL,
    item     text NOT NULL,
    revision bigint NOT NULL,
    code    text NOT NULL,
    field   text NOT NULL,
    message text NOT NULL,
    entry   bytea NOT NULL,
    at      bigint NOT NULL
);
CREATE INDEX refusal_node ON refusal (node, id);
CREATE INDEX refusal_item ON refusal (item) WHERE item <> '';
CREATE INDEX refusal_stray ON refusal (node, id) WHERE seq = 0;

CREATE TABLE down_entry (
    node  text NOT NULL,
    seq   bigint NOT NULL,
    epoch text NOT NULL,
    kind  text NOT NULL,
    body  text NOT NULL,
    hash  text NOT NULL,
    sig   bytea NOT NULL,
    at    bigint NOT NULL,
    PRIMARY KEY (node, seq)
);

CREATE TABLE item (
    id            text PRIMARY KEY,
    node          text NOT NULL,
    unit          text NOT NULL,
    origin        text NOT NULL,
    column_slug   text NOT NULL,
    title         text NOT NULL,
    author        text NOT NULL,
    source        text NOT NULL,
    revision      bigint NOT NULL,
    live_revision bigint NOT NULL,
    entry         text NOT NULL,
    state         text NOT NULL,
    step          bigint NOT NULL,
    due_role      text NOT NULL DEFAULT 'reviewer',
    flags         text NOT NULL,
    files         bigint NOT NULL,
    submitted_at  bigint NOT NULL,
    received_at   bigint NOT NULL,
    updated_at    bigint NOT NULL,
    claimed_by    text NOT NULL,
    claimed_until bigint NOT NULL
);
CREATE INDEX item_received ON item (received_at, id);
CREATE INDEX item_state ON item (state, received_at, id);
CREATE INDEX item_unit ON item (unit, received_at, id);
CREATE INDEX item_column ON item (column_slug, received_at, id);
-- What each role has to decide, oldest first. due_role is empty when nothing is due.
CREATE INDEX item_due ON item (due_role, received_at, id) WHERE due_role <> '';

-- The text as the node sent it. What readers see is cleaned on its way to the page.
CREATE TABLE revision (
    item         text NOT NULL REFERENCES item (id),
    revision     bigint NOT NULL,
    title        text NOT NULL,
    body         text NOT NULL,
    column_slug  text NOT NULL,
    author       text NOT NULL,
    source       text NOT NULL,
    reviewer     text NOT NULL,
    note         text NOT NULL,
    override     text NOT NULL,
    endorsed_by  text NOT NULL,
    attachments  text NOT NULL,
    flags        text NOT NULL,
    epoch        text NOT NULL,
    seq          bigint NOT NULL,
    submitted_at bigint NOT NULL,
    received_at  bigint NOT NULL,
    PRIMARY KEY (item, revision)
);

CREATE TABLE blob (
    sha256 text PRIMARY KEY,
    size   bigint NOT NULL,
    type   text NOT NULL,
    at     bigint NOT NULL
);

-- Who brought which file, and how far: digest is the state of the running SHA-256
-- over the first have bytes. A node is told "done" only for what it has sent itself.
CREATE TABLE blob_offer (
    node    text NOT NULL,
    sha256  text NOT NULL,
    size    bigint NOT NULL,
    have    bigint NOT NULL,
    digest  text NOT NULL,
    done    boolean NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (node, sha256)
);

CREATE TABLE decision (
    id       text PRIMARY KEY,
    item     text NOT NULL REFERENCES item (id),
    revision bigint NOT NULL,
    step     bigint NOT NULL,
    action   text NOT NULL,
    reason   text NOT NULL,
    fields   text NOT NULL,
    comment  text NOT NULL,
    override text NOT NULL,
    columns  text NOT NULL,
    role     text NOT NULL,
    account  text NOT NULL,
    name     text NOT NULL,
    at       bigint NOT NULL
);
CREATE INDEX decision_item ON decision (item, at, id);
CREATE INDEX decision_account ON decision (account, at);

-- A decision that has not left yet: it can be undone until due_at, then it is
-- carried out like any other. One per item.
CREATE TABLE held_decision (
    item    text PRIMARY KEY REFERENCES item (id),
    id      text NOT NULL UNIQUE,
    account text NOT NULL,
    act     text NOT NULL,
    at      bigint NOT NULL,
    due_at  bigint NOT NULL
);
CREATE INDEX held_decision_due ON held_decision (due_at);

CREATE TABLE adoption (
    id     text PRIMARY KEY,
    item   text NOT NULL REFERENCES item (id),
    outlet text NOT NULL,
    url    text NOT NULL,
    entry  text NOT NULL,
    at     bigint NOT NULL,
    account text NOT NULL
);
CREATE INDEX adoption_item ON adoption (item, at, id);

CREATE TABLE entry (
    id           text PRIMARY KEY,
    title        text NOT NULL,
    body         text NOT NULL,
    state        text NOT NULL,
    version      bigint NOT NULL,
    combined     boolean NOT NULL,
    credit       text NOT NULL,
    note         text NOT NULL,
    reason       text NOT NULL,
    published_at bigint NOT NULL,
    updated_at   bigint NOT NULL,
    withdrawn_at bigint NOT NULL
);
CREATE INDEX entry_state ON entry (state, updated_at, id);

CREATE TABLE entry_source (
    entry    text NOT NULL REFERENCES entry (id),
    item     text NOT NULL REFERENCES item (id),
    revision bigint NOT NULL,
    unit     text NOT NULL,
    origin   text NOT NULL,
    author   text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (entry, item)
);
CREATE INDEX entry_source_item ON entry_source (item);

-- Columns and units an entry is listed under; state and updated_at repeat the
-- entry's, so that a list of one column or unit reads one index only. An entry
-- that left a list keeps its row there in state 'gone': the list has changed.
CREATE TABLE entry_list (
    entry      text NOT NULL REFERENCES entry (id),
    kind       text NOT NULL,
    key        text NOT NULL,
    state      text NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (entry, kind, key)
);
CREATE INDEX entry_list_state ON entry_list (kind, key, state, updated_at, entry);

CREATE TABLE entry_file (
    entry    text NOT NULL REFERENCES entry (id),
    sha256   text NOT NULL,
    name     text NOT NULL,
    type     text NOT NULL,
    size     bigint NOT NULL,
    alt      text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (entry, position)
);
CREATE INDEX entry_file_sha256 ON entry_file (sha256);

CREATE TABLE event (
    seq   bigint PRIMARY KEY,
    at    bigint NOT NULL,
    kind  text NOT NULL,
    ref   text NOT NULL,
    data  text NOT NULL
);

CREATE TABLE audit (
    seq    bigint PRIMARY KEY,
    at     bigint NOT NULL,
    actor  text NOT NULL,
    act    text NOT NULL,
    ref    text NOT NULL,
    detail text NOT NULL
);

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
