-- name: unsettled
SELECT * FROM delivery WHERE state IN ('ready', 'retry_wait', 'sending', 'in_doubt') ORDER BY id;

-- name: skip_editions
-- Fewer than one edition a second is ever made, so the seconds since 1970 are ahead of any lost number.
INSERT INTO counter (name, value) VALUES ('edition', :seconds)
ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);

-- name: skip_incidents
INSERT INTO incident (number, latest) SELECT coalesce(max(number), 0) + :ahead, 0 FROM incident;

-- name: quiet_routine
-- What came round between the copy and its restore may have been said: nobody can know, so it is not said again.
INSERT INTO counter (name, value) VALUES ('routine_since', :now)
ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);

-- name: hold_routine
UPDATE occurrence SET state = 'held', reason = 'restored'
WHERE state = 'released' OR (state = 'planned' AND due_at <= :now);

-- name: hold_automatic
-- What was said by itself since is not known here: it might be said again.
INSERT INTO automatic_stop (id, by, at, why) SELECT 1, :by, :at, 'restored' FROM consent LIMIT 1
ON CONFLICT (id) DO NOTHING;

-- name: end_countdowns
UPDATE breaking SET running = 0 WHERE running = 1;

-- name: end_sessions
UPDATE officer_session SET ended_at = :at WHERE ended_at IS NULL;
