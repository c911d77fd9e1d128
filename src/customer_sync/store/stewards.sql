-- name: resolved
-- Follow retired customers to those they resolve to; by customer's primary key.
WITH RECURSIVE followed (id, customer, next) AS (
    SELECT c.id, c.id, c.retired_into FROM customer c WHERE c.id = ANY(%(ids)s::bigint[])
    UNION ALL
    SELECT f.id, c.id, c.retired_into FROM followed f JOIN customer c ON c.id = f.next
)
SELECT id, customer FROM followed WHERE next IS NULL

-- name: settle_conflicts
-- A steward's word closes the question; by review_open.
UPDATE review SET decided_at = %(now)s, decision = 'value decided', by = %(by)s
WHERE kind = 'conflict' AND subject = ANY(%(subjects)s::text[]) AND decided_at IS NULL
