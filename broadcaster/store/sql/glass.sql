-- name: start
INSERT INTO breaking (submission, actor, uid, reason, digest, started_at, due_at)
VALUES (:submission, :actor, :uid, :reason, :digest, :started_at, :due_at)
ON CONFLICT (submission) WHERE running = 1 DO NOTHING;

-- name: end
UPDATE breaking SET running = 0 WHERE submission = :submission AND running = 1;

-- name: running
SELECT * FROM breaking WHERE running = 1 ORDER BY due_at, id;

-- name: breaker
SELECT p.actor, p.uid FROM approval p JOIN alert a ON a.id = p.alert
WHERE a.identifier = :identifier AND p.by = 'break_glass' AND NOT EXISTS (SELECT 1 FROM review r WHERE r.alert = a.id);

-- name: unreviewed
SELECT alert AS id FROM approval p
WHERE by = 'break_glass' AND NOT EXISTS (SELECT 1 FROM review r WHERE r.alert = p.alert);

-- name: review
INSERT INTO review (alert, actor, at, note)
SELECT id, :actor, :at, :note FROM alert WHERE identifier = :identifier
ON CONFLICT (alert) DO NOTHING;
