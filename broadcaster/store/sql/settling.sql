-- name: fetch
SELECT * FROM delivery WHERE id = :number;

-- name: before
-- What results are held against. The numbers are a JSON list.
SELECT json_group_array(json_object('id', id, 'channel', channel, 'state', state, 'epoch', epoch, 'attempt', attempt,
  'ref', ref, 'possible_duplicate', possible_duplicate, 'total', total, 'grade', grade)) AS value
FROM delivery WHERE id IN (SELECT value FROM json_each(:numbers));

-- name: apply
UPDATE delivery SET
  state = :state,
  due_at = coalesce(:due_at, due_at),
  reads = :reads,
  doubt_since = coalesce(:doubt_since, doubt_since),
  ref = coalesce(:ref, ref),
  url = coalesce(:url, url),
  reason = :reason,
  detail = :detail,
  possible_duplicate = coalesce(:possible_duplicate, possible_duplicate),
  unserved = coalesce(:unserved, unserved),
  started = iif(:burned = 1 AND attempt <= 1, 0, started),  -- claimed, but nothing went out
  attempt = max(0, attempt - :burned),
  deadline = NULL,
  reached_at = coalesce(reached_at, iif(:state IN ('accepted', 'confirmed'), :at, NULL)),
  updated_at = :at
WHERE id = :number;

-- name: resolve
INSERT INTO resolution (delivery, at, actor, verb, why) VALUES (:delivery, :at, :actor, :verb, :why);
