-- What was found out about each registered party when everything was looked at last. Times are epoch milliseconds.
CREATE TABLE party_check (
    party    TEXT NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    findings TEXT NOT NULL
) WITHOUT ROWID;
