-- A user's single sign-on at one municipality, in one browser. What it remembers of the login is sealed by a secret that
-- only the browser has; the rest is what others need to end it. Times are epoch milliseconds.
DROP TABLE session;
CREATE TABLE session (
    id      BLOB NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL,
    idle    INTEGER NOT NULL,
    content TEXT NOT NULL,
    sealed  BLOB NOT NULL
);
CREATE INDEX session_expires ON session (expires);

-- Sessions by the name of the user at each identity provider: `name` is a digest. They go with their session.
CREATE TABLE session_name (
    name    BLOB NOT NULL,
    session BLOB NOT NULL,
    PRIMARY KEY (name, session)
) WITHOUT ROWID;

-- A fagsystem that the user was logged in to within a session. They go with their session.
CREATE TABLE participant (
    id      BLOB NOT NULL PRIMARY KEY,
    session BLOB NOT NULL,
    content TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX participant_session ON participant (session);

-- What a participant may exchange for tokens, sealed by a secret that only the participant has.
CREATE TABLE voucher (
    id          BLOB NOT NULL PRIMARY KEY,
    participant BLOB NOT NULL,
    expires     INTEGER NOT NULL,
    spent       INTEGER NOT NULL,
    sealed      BLOB NOT NULL
);
CREATE INDEX voucher_participant ON voucher (participant);
CREATE INDEX voucher_expires ON voucher (expires);

-- A session that is over, and who has heard of it. `next` is when a leg is told again.
CREATE TABLE logout (
    id      BLOB NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL,
    content TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX logout_expires ON logout (expires);
CREATE TABLE logout_leg (
    logout  BLOB NOT NULL,
    number  INTEGER NOT NULL,
    next    INTEGER,
    content TEXT NOT NULL,
    PRIMARY KEY (logout, number)
) WITHOUT ROWID;
CREATE INDEX logout_leg_next ON logout_leg (next) WHERE next IS NOT NULL;

-- Browsers that were logged out: what was begun in them before makes no session.
CREATE TABLE logged_out (
    browser BLOB NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX logged_out_expires ON logged_out (expires);
