-- name: add
-- Open a reject that no batch carries, or count it again; by reject_open.
INSERT INTO reject (stage, stream, external_id, field, code, detail, whole, first_at, last_at, run)
SELECT n.stage, %(stream)s, n.external_id, n.field, n.code, n.detail, n.whole, %(now)s, %(now)s, %(run)s FROM new_fault n
ON CONFLICT (stream, external_id, field, code) WHERE resolved_at IS NULL
DO UPDATE SET last_at = EXCLUDED.last_at, times = reject.times + 1, detail = EXCLUDED.detail

-- name: resolve
-- Rejects of this stage and these records are resolved; by reject_open.
UPDATE reject SET resolved_at = %(now)s
WHERE stream = %(stream)s AND stage = %(stage)s AND external_id = ANY(%(ids)s::text[]) AND resolved_at IS NULL

-- name: open
-- What is set aside now.
SELECT r.id, s.system || '.' || s.name, r.external_id, r.field, r.stage, r.code, r.detail, r.whole, r.first_at, r.last_at,
    r.times, r.run
FROM reject r JOIN stream s ON s.id = r.stream
WHERE r.resolved_at IS NULL ORDER BY s.system, s.name, r.external_id, r.field LIMIT %s

-- name: records
-- Ids of records that are set aside, by stream.
SELECT DISTINCT stream, external_id FROM reject
WHERE resolved_at IS NULL AND stage IN ('map', 'resolve', 'read') AND (%(stream)s::integer IS NULL OR stream = %(stream)s)
