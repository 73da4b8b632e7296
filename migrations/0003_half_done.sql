-- Logins whose first leg is done: what it proved, sealed, until the answer to the second question takes it.
CREATE TABLE half_done (
    question TEXT NOT NULL PRIMARY KEY,
    expires  INTEGER NOT NULL,
    content  TEXT NOT NULL
) WITHOUT ROWID;
