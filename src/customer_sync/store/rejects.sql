-- name: add
-- Open a reject that no batch carries, or count it again; by reject_open.
INSERT INTO reject (stage, stream, external_id, field, code, detail, whole, first_at, last_at, run)
SELECT n.stage, %(stream)s, n.external_id, n.field, n.code, n.detail, n.whole, %(now)s, %(now)s, %(run)s FROM new_fault n
ON CONFLICT (stream, external_id, field, code) WHERE resolved_at IS NULL
DO UPDATE SET last_at = EXCLUDED.last_at, times = reject.times + 1, detail = EXCLUDED.detail

-- name: renew_closed
-- What was set aside at a stage and is not said any more; by reject_open.
UPDATE reject r SET resolved_at = %(now)s
WHERE r.stream = %(stream)s AND r.stage = %(stage)s AND r.resolved_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM new_fault n WHERE n.external_id = r.external_id AND n.field = r.field AND n.code = r.code)

-- name: renew_told
-- Open what is not open yet; by reject_open.
INSERT INTO reject (stage, stream, external_id, field, code, detail, whole, first_at, last_at, run)
SELECT n.stage, %(stream)s, n.external_id, n.field, n.code, n.detail, n.whole, %(now)s, %(now)s, %(run)s FROM new_fault n
WHERE n.stage = %(stage)s
ON CONFLICT (stream, external_id, field, code) WHERE resolved_at IS NULL DO NOTHING

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
WHERE resolved_at IS NULL AND stage IN ('map', 'resolve', 'read', 'post') AND (%(stream)s::integer IS NULL OR stream = %(stream)s)

-- name: doubtful
-- Records held as doubtful since before the customers in question, or their records, last changed; by reject_open,
-- review_open and link_customer.
SELECT r.external_id FROM reject r
JOIN review v ON v.kind = 'possible_duplicate' AND v.decided_at IS NULL AND v.subject = %(title)s || '/' || r.external_id
WHERE r.stream = %(stream)s AND r.code = 'identity_doubtful' AND r.resolved_at IS NULL
  AND (EXISTS (SELECT 1 FROM customer c WHERE c.id = ANY(v.customers) AND c.stamp > coalesce(r.batch, 0))
    OR EXISTS (SELECT 1 FROM link l WHERE l.customer = ANY(v.customers) AND l.shown > coalesce(r.batch, 0)))
ORDER BY r.id LIMIT %(limit)s

-- name: withdraw
-- Nothing is to be asked about records that are gone; by review_open.
UPDATE review SET decided_at = %(now)s, decision = 'withdrawn'
WHERE kind = 'possible_duplicate' AND decided_at IS NULL
  AND subject IN (SELECT %(title)s || '/' || id FROM unnest(%(ids)s::text[]) id)

-- name: unread_resolved
-- What could not be read and was not met again when all was read; by reject_open.
UPDATE reject SET resolved_at = %(now)s
WHERE stream = %(stream)s AND stage = 'read' AND resolved_at IS NULL AND last_at < %(since)s

-- name: has_open
-- Is anything of this stream set aside; by reject_open.
SELECT EXISTS (SELECT 1 FROM reject WHERE stream = %s AND resolved_at IS NULL)

-- name: sift
-- What was wrong with the documents looked at and is not said again; by reject_open.
UPDATE reject r SET resolved_at = %(now)s FROM sifted s
WHERE r.stream = %(stream)s AND r.external_id = s.external_id AND r.resolved_at IS NULL AND r.stage IN ('map', 'post', 'read')
  AND NOT EXISTS (SELECT 1 FROM new_fault n WHERE n.external_id = r.external_id AND n.field = r.field AND n.code = r.code)
