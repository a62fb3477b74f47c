-- name: subscriber
SELECT * FROM subscriber WHERE address = :address;

-- name: put
INSERT INTO subscriber (address, language, areas, categories, gravity)
VALUES (:address, :language, :areas, :categories, :gravity)
ON CONFLICT (address) DO UPDATE SET
  language = excluded.language, areas = excluded.areas, categories = excluded.categories, gravity = excluded.gravity;

-- name: remove
DELETE FROM subscriber WHERE address = :address;

-- name: page
SELECT * FROM subscriber WHERE address > :after ORDER BY address LIMIT 0 + :limit;

-- name: page_by_number
SELECT s.*,
  EXISTS (SELECT 1 FROM refusal r WHERE r.address = s.address AND r.suppressed_until > :now) AS suppressed
FROM subscriber s WHERE s.id > :after ORDER BY s.id LIMIT 0 + :limit;

-- name: by_language
SELECT language AS name, count(*) AS number FROM subscriber GROUP BY language ORDER BY language;

-- name: by_area
SELECT j.value AS name, count(*) AS number FROM subscriber s, json_each(s.areas) j GROUP BY j.value ORDER BY j.value;
