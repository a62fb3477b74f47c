-- name: failed
SELECT address, code FROM recipient WHERE delivery = :delivery AND state = 'failed';

-- name: of
SELECT * FROM refusal WHERE address = :address;

-- name: put
INSERT INTO refusal (address, times, first_at, last_at, code, suppressed_until)
VALUES (:address, :times, :first_at, :last_at, :code, :suppressed_until)
ON CONFLICT (address) DO UPDATE SET
  times = excluded.times, first_at = excluded.first_at, last_at = excluded.last_at, code = excluded.code,
  suppressed_until = excluded.suppressed_until;

-- name: forget
DELETE FROM refusal WHERE address = :address;

-- name: forget_served
DELETE FROM refusal WHERE EXISTS (
  SELECT 1 FROM recipient r WHERE r.delivery = :delivery AND r.address = refusal.address AND r.state = 'accepted');

-- name: suppressed
SELECT count(*) AS value FROM refusal WHERE suppressed_until IS NOT NULL;
