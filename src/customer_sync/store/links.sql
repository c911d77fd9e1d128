-- name: live_count
-- How many records of a stream are tied to customers; by link (stream, external_id).
SELECT count(*) FROM link WHERE stream = %s AND state = 0

-- name: live_ids
-- Ids of live records in order, a chunk at a time; by link (stream, external_id).
SELECT external_id FROM link
WHERE stream = %(stream)s AND state = 0 AND external_id > %(after)s ORDER BY external_id LIMIT %(limit)s

-- name: export
-- The crosswalk as people exchange it.
SELECT s.system, s.name, l.external_id, l.customer
FROM link l JOIN stream s ON s.id = l.stream WHERE l.state IN (0, 1, 2, 4)
ORDER BY s.system, s.name, l.external_id
