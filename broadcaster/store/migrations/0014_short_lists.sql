-- A list of more than two is looked up in a table that SQLite makes for each evaluation; seven of them were half of what a
-- delivery's change cost. In pairs they are compared.

DROP INDEX delivery_expiry;
CREATE INDEX delivery_expiry ON delivery (channel, expires_at)
  WHERE state IN ('ready', 'retry_wait') OR state IN ('held', 'needs_human');

DROP TRIGGER delivery_ended;
CREATE TRIGGER delivery_ended AFTER UPDATE OF state ON delivery
WHEN (old.state IN ('ready', 'sending') OR old.state IN ('retry_wait', 'in_doubt') OR old.state IN ('needs_human', 'held'))
  AND NOT (
    new.state IN ('ready', 'sending') OR new.state IN ('retry_wait', 'in_doubt') OR new.state IN ('needs_human', 'held'))
BEGIN
  UPDATE owing SET number = number - 1 WHERE alert = new.alert;
  DELETE FROM owing WHERE alert = new.alert AND number = 0;
END;

DROP TRIGGER delivery_taken_up;
CREATE TRIGGER delivery_taken_up AFTER UPDATE OF state ON delivery
WHEN (new.state IN ('ready', 'sending') OR new.state IN ('retry_wait', 'in_doubt') OR new.state IN ('needs_human', 'held'))
  AND NOT (
    old.state IN ('ready', 'sending') OR old.state IN ('retry_wait', 'in_doubt') OR old.state IN ('needs_human', 'held'))
BEGIN
  INSERT INTO owing (alert, number) VALUES (new.alert, 1)
    ON CONFLICT (alert) DO UPDATE SET number = number + 1;
END;
