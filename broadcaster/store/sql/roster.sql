-- name: any_officer
SELECT EXISTS (SELECT 1 FROM officer) AS value;

-- name: officers
SELECT * FROM officer ORDER BY name;

-- name: officer
SELECT * FROM officer WHERE name = :officer;

-- name: session
SELECT s.id, s.began_at, s.seen_at, s.until, s.ended_at, o.name, o.display, o.roles, o.second_factor, o.disabled
FROM officer_session s JOIN officer o ON o.name = s.officer WHERE s.hash = :hash;

-- name: insert_session
INSERT INTO officer_session (hash, officer, began_at, seen_at, until) VALUES (:hash, :officer, :at, :at, :until);

-- name: seen
UPDATE officer_session SET seen_at = :at WHERE id = :id AND ended_at IS NULL;

-- name: end_session
UPDATE officer_session SET ended_at = :at WHERE id = :id AND ended_at IS NULL;

-- name: take_step
UPDATE officer SET step = :step WHERE name = :officer AND step < :step;

-- name: forget_failures
UPDATE officer SET failures = 0, paused_until = NULL WHERE name = :officer AND disabled = 0 AND passphrase <> '';

-- name: note_failure
UPDATE officer SET failures = :failures, paused_until = :paused_until WHERE name = :officer;

-- name: token
SELECT t.name AS token, t.scopes, t.uid, t.made_at, t.until, t.revoked_at,
  o.name, o.display, o.roles, o.second_factor, o.disabled
FROM machine_token t JOIN officer o ON o.name = t.officer WHERE t.hash = :hash;
