-- Test messages: whether each channel and each public address still speaks (docs/adr/0028).

-- All of them belong to one incident, whose number no other can get.
INSERT INTO incident (number, latest) VALUES (0, 0);

CREATE TABLE sounding (
  due_at INTEGER PRIMARY KEY,        -- the key is what keeps two services from testing twice
  until_at INTEGER NOT NULL,
  shown_from INTEGER,                -- since when the page announces it; NULL: it does not
  state TEXT NOT NULL CHECK (state IN ('planned', 'said', 'over', 'skipped')),
  at INTEGER NOT NULL,
  alert TEXT NOT NULL,
  reason TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX sounding_open ON sounding (due_at) WHERE state IN ('planned', 'said');
CREATE INDEX sounding_shown ON sounding (until_at) WHERE shown_from IS NOT NULL;

CREATE TABLE pulse (
  organ TEXT NOT NULL CHECK (organ IN ('channel', 'address')),
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (organ, name)
) STRICT, WITHOUT ROWID;
