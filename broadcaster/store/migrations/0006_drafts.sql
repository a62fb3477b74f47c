-- Sheets being filled (docs/adr/0015). Never deleted: a follow-up is pre-filled from what its alert was made from.

CREATE TABLE draft (
  id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL DEFAULT 1,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'used', 'dropped')),
  title TEXT NOT NULL,
  author TEXT NOT NULL,        -- as JSON, like the editors: name and user id
  editors TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  body TEXT NOT NULL,
  alert TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX draft_open ON draft (updated_at) WHERE state = 'open';
CREATE INDEX draft_alert ON draft (alert) WHERE state = 'used';
