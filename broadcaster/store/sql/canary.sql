-- name: newest
SELECT latest AS value FROM incident WHERE number = 0;

-- name: open
SELECT * FROM sounding WHERE state IN ('planned', 'said') ORDER BY due_at;

-- name: since
SELECT * FROM sounding WHERE due_at > :after ORDER BY due_at;

-- name: say
-- A new row, or one that was announced: whoever comes second changes nothing.
INSERT INTO sounding (due_at, until_at, shown_from, state, at, alert, reason, by)
VALUES (:due_at, :until_at, :shown_from, 'said', :at, :alert, '', :by)
ON CONFLICT (due_at) DO UPDATE SET state = 'said', at = excluded.at, alert = excluded.alert
WHERE state = 'planned';

-- name: overtake
UPDATE sounding SET state = 'over', at = :at WHERE state IN ('planned', 'said') AND state = 'said' AND due_at <> :due_at;

-- name: settle
INSERT INTO sounding (due_at, until_at, shown_from, state, at, alert, reason, by)
VALUES (:due_at, :until_at, :shown_from, :state, :at, :alert, :reason, :by)
ON CONFLICT (due_at) DO UPDATE SET state = excluded.state, at = excluded.at, reason = excluded.reason
WHERE state = 'planned' OR (state = 'said' AND excluded.state = 'over');

-- name: come_again
-- The clock went back before these were due: what it had jumped over comes up again.
DELETE FROM sounding WHERE due_at > :now AND state = 'skipped' AND reason = 'clock_jumped';

-- name: shown
SELECT due_at, until_at FROM sounding
WHERE shown_from IS NOT NULL AND until_at > :now AND shown_from <= :now AND state <> 'skipped' ORDER BY until_at;

-- name: newest_body
SELECT body FROM alert WHERE incident = 0 AND newest = 1 AND accepted_at > :since;

-- name: pulses
SELECT body FROM pulse ORDER BY organ DESC, name;

-- name: keep
INSERT INTO pulse (organ, name, body) VALUES (:organ, :subject, :body)
ON CONFLICT (organ, name) DO UPDATE SET body = excluded.body;

-- name: forget
DELETE FROM pulse WHERE organ = :organ AND name = :subject;
