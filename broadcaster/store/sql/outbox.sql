-- name: grades
-- Those of which something is due, the gravest first.
SELECT json_group_array(grade) AS value FROM (
  SELECT value AS grade FROM json_each('[3, 2, 1, 0]')
  WHERE EXISTS (
    SELECT 1 FROM delivery d
    WHERE d.channel = :channel AND d.reserved IN (:reserved_only, 1) AND d.grade = value AND d.due_at <= :now
      AND d.state IN ('ready', 'retry_wait'))
  ORDER BY value DESC);

-- name: candidates
-- Of one grade: due and not blocked by a version that is under way, oldest due first. As a JSON list of numbers, like
-- those below: for each row of its own the interpreter's lock would be given away and waited for.
SELECT json_group_array(id) AS value FROM (
  SELECT d.id, d.due_at FROM delivery d
  WHERE d.channel = :channel AND d.reserved = 1 AND d.grade = :grade AND d.due_at <= :now
    AND d.state IN ('ready', 'retry_wait')
    AND NOT EXISTS (
      SELECT 1 FROM delivery s
      WHERE s.incident = d.incident AND s.channel = d.channel AND s.target = d.target AND s.state = 'sending')
  UNION ALL
  SELECT d.id, d.due_at FROM delivery d
  WHERE :reserved_only = 0 AND d.channel = :channel AND d.reserved = 0 AND d.grade = :grade AND d.due_at <= :now
    AND d.state IN ('ready', 'retry_wait')
    AND NOT EXISTS (
      SELECT 1 FROM delivery s
      WHERE s.incident = d.incident AND s.channel = d.channel AND s.target = d.target AND s.state = 'sending')
  ORDER BY due_at, id LIMIT 0 + :limit);

-- name: along
-- Further due deliveries of one target, for a publisher whose one edition fulfils them all.
SELECT json_group_array(id) AS value FROM (
  SELECT d.id FROM delivery d
  WHERE d.channel = :channel AND d.target = :target AND d.state IN ('ready', 'retry_wait')
    AND d.reserved IN (0, 1) AND d.grade IN (0, 1, 2, 3) AND d.due_at <= :now
    AND NOT EXISTS (
      SELECT 1 FROM delivery s
      WHERE s.incident = d.incident AND s.channel = d.channel AND s.target = d.target AND s.state = 'sending')
  ORDER BY d.grade DESC, d.due_at, d.id LIMIT 0 + :limit);

-- name: facts
-- Several deliveries (a JSON list of numbers) with what a claim decides by and what it hands out.
SELECT json_group_array(json_object(
  'id', d.id, 'identifier', d.identifier, 'incident', d.incident, 'version', d.version, 'kind', d.kind,
  'grade', d.grade, 'channel', d.channel, 'target', d.target, 'key', d.key, 'state', d.state, 'attempt', d.attempt,
  'reads', d.reads, 'accepted_at', d.accepted_at, 'due_at', d.due_at, 'expires_at', d.expires_at,
  'stale_at', d.stale_at, 'updated_at', d.updated_at, 'deadline', d.deadline, 'doubt_since', d.doubt_since,
  'epoch', d.epoch, 'ref', d.ref, 'url', d.url, 'reason', d.reason, 'detail', d.detail,
  'possible_duplicate', d.possible_duplicate, 'progress', d.progress, 'total', d.total, 'unserved', d.unserved,
  'reached_at', d.reached_at,
  'latest', i.latest,
  'newest_started', (SELECT max(s.version) FROM delivery s
    WHERE s.incident = d.incident AND s.channel = d.channel AND s.target = d.target AND s.started = 1),
  'sending_beside', EXISTS (SELECT 1 FROM delivery s
    WHERE s.incident = d.incident AND s.channel = d.channel AND s.target = d.target AND s.state = 'sending'),
  'body', m.body)) AS value
FROM delivery d JOIN incident i ON i.number = d.incident
  LEFT JOIN message m ON m.alert = d.alert AND m.channel = d.channel
WHERE d.id IN (SELECT value FROM json_each(:numbers));

-- name: start
UPDATE delivery SET
  state = 'sending', attempt = attempt + 1, reads = 0, epoch = :epoch, deadline = :deadline,
  lease = :deadline - :now, started = 1, updated_at = :now
WHERE id IN (SELECT value FROM json_each(:numbers)) AND state IN ('ready', 'retry_wait');

-- name: doubts
SELECT json_group_array(id) AS value FROM (
  SELECT id FROM delivery WHERE channel = :channel AND state = 'in_doubt' AND due_at <= :now
  ORDER BY due_at LIMIT 0 + :limit);

