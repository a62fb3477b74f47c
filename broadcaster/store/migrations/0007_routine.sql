-- Announcements by the calendar (docs/adr/0018). A plan speaks while `approved` is its `digest`.

CREATE TABLE plan (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  digest TEXT NOT NULL,
  author TEXT NOT NULL,
  author_uid INTEGER,
  at INTEGER NOT NULL,
  file TEXT NOT NULL,                -- the file it came from; empty: an officer put it in
  approved TEXT NOT NULL DEFAULT '', -- the digest an approver saw
  approver TEXT NOT NULL DEFAULT '',
  approver_uid INTEGER,
  approved_at INTEGER,
  retired INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1))
) STRICT, WITHOUT ROWID;

-- What came of each time a plan came round: the key is what keeps two services from saying it twice.
CREATE TABLE occurrence (
  plan TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  part TEXT NOT NULL CHECK (part IN ('announce', 'lift')),
  state TEXT NOT NULL CHECK (state IN ('planned', 'released', 'held', 'suspended', 'failed', 'sent', 'skipped')),
  until_at INTEGER NOT NULL,         -- from then on nothing is said any more
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  of TEXT NOT NULL,                  -- the alert it became; of a lift that has not gone: the alert it will end
  by TEXT NOT NULL,
  PRIMARY KEY (plan, due_at, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX occurrence_open ON occurrence (due_at) WHERE state NOT IN ('sent', 'skipped');
CREATE INDEX occurrence_due ON occurrence (due_at);
