-- Persons, their sessions, and the programs that act for them (docs/adr/0014). Secrets are here as hashes only.

CREATE TABLE officer (
  name TEXT PRIMARY KEY,
  display TEXT NOT NULL,
  roles TEXT NOT NULL,                       -- JSON
  second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)),
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  passphrase TEXT NOT NULL DEFAULT '',       -- argon2id; '' until enrolled
  seed TEXT NOT NULL,                        -- the second factor comes from it and the instance's key file
  step INTEGER NOT NULL DEFAULT 0,           -- of the last code taken
  ticket TEXT NOT NULL DEFAULT '',           -- SHA-256 of the code of enrolment; '' once used
  ticket_until INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,       -- wrong tries in a row
  paused_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE officer_session (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  officer TEXT NOT NULL REFERENCES officer (name),
  began_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  ended_at INTEGER                           -- NULL: nobody has ended it
) STRICT;
CREATE INDEX officer_session_open ON officer_session (officer) WHERE ended_at IS NULL;

CREATE TABLE machine_token (
  name TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  officer TEXT NOT NULL REFERENCES officer (name),
  scopes TEXT NOT NULL,                      -- JSON
  uid INTEGER,                               -- the only Unix user it works for; NULL: any
  made_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- What one admin has asked for and a second has to agree to.
CREATE TABLE officer_change (
  id INTEGER PRIMARY KEY,
  verb TEXT NOT NULL,
  officer TEXT NOT NULL,
  body TEXT NOT NULL,
  by TEXT NOT NULL,
  by_uid INTEGER,
  at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed', 'refused')),
  closed_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX officer_change_pending ON officer_change (id) WHERE state = 'pending';
