-- What each delivery touches is kept small.

-- How many of an alert's deliveries are not yet at an end, beside the alert: in its row, which holds its whole text, a
-- delivery that began or ended had all of that written anew.

DROP TRIGGER delivery_made;
DROP TRIGGER delivery_ended;
DROP INDEX alert_open;

CREATE TABLE owing (
  alert INTEGER PRIMARY KEY REFERENCES alert (id),
  number INTEGER NOT NULL CHECK (number >= 0)
) STRICT;
INSERT INTO owing (alert, number) SELECT id, open FROM alert WHERE open > 0;
ALTER TABLE alert DROP COLUMN open;

CREATE TRIGGER delivery_made AFTER INSERT ON delivery BEGIN
  INSERT INTO standing (channel, state, number) VALUES (new.channel, new.state, 1)
    ON CONFLICT (channel, state) DO UPDATE SET number = number + 1;
  INSERT INTO owing (alert, number) VALUES (new.alert, 1)
    ON CONFLICT (alert) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER delivery_ended AFTER UPDATE OF state ON delivery
WHEN old.state IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held')
  AND new.state NOT IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held')
BEGIN
  UPDATE owing SET number = number - 1 WHERE alert = new.alert;
  DELETE FROM owing WHERE alert = new.alert AND number = 0;
END;

CREATE TRIGGER delivery_taken_up AFTER UPDATE OF state ON delivery
WHEN old.state NOT IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held')
  AND new.state IN ('ready', 'sending', 'retry_wait', 'in_doubt', 'needs_human', 'held')
BEGIN
  INSERT INTO owing (alert, number) VALUES (new.alert, 1)
    ON CONFLICT (alert) DO UPDATE SET number = number + 1;
END;

-- The moment of reaching is written with the state, not after it.
DROP TRIGGER delivery_reached;

-- Long texts in a table with a rowid: without one they are part of the key's own tree, and each comparison reads them.
CREATE TABLE text (
  alert INTEGER NOT NULL REFERENCES alert (id),
  channel TEXT NOT NULL,
  posts INTEGER NOT NULL,
  microusd INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (alert, channel)
) STRICT;
INSERT INTO text (alert, channel, posts, microusd, body) SELECT alert, channel, posts, microusd, body FROM message;
DROP TABLE message;
ALTER TABLE text RENAME TO message;
