-- An invitation to the pages about trust, good for one sign-in. Who it is for stands here for whoever lists invitations; what
-- counts is sealed by the secret of its link. Times are epoch milliseconds.
CREATE TABLE invitation (
    id      BLOB NOT NULL PRIMARY KEY,
    sees    TEXT NOT NULL,
    made    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER,
    sealed  BLOB NOT NULL
) WITHOUT ROWID;

-- Somebody who is signed in to the pages about trust. What they may see is sealed by a secret that only the browser has.
CREATE TABLE console_session (
    id         BLOB NOT NULL PRIMARY KEY,
    invitation BLOB,
    idle       INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    sealed     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX console_session_expires ON console_session (expires);

-- That users of an authority were let in to a fagsystem: one row each, however many logins.
CREATE TABLE adoption (
    authority   TEXT NOT NULL,
    fagsystem   TEXT NOT NULL,
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    logins      INTEGER NOT NULL,
    with_rights INTEGER NOT NULL,
    nist        INTEGER NOT NULL,
    nsis        INTEGER NOT NULL,
    PRIMARY KEY (authority, fagsystem)
) WITHOUT ROWID;

-- That our metadata was fetched from the address that was given to an authority.
CREATE TABLE metadata_fetched (
    authority TEXT NOT NULL PRIMARY KEY,
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL
) WITHOUT ROWID;

-- What a run that has ended looked at, without what it saw: small enough to be read for everybody at once.
ALTER TABLE trust_run ADD COLUMN tried TEXT;
