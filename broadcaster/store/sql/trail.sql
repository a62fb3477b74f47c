-- name: append
INSERT INTO audit (seq, at, actor, event, subject, body, previous, hash)
VALUES (:seq, :at, :actor, :event, :subject, :body, :previous, :hash);

-- name: move_head
UPDATE audit_head SET seq = :seq, hash = :hash WHERE one = 1;

-- name: head
SELECT seq, hash FROM audit_head WHERE one = 1;

-- name: at
SELECT hash FROM audit WHERE seq = :seq;

-- name: page
SELECT seq, at, actor, event, subject, body, previous, hash FROM audit WHERE seq > :after ORDER BY seq LIMIT 0 + :limit;

-- name: of_incident
-- Every entry about its alerts, its deliveries and what was handed in for it.
SELECT a.* FROM audit a
WHERE a.subject IN (
  SELECT identifier FROM alert WHERE incident = :incident
  UNION ALL SELECT 'delivery ' || id FROM delivery WHERE incident = :incident
  UNION ALL SELECT 'submission ' || id FROM submission WHERE json_extract(body, '$.alert.incident') = :incident)
ORDER BY a.seq;

-- name: about
SELECT * FROM audit WHERE subject = :subject ORDER BY seq;

-- name: newest
SELECT * FROM audit WHERE seq <= :upto ORDER BY seq DESC LIMIT 0 + :limit;
