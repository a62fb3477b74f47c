-- The name a client gives a new draft before it is kept: asked again after a lost answer, it is still one draft.
ALTER TABLE draft ADD COLUMN key TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX draft_key ON draft (key) WHERE key <> '';
