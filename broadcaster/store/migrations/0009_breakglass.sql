-- Countdowns after which a submission goes out without a second person, and the looks afterwards (docs/adr/0024).

CREATE TABLE breaking (
  id INTEGER PRIMARY KEY,
  submission INTEGER NOT NULL REFERENCES submission (id),
  actor TEXT NOT NULL,
  uid INTEGER,
  reason TEXT NOT NULL,
  digest TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  running INTEGER NOT NULL DEFAULT 1 CHECK (running IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX breaking_running ON breaking (submission) WHERE running = 1;

CREATE TABLE review (
  alert INTEGER PRIMARY KEY REFERENCES alert (id),
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT;
CREATE INDEX approval_broken ON approval (alert) WHERE by = 'break_glass';
