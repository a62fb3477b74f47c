-- name: known
SELECT k.body_digest, a.identifier, k.submission
FROM client_key k LEFT JOIN alert a ON a.id = k.alert WHERE k.key = :key;

-- name: reserve_incident
INSERT INTO incident (latest) VALUES (0);

-- name: newest_incident
SELECT max(number) AS value FROM incident;

-- name: latest_version
SELECT latest AS value FROM incident WHERE number = :incident;

-- name: raise_version
UPDATE incident SET latest = :version WHERE number = :incident AND latest = :version - 1;

-- name: age_newest
UPDATE alert SET newest = 0 WHERE incident = :incident AND newest = 1;

-- name: insert_alert
INSERT INTO alert (
  identifier, incident, version, kind, digest, author, author_uid, accepted_at, expires_at, body, prepared)
VALUES (
  :identifier, :incident, :version, :kind, :digest, :author, :author_uid, :accepted_at, :expires_at, :body, :prepared);

-- name: alert_number
SELECT id AS value FROM alert WHERE identifier = :identifier;

-- name: keep_key
INSERT INTO client_key (key, body_digest, alert, submission) VALUES (:key, :body_digest, :alert, :submission)
ON CONFLICT (key) DO UPDATE SET alert = coalesce(excluded.alert, alert);

-- name: insert_message
INSERT INTO message (alert, channel, posts, microusd, body) VALUES (:alert, :channel, :posts, :microusd, :body);

-- name: insert_approval
INSERT INTO approval (alert, actor, uid, by, at, digest, reason)
VALUES (:alert, :actor, :uid, :by, :at, :digest, :reason);

-- name: insert_delivery
INSERT INTO delivery (
  alert, identifier, incident, version, kind, grade, reserved, channel, target, key,
  accepted_at, due_at, expires_at, stale_at, updated_at)
VALUES (
  :alert, :identifier, :incident, :version, :kind, :grade, :reserved, :channel, :target, :key,
  :accepted_at, :due_at, :expires_at, :stale_at, :accepted_at);

-- name: delivery_number
SELECT id AS value FROM delivery WHERE key = :key;

-- name: deliveries_of
SELECT * FROM delivery WHERE alert = :alert ORDER BY id;

-- name: overtaken
SELECT * FROM delivery
WHERE incident = :incident AND version < :version AND state IN ('ready', 'retry_wait', 'held');

-- name: insert_submission
INSERT INTO submission (state, body) VALUES ('waiting', :body);

-- name: newest_submission
SELECT max(id) AS value FROM submission;

-- name: submission
SELECT * FROM submission WHERE id = :number;

-- name: submissions_waiting
SELECT * FROM submission WHERE state = 'waiting' ORDER BY id;

-- name: close_submission
UPDATE submission SET state = :state, closed_by = :closed_by, reason = :reason WHERE id = :number AND state = 'waiting';

-- name: handed_back
SELECT * FROM submission
WHERE json_extract(body, '$.draft') = :draft AND id < :before AND state = 'returned' ORDER BY id DESC LIMIT 1;
