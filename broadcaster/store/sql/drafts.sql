-- name: open
SELECT * FROM draft WHERE state = 'open' ORDER BY updated_at DESC, id DESC LIMIT 0 + :limit;

-- name: draft
SELECT * FROM draft WHERE id = :number;

-- name: by_key
SELECT * FROM draft WHERE key = :key AND key <> '';

-- name: newest
SELECT max(id) AS value FROM draft;

-- name: insert
INSERT INTO draft (title, author, editors, updated_at, updated_by, body, key)
VALUES (:title, :by, :editors, :at, :by, :body, :key);

-- name: save
UPDATE draft
SET version = version + 1, title = :title, editors = :editors, updated_at = :at, updated_by = :by, body = :body
WHERE id = :number AND version = :version AND state = 'open';

-- name: drop
UPDATE draft SET version = version + 1, state = 'dropped', updated_at = :at, updated_by = :by
WHERE id = :number AND state = 'open';

-- name: take
UPDATE draft SET state = 'used', alert = :alert WHERE id = :number AND state = 'open';

-- name: give_back
UPDATE draft SET version = version + 1, state = 'open', alert = '' WHERE id = :number AND state = 'used';

-- name: of_alert
SELECT d.* FROM draft d JOIN alert a ON a.identifier = d.alert WHERE d.alert = :alert AND d.state = 'used';
