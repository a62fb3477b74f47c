-- Rules that may speak without a person (docs/adr/0029): by whose word, and what they have said.

CREATE TABLE consent (
  rule TEXT PRIMARY KEY,
  digest TEXT NOT NULL,              -- of rule, template and guards, as both were shown them
  first TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  second TEXT,
  second_at INTEGER
) STRICT, WITHOUT ROWID;

-- The stop switch: a row while it is pulled.
CREATE TABLE automatic_stop (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  why TEXT NOT NULL
) STRICT;

-- The key is the event: it is spoken of once, whichever rule was first.
CREATE TABLE spoken (
  key TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  alert TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spoken_at ON spoken (at);
