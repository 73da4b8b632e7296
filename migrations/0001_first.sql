-- The register as the files that `apply` took, so that `export` gives them back unchanged.
CREATE TABLE registry_file (
    path    TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
);

-- One row: rises with every change of the register or of fetched metadata, so that a running broker notices.
CREATE TABLE registry_version (
    version INTEGER NOT NULL
);
INSERT INTO registry_version (version) VALUES (0);

-- The last good metadata of the parties whose metadata is fetched.
CREATE TABLE fetched_metadata (
    entity_id  TEXT NOT NULL PRIMARY KEY,
    content    BLOB NOT NULL,
    fetched_at INTEGER NOT NULL
);

-- What has been used and may not be used again. `mark` is a digest of kind, issuer and id; times are epoch milliseconds.
CREATE TABLE used (
    mark    BLOB NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_expires ON used (expires);

-- Ids of logins and sessions are 16 bytes and begin with the time, so that new ones stand side by side.
CREATE TABLE session (
    id      BLOB NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL,
    content TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires);

-- The exchange log. `message` is the ID of the message in or out; the rest of the record stands in `content`.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    login   BLOB NOT NULL,
    message TEXT,
    content TEXT NOT NULL
);
CREATE INDEX audit_login ON audit (login);
CREATE INDEX audit_message ON audit (message);

-- Keys that seal pending logins. The youngest seals; older ones open until no login can still carry them.
CREATE TABLE seal_key (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    created INTEGER NOT NULL,
    secret  BLOB NOT NULL
);
