-- name: by_identifier
SELECT a.*, (SELECT coalesce(group_concat(p.actor, ', '), '') FROM approval p WHERE p.alert = a.id) AS approved_by,
  (SELECT coalesce(min(p.by), '') FROM approval p WHERE p.alert = a.id) AS approved_how,
  EXISTS (SELECT 1 FROM review r WHERE r.alert = a.id) AS reviewed
FROM alert a WHERE a.identifier = :identifier;

-- name: by_serial
SELECT a.*, (SELECT coalesce(group_concat(p.actor, ', '), '') FROM approval p WHERE p.alert = a.id) AS approved_by,
  (SELECT coalesce(min(p.by), '') FROM approval p WHERE p.alert = a.id) AS approved_how,
  EXISTS (SELECT 1 FROM review r WHERE r.alert = a.id) AS reviewed
FROM alert a WHERE a.incident = :incident AND a.version = :version;

-- name: by_number
SELECT a.*, (SELECT coalesce(group_concat(p.actor, ', '), '') FROM approval p WHERE p.alert = a.id) AS approved_by,
  (SELECT coalesce(min(p.by), '') FROM approval p WHERE p.alert = a.id) AS approved_how,
  EXISTS (SELECT 1 FROM review r WHERE r.alert = a.id) AS reviewed
FROM alert a WHERE a.id = :number;

-- name: deliveries
SELECT * FROM delivery WHERE alert = :alert ORDER BY id;

-- name: versions
SELECT body FROM alert WHERE incident = :incident ORDER BY version;

-- name: prepared
SELECT prepared FROM alert WHERE identifier = :identifier;

-- name: open_alerts
-- Asked one by one, newest first: joined, all that is owed would be sorted for each board.
SELECT alert AS id FROM owing
WHERE (SELECT incident FROM alert WHERE id = owing.alert) > 0 ORDER BY alert DESC LIMIT 0 + :limit;

-- name: alerts_in_force
-- In the order of the index: any other would sort them all, or walk back through the years.
SELECT id FROM alert
WHERE expires_at > :now AND newest = 1 AND incident > 0 AND kind NOT IN ('cancel', 'all-clear')
ORDER BY expires_at DESC LIMIT 0 + :limit;

-- name: newest_alerts
SELECT id FROM alert WHERE incident > 0 ORDER BY id DESC LIMIT 0 + :limit;

-- name: attempts
SELECT * FROM attempt WHERE delivery = :delivery ORDER BY id;

-- name: next_edition
INSERT INTO counter (name, value) VALUES ('edition', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1;

-- name: edition
SELECT value FROM counter WHERE name = 'edition';

-- name: public
-- Every version of the incidents that are in force or have ended lately.
SELECT body FROM alert
WHERE incident IN (SELECT incident FROM alert WHERE expires_at > :since AND incident > 0) ORDER BY id;

-- name: recent_bodies
SELECT m.body FROM delivery d JOIN message m ON m.alert = d.alert AND m.channel = d.channel
WHERE d.channel = :channel AND d.started = 1 AND d.updated_at >= :since AND d.incident > 0
  AND (d.state IN ('sending', 'in_doubt', 'needs_human', 'accepted', 'confirmed', 'closed_superseded', 'closed_expired')
    OR d.possible_duplicate = 1)
ORDER BY d.updated_at DESC, d.id DESC LIMIT 500;

-- name: counts
SELECT channel, state, number FROM standing WHERE number > 0 ORDER BY channel, state;

-- name: messages
-- In the order of the index, which is that of the channels' names.
SELECT m.body FROM message m JOIN alert a ON a.id = m.alert WHERE a.identifier = :identifier ORDER BY m.channel;

-- name: history
SELECT id FROM alert WHERE id < :before AND incident > 0 ORDER BY id DESC LIMIT 0 + :limit;

-- name: resolutions
SELECT d.*, r.at AS resolved_at, r.actor AS resolved_by, r.verb AS resolved_verb, r.why AS resolved_why
FROM delivery d JOIN resolution r ON r.delivery = d.id
WHERE d.incident = :incident ORDER BY r.id;