-- name: unconfirmed
SELECT json_group_array(id) AS value FROM (
  SELECT id FROM delivery
  WHERE channel = :channel AND state = 'accepted' AND reads < 30 AND due_at < updated_at + 86400000 AND due_at <= :now
  ORDER BY due_at LIMIT 0 + :limit);

-- name: insert_attempt
INSERT INTO attempt (
  delivery, channel, number, started_at, ended_at, outcome, reason, detail, ref, posts, microusd, late)
VALUES (
  :delivery, :channel, :number, :started_at, :ended_at, :outcome, :reason, :detail, :ref, :posts, :microusd, :late);

-- name: calm
UPDATE delivery SET starts = 0 WHERE id IN (SELECT value FROM json_each(:numbers)) AND starts > 0;

-- name: flag
UPDATE delivery SET possible_duplicate = 1 WHERE id = :number;

-- name: lane
SELECT body FROM lane WHERE channel = :channel;

-- name: save_lane
INSERT INTO lane (channel, body) VALUES (:channel, :body) ON CONFLICT (channel) DO UPDATE SET body = excluded.body;

-- name: spent
SELECT json_group_array(json_object('ended_at', ended_at, 'posts', posts, 'microusd', microusd)) AS value FROM (
  SELECT ended_at, posts, microusd FROM attempt
  WHERE channel = :channel AND ended_at >= :since AND (posts > 0 OR microusd > 0)
    AND outcome IN ('accepted', 'in_doubt')
  ORDER BY ended_at);

-- name: next_due
-- Of each grade, reserved or not, the first. What is blocked by a version under way becomes due when that is recorded.
SELECT
  (SELECT min((
    SELECT d.due_at FROM delivery d
    WHERE d.channel = :channel AND d.reserved = value / 4 AND d.grade = value % 4 AND d.state IN ('ready', 'retry_wait')
      AND NOT EXISTS (
        SELECT 1 FROM delivery s
        WHERE s.incident = d.incident AND s.channel = d.channel AND s.target = d.target AND s.state = 'sending')
    ORDER BY d.due_at LIMIT 1)) FROM json_each('[0, 1, 2, 3, 4, 5, 6, 7]')) AS waiting,
  (SELECT expires_at FROM delivery
    WHERE channel = :channel AND (state IN ('ready', 'retry_wait') OR state IN ('held', 'needs_human'))
    ORDER BY expires_at LIMIT 1) AS expiry,
  (SELECT due_at FROM delivery WHERE channel = :channel AND state = 'in_doubt' ORDER BY due_at LIMIT 1) AS doubt,
  (SELECT due_at FROM delivery
    WHERE channel = :channel AND state = 'accepted' AND reads < 30 AND due_at < updated_at + 86400000
    ORDER BY due_at LIMIT 1) AS readback;

-- name: channels
SELECT DISTINCT channel FROM standing;

-- name: over
SELECT * FROM delivery
WHERE channel = :channel AND (state IN ('ready', 'retry_wait') OR state IN ('held', 'needs_human')) AND expires_at <= :now
ORDER BY expires_at LIMIT 0 + :limit;

-- name: epoch
SELECT value FROM counter WHERE name = 'epoch';

-- name: next_epoch
INSERT INTO counter (name, value) VALUES ('epoch', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1;

-- name: interrupted
SELECT * FROM delivery WHERE state = 'sending' AND epoch < :epoch;

-- name: starts
SELECT starts AS value FROM delivery WHERE id = :number;

-- name: count_start
UPDATE delivery SET starts = starts + 1 WHERE id = :number;

-- name: cost_of
SELECT m.posts, m.microusd FROM message m JOIN delivery d ON d.alert = m.alert AND d.channel = m.channel
WHERE d.id = :number;

-- name: bring_forward_waiting
-- Written down at a moment that is still to come: the clock has gone back since. Each waits no longer than was meant.
UPDATE delivery SET due_at = max(:now, due_at - (updated_at - :now)), updated_at = :now
WHERE channel = :channel AND reserved IN (0, 1) AND grade IN (0, 1, 2, 3) AND state IN ('ready', 'retry_wait')
  AND due_at > :now AND updated_at > :now;

-- name: bring_forward_looks
UPDATE delivery SET due_at = max(:now, due_at - (updated_at - :now)), updated_at = :now
WHERE channel = :channel AND state = 'in_doubt' AND due_at > :now AND updated_at > :now;

-- name: bring_forward_readbacks
UPDATE delivery SET due_at = max(:now, due_at - (updated_at - :now)), updated_at = :now
WHERE channel = :channel AND state = 'accepted' AND reads < 30 AND due_at < updated_at + 86400000
  AND due_at > :now AND updated_at > :now;
