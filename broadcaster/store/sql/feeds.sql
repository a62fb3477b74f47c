-- name: feed
SELECT * FROM feed WHERE name = :feed;

-- name: all
SELECT * FROM feed ORDER BY name;

-- name: save
INSERT INTO feed (name, etag, last_modified, read_at, newest_at, trouble, params, since)
VALUES (:feed, :etag, :last_modified, :read_at, :newest_at, :trouble, :params, :since)
ON CONFLICT (name) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
  read_at = excluded.read_at, newest_at = excluded.newest_at, trouble = excluded.trouble, params = excluded.params,
  since = excluded.since;

-- name: seen
SELECT identifier, digest FROM feed_entry WHERE feed = :feed
AND identifier IN (SELECT value FROM json_each(:identifiers));

-- name: mark
INSERT INTO feed_entry (feed, identifier, digest, seen_at) VALUES (:feed, :identifier, :digest, :at)
ON CONFLICT (feed, identifier) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at;

-- name: touch
UPDATE feed_entry SET seen_at = :at WHERE feed = :feed AND seen_at < :at
AND identifier IN (SELECT value FROM json_each(:identifiers));

-- name: forget
DELETE FROM feed_entry WHERE feed = :feed AND seen_at < :before;

-- name: subjects
SELECT * FROM subject WHERE watch = :watch;

-- name: keep
INSERT INTO subject (watch, key, serial, reported_at, said, draft, link)
VALUES (:watch, :key, :serial, :reported_at, :said, :draft, :link)
ON CONFLICT (watch, key) DO UPDATE SET serial = excluded.serial, reported_at = excluded.reported_at,
  said = excluded.said, draft = excluded.draft, link = excluded.link;

-- name: note
INSERT INTO feed_note (at, feed, watch, step, text, link) VALUES (:at, :feed, :watch, :step, :text, :link);

-- name: notes
SELECT * FROM feed_note WHERE at >= :since ORDER BY at DESC, id DESC LIMIT 0 + :limit;
