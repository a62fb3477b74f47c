-- When a delivery reached its provider (a mail: half of its recipients), for the targets on the board; and how many of
-- a mail's recipients ended without having it, or nobody knows.

ALTER TABLE delivery ADD COLUMN reached_at INTEGER;
ALTER TABLE delivery ADD COLUMN unserved INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER delivery_reached AFTER UPDATE OF state ON delivery
WHEN new.reached_at IS NULL AND new.state IN ('accepted', 'confirmed')
BEGIN
  UPDATE delivery SET reached_at = new.updated_at WHERE id = new.id;
END;
