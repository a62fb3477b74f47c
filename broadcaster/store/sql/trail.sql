-- name: append
INSERT INTO audit (seq, at, actor, event, subject, body, previous, hash)
VALUES (:seq, :at, :actor, :event, :subject, :body, :previous, :hash);

-- name: move_head
UPDATE audit_head SET seq = :seq, hash = :hash WHERE one = 1;

-- name: head
SELECT seq, hash FROM audit_head WHERE one = 1;

-- name: page
SELECT seq, at, actor, event, subject, body, previous, hash FROM audit WHERE seq > :after ORDER BY seq LIMIT :limit;
