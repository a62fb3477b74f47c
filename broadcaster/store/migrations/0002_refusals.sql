-- Addresses refused for good, delivery after delivery (docs/adr/0012). One accepted mail ends the row.

CREATE TABLE refusal (
  address TEXT PRIMARY KEY COLLATE NOCASE,
  times INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  code TEXT NOT NULL,
  suppressed_until INTEGER     -- NULL: still served
) STRICT, WITHOUT ROWID;

CREATE INDEX recipient_failed ON recipient (delivery) WHERE state = 'failed';
