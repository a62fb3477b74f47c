-- What watched feeds have said (docs/adr/0019), so that a restart drafts nothing again.

CREATE TABLE feed (
  name TEXT PRIMARY KEY,
  etag TEXT NOT NULL DEFAULT '',
  last_modified TEXT NOT NULL DEFAULT '',
  read_at INTEGER,              -- when it was read last without trouble
  newest_at INTEGER,            -- its newest document
  trouble TEXT NOT NULL DEFAULT '',
  params TEXT NOT NULL DEFAULT '{}',
  since INTEGER
) STRICT;

CREATE TABLE feed_entry (
  feed TEXT NOT NULL,
  identifier TEXT NOT NULL,
  digest TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (feed, identifier)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_entry_seen ON feed_entry (seen_at);

CREATE TABLE subject (
  watch TEXT NOT NULL,
  key TEXT NOT NULL,
  serial INTEGER NOT NULL,
  reported_at INTEGER NOT NULL,
  said TEXT NOT NULL,
  draft INTEGER REFERENCES draft (id),
  link TEXT NOT NULL,
  PRIMARY KEY (watch, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_note (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  feed TEXT NOT NULL,
  watch TEXT NOT NULL,
  step TEXT NOT NULL,
  text TEXT NOT NULL,
  link TEXT NOT NULL
) STRICT;
CREATE INDEX feed_note_at ON feed_note (at);
