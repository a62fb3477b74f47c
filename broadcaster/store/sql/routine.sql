-- name: plans
SELECT p.*, max(p.approved_at, coalesce((SELECT value FROM counter WHERE name = 'routine_since'), 0)) AS since
FROM plan p ORDER BY p.id;

-- name: plan
SELECT p.*, max(p.approved_at, coalesce((SELECT value FROM counter WHERE name = 'routine_since'), 0)) AS since
FROM plan p WHERE p.id = :id;

-- name: put_plan
INSERT INTO plan (id, body, digest, author, author_uid, at, file)
VALUES (:id, :body, :digest, :author, :author_uid, :at, :file)
ON CONFLICT (id) DO UPDATE SET body = excluded.body, digest = excluded.digest, author = excluded.author,
  author_uid = excluded.author_uid, at = excluded.at, file = excluded.file, retired = 0;

-- name: approve_plan
UPDATE plan SET approved = digest, approver = :approver, approver_uid = :approver_uid, approved_at = :at
WHERE id = :id AND digest = :digest AND retired = 0;

-- name: retire_plan
UPDATE plan SET retired = 1 WHERE id = :id AND retired = 0;

-- name: speaks
SELECT count(*) AS value FROM plan
WHERE id = :id AND digest = :digest AND approved = digest AND retired = 0;

-- name: occurrence
SELECT * FROM occurrence WHERE plan = :plan AND due_at = :due_at AND part = :part;

-- name: occurrences
SELECT * FROM occurrence WHERE due_at > :after AND due_at <= :until ORDER BY due_at, plan, part;

-- name: open_occurrences
SELECT * FROM occurrence WHERE state NOT IN ('sent', 'skipped') ORDER BY due_at, plan, part;

-- name: last_sent
SELECT * FROM occurrence WHERE plan = :plan AND part = 'announce' AND state = 'sent' ORDER BY due_at DESC LIMIT 1;

-- name: settle
-- A new row, or one that is open and has not been said: whoever comes second changes nothing.
INSERT INTO occurrence (plan, due_at, part, state, until_at, at, reason, detail, of, by)
VALUES (:plan, :due_at, :part, :state, :until_at, :at, :reason, :detail, :of, :by)
ON CONFLICT (plan, due_at, part) DO UPDATE SET state = excluded.state, at = excluded.at, reason = excluded.reason,
  detail = excluded.detail, by = excluded.by, of = CASE excluded.of WHEN '' THEN of ELSE excluded.of END
WHERE state IN ('planned', 'released') OR (state NOT IN ('sent', 'skipped') AND excluded.state = 'skipped');

-- name: say
INSERT INTO occurrence (plan, due_at, part, state, until_at, at, reason, detail, of, by)
VALUES (:plan, :due_at, :part, 'sent', :until_at, :at, '', '', :of, '')
ON CONFLICT (plan, due_at, part) DO UPDATE SET state = 'sent', at = excluded.at, reason = '', detail = '',
  of = excluded.of
WHERE state IN ('planned', 'released');

-- name: decide
INSERT INTO occurrence (plan, due_at, part, state, until_at, at, reason, detail, of, by)
VALUES (:plan, :due_at, :part, :state, :until_at, :at, :reason, '', '', :by)
ON CONFLICT (plan, due_at, part) DO UPDATE SET state = excluded.state, at = excluded.at, reason = excluded.reason,
  by = excluded.by
WHERE state <> 'sent';

-- name: come_again
-- The clock went back before these were due: what it had jumped over, and nobody has decided, comes up again.
UPDATE occurrence SET state = 'planned', reason = '', at = :now
WHERE due_at > :now AND reason = 'clock_jumped' AND by = '' AND state IN ('held', 'skipped');

-- name: in_force
SELECT body FROM alert
WHERE expires_at > :now AND newest = 1 AND kind NOT IN ('cancel', 'all-clear', 'routine', 'test');
