-- name: start
-- Open a run.
INSERT INTO run (kind, configuration) VALUES (%s, %s) RETURNING id

-- name: finish
-- Close a run; by run's primary key.
UPDATE run SET finished_at = clock_timestamp(), outcome = %s, detail = %s WHERE id = %s

-- name: recent
-- The latest runs; by run's primary key.
SELECT id, kind, configuration, started_at, finished_at, outcome, detail FROM run ORDER BY id DESC LIMIT %s
