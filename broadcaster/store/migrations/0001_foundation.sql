-- Times are milliseconds of UTC since 1970. Values that only our code looks into are JSON (column `body`).

PRAGMA application_id = 1111708500; -- 'BCST'

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is said.

CREATE TABLE incident (
  number INTEGER PRIMARY KEY,
  latest INTEGER NOT NULL DEFAULT 0  -- highest version accepted; 0 while only reserved
) STRICT;

CREATE TABLE alert (
  id INTEGER PRIMARY KEY,            -- order of acceptance
  identifier TEXT NOT NULL UNIQUE,
  incident INTEGER NOT NULL REFERENCES incident (number),
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  author TEXT NOT NULL,
  author_uid INTEGER,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  newest INTEGER NOT NULL DEFAULT 1 CHECK (newest IN (0, 1)),   -- of its incident
  open INTEGER NOT NULL DEFAULT 0,                              -- deliveries not yet at an end, kept by triggers
  body TEXT NOT NULL,
  prepared TEXT NOT NULL,
  UNIQUE (incident, version)
) STRICT;
CREATE INDEX alert_open ON alert (id) WHERE open > 0;
CREATE INDEX alert_expiry ON alert (expires_at);
CREATE UNIQUE INDEX alert_newest ON alert (incident) WHERE newest = 1;

CREATE TABLE client_key (
  key TEXT PRIMARY KEY,
  body_digest TEXT NOT NULL,
  alert INTEGER REFERENCES alert (id),
  submission INTEGER REFERENCES submission (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE submission (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'returned')),
  closed_by TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL
) STRICT;
CREATE INDEX submission_waiting ON submission (id) WHERE state = 'waiting';

CREATE TABLE approval (
  id INTEGER PRIMARY KEY,
  alert INTEGER NOT NULL REFERENCES alert (id),
  actor TEXT NOT NULL,
  uid INTEGER,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX approval_alert ON approval (alert);

CREATE TABLE message (
  alert INTEGER NOT NULL REFERENCES alert (id),
  channel TEXT NOT NULL,
  posts INTEGER NOT NULL,
  microusd INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (alert, channel)
) STRICT, WITHOUT ROWID;

-- What is owed.

CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  alert INTEGER NOT NULL REFERENCES alert (id),
  identifier TEXT NOT NULL,
  incident INTEGER NOT NULL REFERENCES incident (number),
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  grade INTEGER NOT NULL,
  reserved INTEGER NOT NULL CHECK (reserved IN (0, 1)),
  channel TEXT NOT NULL,
  target TEXT NOT NULL,
  key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN (
    'ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held', 'accepted', 'confirmed', 'failed',
    'superseded', 'expired', 'cancelled', 'closed_superseded', 'closed_expired')),
  attempt INTEGER NOT NULL DEFAULT 0,
  reads INTEGER NOT NULL DEFAULT 0,
  accepted_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  stale_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deadline INTEGER,
  lease INTEGER NOT NULL DEFAULT 0,      -- length of the lease in ms, to extend it by
  doubt_since INTEGER,
  epoch INTEGER NOT NULL DEFAULT 0,
  starts INTEGER NOT NULL DEFAULT 0,     -- starts in a row that found it `sending`
  started INTEGER NOT NULL DEFAULT 0 CHECK (started IN (0, 1)),
  ref TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  possible_duplicate INTEGER NOT NULL DEFAULT 0 CHECK (possible_duplicate IN (0, 1)),
  progress INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  UNIQUE (alert, channel, target)
) STRICT;
CREATE INDEX delivery_due ON delivery (channel, reserved, grade, due_at) WHERE state IN ('ready', 'retry_wait');
CREATE INDEX delivery_look ON delivery (channel, due_at) WHERE state = 'in_doubt';
-- Thirty read-backs take a day. A channel that cannot read back is due later than a day after its success.
CREATE INDEX delivery_readback ON delivery (channel, due_at)
  WHERE state = 'accepted' AND reads < 30 AND due_at < updated_at + 86400000;
CREATE INDEX delivery_expiry ON delivery (channel, expires_at)
  WHERE state IN ('ready', 'retry_wait', 'held', 'needs_human');
CREATE INDEX delivery_line ON delivery (incident, channel, target, version);
CREATE INDEX delivery_said ON delivery (channel, updated_at) WHERE started = 1;
-- At most one is under way per incident, channel and target (I4).
CREATE UNIQUE INDEX delivery_sending ON delivery (incident, channel, target) WHERE state = 'sending';

CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  delivery INTEGER NOT NULL REFERENCES delivery (id),
  channel TEXT NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  ref TEXT NOT NULL,
  posts INTEGER NOT NULL,
  microusd INTEGER NOT NULL,
  late INTEGER NOT NULL CHECK (late IN (0, 1))     -- its lease was lost before it was told
) STRICT;
CREATE INDEX attempt_delivery ON attempt (delivery);
CREATE INDEX attempt_spent ON attempt (channel, ended_at) WHERE posts > 0 OR microusd > 0;

-- Who or what decided about a delivery, and why. No doubt is resent without one (I5).
CREATE TABLE resolution (
  id INTEGER PRIMARY KEY,
  delivery INTEGER NOT NULL REFERENCES delivery (id),
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  verb TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;
CREATE INDEX resolution_delivery ON resolution (delivery);

CREATE TABLE lane (
  channel TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How many deliveries stand where, so that nobody counts a million rows.
CREATE TABLE standing (
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (channel, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER delivery_made AFTER INSERT ON delivery BEGIN
  INSERT INTO standing (channel, state, number) VALUES (new.channel, new.state, 1)
    ON CONFLICT (channel, state) DO UPDATE SET number = number + 1;
  UPDATE alert SET open = open + 1 WHERE id = new.alert;
END;

CREATE TRIGGER delivery_moved AFTER UPDATE OF state ON delivery WHEN new.state <> old.state BEGIN
  UPDATE standing SET number = number - 1 WHERE channel = old.channel AND state = old.state;
  INSERT INTO standing (channel, state, number) VALUES (new.channel, new.state, 1)
    ON CONFLICT (channel, state) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER delivery_ended AFTER UPDATE OF state ON delivery
WHEN (old.state IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held'))
  <> (new.state IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held'))
BEGIN
  UPDATE alert
  SET open = open + iif(new.state IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held'), 1, -1)
  WHERE id = new.alert;
END;

-- Who takes mail, and who got which.

CREATE TABLE subscriber (
  id INTEGER PRIMARY KEY,
  address TEXT NOT NULL COLLATE NOCASE UNIQUE,
  language TEXT NOT NULL,
  areas TEXT NOT NULL,        -- JSON; [] is everywhere
  categories TEXT NOT NULL,   -- JSON; [] is everything
  gravity INTEGER NOT NULL    -- place of the least severity wanted, gravest is 0
) STRICT;

-- One row per bulk delivery: how far its audience is written down, and its recipients by state.
CREATE TABLE ledger (
  delivery INTEGER PRIMARY KEY REFERENCES delivery (id),
  earlier INTEGER NOT NULL DEFAULT 0,      -- 1 once the incident's earlier recipients are all in
  after_delivery INTEGER NOT NULL DEFAULT 0,
  after_number INTEGER NOT NULL DEFAULT 0,
  after_subscriber INTEGER NOT NULL DEFAULT 0,
  expanded INTEGER NOT NULL DEFAULT 0,
  reach INTEGER NOT NULL DEFAULT 0,        -- how many it is expected to be, until expanded
  total INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0,
  started INTEGER NOT NULL DEFAULT 0,
  retry INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  in_doubt INTEGER NOT NULL DEFAULT 0,
  unknown INTEGER NOT NULL DEFAULT 0,
  possible_duplicates INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recipient (
  delivery INTEGER NOT NULL REFERENCES delivery (id),
  number INTEGER NOT NULL,
  address TEXT NOT NULL COLLATE NOCASE,
  language TEXT NOT NULL,
  token TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'started', 'retry', 'accepted', 'failed', 'in_doubt', 'unknown')),
  attempt INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER DEFAULT 0,      -- 0: at once; NULL: never by itself
  code TEXT NOT NULL DEFAULT '',
  possible_duplicate INTEGER NOT NULL DEFAULT 0 CHECK (possible_duplicate IN (0, 1)),
  PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX recipient_once ON recipient (delivery, address);
CREATE INDEX recipient_due ON recipient (delivery, due_at)
  WHERE state IN ('pending', 'retry', 'in_doubt') AND due_at IS NOT NULL;

-- The hash chain.

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  event TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- Where the chain ends, so that a missing tail is seen.
CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
