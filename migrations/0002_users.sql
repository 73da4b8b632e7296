-- Users whose rights and claims are kept here. `content` is JSON; times are epoch milliseconds.
CREATE TABLE known_user (
    authority TEXT NOT NULL,
    id        TEXT NOT NULL,
    modified  INTEGER NOT NULL,
    content   TEXT NOT NULL,
    PRIMARY KEY (authority, id)
) WITHOUT ROWID;
