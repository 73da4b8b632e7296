-- A trust run: ordered by somebody who may, begun by whoever holds the link, ended with a report that is masked. What was
-- ordered is sealed by the secret of the link. Times are epoch milliseconds.
CREATE TABLE trust_run (
    id        BLOB NOT NULL PRIMARY KEY,
    authority TEXT NOT NULL,
    idp       TEXT NOT NULL,
    scenario  TEXT NOT NULL,
    ordered   INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    sealed    BLOB NOT NULL,
    finished  INTEGER,
    verdict   TEXT,
    report    TEXT
);
CREATE INDEX trust_run_of ON trust_run (authority, ordered);
CREATE INDEX trust_run_expires ON trust_run (expires);
