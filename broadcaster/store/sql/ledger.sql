-- name: lease
-- The delivery, and whether this epoch may go on with it: under way, not expired, not overtaken.
SELECT d.incident, d.version, d.kind, d.key, d.channel, d.attempt, a.body,
  (d.state = 'sending' AND d.epoch = :epoch AND d.expires_at > :now AND i.latest = d.version) AS holds
FROM delivery d JOIN incident i ON i.number = d.incident JOIN alert a ON a.id = d.alert
WHERE d.id = :delivery;

-- name: holds
-- The same, where nothing else is asked.
SELECT (d.state = 'sending' AND d.epoch = :epoch AND d.expires_at > :now AND i.latest = d.version) AS value
FROM delivery d JOIN incident i ON i.number = d.incident WHERE d.id = :delivery;

-- name: extend_lease
UPDATE delivery SET deadline = max(deadline, :now + lease)
WHERE id = :delivery AND state = 'sending' AND deadline IS NOT NULL;

-- name: open
INSERT INTO ledger (delivery, earlier) VALUES (:delivery, :earlier) ON CONFLICT (delivery) DO NOTHING;

-- name: reach
UPDATE ledger SET reach = :reach WHERE delivery = :delivery;

-- name: book
SELECT * FROM ledger WHERE delivery = :delivery;

-- name: next_earlier
SELECT min(id) AS value FROM delivery
WHERE incident = :incident AND channel = :channel AND version < :version AND id > :after;

-- name: earlier_page
SELECT number, address, language,
  (state IN ('started', 'accepted', 'in_doubt', 'unknown') OR possible_duplicate = 1) AS may_have_it
FROM recipient WHERE delivery = :delivery AND number > :after ORDER BY number LIMIT 0 + :limit;

-- name: all_earlier
SELECT DISTINCT r.address FROM delivery d JOIN recipient r ON r.delivery = d.id
WHERE d.incident = :incident
  AND (r.state IN ('started', 'accepted', 'in_doubt', 'unknown') OR r.possible_duplicate = 1);

-- name: last_number
SELECT max(number) AS value FROM recipient WHERE delivery = :delivery;

-- name: add
-- The people are a JSON list of [number, address, language, token].
INSERT INTO recipient (delivery, number, address, language, token)
SELECT :delivery, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:people) WHERE true
ON CONFLICT (delivery, address) DO NOTHING;

-- name: advance
UPDATE ledger SET
  earlier = :earlier, after_delivery = :after_delivery, after_number = :after_number,
  after_subscriber = :after_subscriber, expanded = :expanded, total = total + :added, pending = pending + :added
WHERE delivery = :delivery;

-- name: due
SELECT json_group_array(json_object('number', number, 'address', address, 'language', language, 'token', token,
  'attempt', attempt, 'state', state, 'possible_duplicate', possible_duplicate)) AS value
FROM (
  SELECT number, address, language, token, attempt, state, possible_duplicate FROM recipient
  WHERE delivery = :delivery AND state IN ('pending', 'retry', 'in_doubt') AND due_at IS NOT NULL AND due_at <= :now
  ORDER BY due_at LIMIT 0 + :limit);

-- name: start
-- The numbers are a JSON list, here and below. Whoever is in doubt and asked again may get it twice.
UPDATE recipient SET
  state = 'started', attempt = attempt + 1, epoch = :epoch, possible_duplicate = possible_duplicate OR state = 'in_doubt'
WHERE delivery = :delivery AND number IN (SELECT value FROM json_each(:numbers));

-- name: recipients
SELECT json_group_array(
  json_object('number', number, 'state', state, 'epoch', epoch, 'possible_duplicate', possible_duplicate)) AS value
FROM recipient WHERE delivery = :delivery AND number IN (SELECT value FROM json_each(:numbers));

-- name: write
UPDATE recipient SET
  state = :state, due_at = :due_at, code = :code, possible_duplicate = :possible_duplicate,
  attempt = attempt - :unbegun
WHERE delivery = :delivery AND number IN (SELECT value FROM json_each(:numbers));

-- name: flag
UPDATE recipient SET possible_duplicate = 1
WHERE delivery = :delivery AND number IN (SELECT value FROM json_each(:numbers));

-- name: count
UPDATE ledger SET
  pending = pending + :pending, started = started + :started, retry = retry + :retry,
  accepted = accepted + :accepted, failed = failed + :failed, in_doubt = in_doubt + :in_doubt,
  unknown = unknown + :unknown, possible_duplicates = possible_duplicates + :possible_duplicates
WHERE delivery = :delivery;

-- name: show_progress
UPDATE delivery SET
  progress = (SELECT accepted + failed + unknown FROM ledger WHERE delivery = :delivery),
  total = (SELECT iif(expanded, total, max(total, reach)) FROM ledger WHERE delivery = :delivery),
  unserved = (SELECT failed + unknown FROM ledger WHERE delivery = :delivery)
WHERE id = :delivery;

-- name: half_served
UPDATE delivery SET reached_at = :now
WHERE id = :delivery AND reached_at IS NULL AND total > 0
  AND 2 * (SELECT accepted FROM ledger WHERE delivery = :delivery) >= total;

-- name: again
-- Who was refused waits for another try; whoever may have it is asked again as a doubt, and flagged when claimed.
UPDATE recipient SET state = iif(state = 'failed', 'retry', 'in_doubt'), due_at = :now
WHERE delivery = :delivery AND state IN ('failed', 'unknown');

-- name: next_due
SELECT due_at AS value FROM recipient
WHERE delivery = :delivery AND state IN ('pending', 'retry', 'in_doubt') AND due_at IS NOT NULL AND due_at > 0
ORDER BY due_at LIMIT 1;

-- name: started
SELECT number FROM recipient WHERE delivery = :delivery AND state = 'started';

-- name: put_back
UPDATE recipient SET state = 'pending', due_at = 0, attempt = attempt - 1
WHERE delivery = :delivery AND number IN (SELECT value FROM json_each(:numbers));

-- name: cut_off
-- Deliveries that were ended, or held, by an officer while a run went on, and the process died before the run did.
SELECT d.* FROM ledger l CROSS JOIN delivery d ON d.id = l.delivery
WHERE l.started > 0 AND d.state <> 'sending' AND d.epoch < :epoch;

-- name: doubt_started
UPDATE recipient SET state = :state, due_at = :due_at WHERE delivery = :delivery AND state = 'started';

-- name: bring_forward
-- No recipient waits longer than `latest` for another try; whoever seems to was written down before the clock went back.
UPDATE recipient SET due_at = :now
WHERE delivery IN (SELECT delivery FROM ledger WHERE retry + in_doubt > 0)
  AND state IN ('pending', 'retry', 'in_doubt') AND due_at IS NOT NULL AND due_at > :latest;
