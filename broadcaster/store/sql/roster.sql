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

-- name: insert_officer
INSERT INTO officer (name, display, roles, second_factor, seed, ticket, ticket_until)
VALUES (:officer, :display, '[]', :second_factor, :seed, :ticket, :ticket_until)
ON CONFLICT (name) DO NOTHING;

-- name: reset_officer
UPDATE officer SET passphrase = '', seed = :seed, step = 0, ticket = :ticket, ticket_until = :ticket_until,
  failures = 0, paused_until = NULL
WHERE name = :officer;

-- name: set_roles
UPDATE officer SET roles = :roles WHERE name = :officer;

-- name: set_disabled
UPDATE officer SET disabled = :disabled WHERE name = :officer;

-- name: unlock
UPDATE officer SET failures = 0, paused_until = NULL WHERE name = :officer;

-- name: enrol
UPDATE officer SET passphrase = :passphrase, ticket = '', ticket_until = NULL, step = :step,
  failures = 0, paused_until = NULL
WHERE name = :officer AND ticket = :ticket AND ticket <> '' AND ticket_until > :at AND disabled = 0 AND step <= :step;

-- name: end_sessions
UPDATE officer_session SET ended_at = :at WHERE officer = :officer AND ended_at IS NULL;

-- name: insert_change
INSERT INTO officer_change (verb, officer, body, by, by_uid, at) VALUES (:verb, :officer, :body, :by, :by_uid, :at);

-- name: newest_change
SELECT max(id) AS value FROM officer_change;

-- name: change
SELECT * FROM officer_change WHERE id = :id;

-- name: changes
SELECT * FROM officer_change WHERE state = 'pending' ORDER BY id;

-- name: close_change
UPDATE officer_change SET state = :state, closed_by = :closed_by WHERE id = :id AND state = 'pending';

-- name: tokens
SELECT t.name AS token, t.scopes, t.uid, t.made_at, t.until, t.revoked_at,
  o.name, o.display, o.roles, o.second_factor, o.disabled
FROM machine_token t JOIN officer o ON o.name = t.officer ORDER BY t.name;

-- name: insert_token
INSERT INTO machine_token (name, hash, officer, scopes, uid, made_at, until)
VALUES (:token, :hash, :officer, :scopes, :uid, :made_at, :until)
ON CONFLICT (name) DO NOTHING;

-- name: revoke_token
UPDATE machine_token SET revoked_at = :at WHERE name = :token AND revoked_at IS NULL;

-- name: set_passphrase
UPDATE officer SET passphrase = :passphrase, failures = 0, paused_until = NULL WHERE name = :officer;

-- name: end_other_sessions
UPDATE officer_session SET ended_at = :at WHERE officer = :officer AND ended_at IS NULL AND id <> :keeping;
