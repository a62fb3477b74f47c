-- name: consents
SELECT * FROM consent ORDER BY rule;

-- name: consent
SELECT * FROM consent WHERE rule = :rule;

-- name: first
INSERT INTO consent (rule, digest, first, first_at) VALUES (:rule, :digest, :actor, :at)
ON CONFLICT (rule) DO UPDATE SET digest = excluded.digest, first = excluded.first, first_at = excluded.first_at,
  second = NULL, second_at = NULL;

-- name: second
UPDATE consent SET second = :actor, second_at = :at WHERE rule = :rule AND digest = :digest AND second IS NULL;

-- name: stop
SELECT * FROM automatic_stop WHERE id = 1;

-- name: hold
INSERT INTO automatic_stop (id, by, at, why) VALUES (1, :by, :at, :why) ON CONFLICT (id) DO NOTHING;

-- name: release
DELETE FROM automatic_stop WHERE id = 1;

-- name: lately
SELECT * FROM spoken WHERE at > :since ORDER BY at;

-- name: already
SELECT count(*) AS value FROM spoken WHERE key = :key;

-- name: speak
INSERT INTO spoken (key, rule, alert, at) VALUES (:key, :rule, :alert, :at);
