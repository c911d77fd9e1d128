-- name: run
-- One run, and whether it lives; by run's primary key.
SELECT r.kind, r.finished_at IS NOT NULL, {present} FROM run r WHERE r.id = %(run)s

-- name: batches
-- First and last batch of a run; by batch_run.
SELECT min(number), max(number) FROM batch WHERE run = %s

-- name: changes
-- Golden values of some customers that a run changed, first before and last after; by golden_change's primary key.
SELECT DISTINCT ON (g.customer, g.field) g.customer, g.field,
    first_value(g.before) OVER w AS before, last_value(g.after) OVER w AS after
FROM golden_change g JOIN batch b ON b.number = g.stamp
WHERE b.run = %(run)s AND g.customer = ANY(%(customers)s::bigint[])
WINDOW w AS (PARTITION BY g.customer, g.field ORDER BY g.stamp ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY g.customer, g.field

-- name: changed_customers
-- Known customers of whom a run changed golden values, in order; by batch_run and golden_change_stamp.
SELECT DISTINCT g.customer
FROM batch b JOIN golden_change g ON g.stamp = b.number
JOIN customer c ON c.id = g.customer
WHERE b.run = %(run)s AND NOT EXISTS (SELECT 1 FROM batch m WHERE m.number = c.created AND m.run = %(run)s)
ORDER BY g.customer

-- name: created_customers
-- Customers that a run created, in order: does a record tell of each that neither came in that run nor was
-- created by us; by batch_run and link_customer.
SELECT c.id, c.retired_into,
    EXISTS (
        SELECT 1 FROM link l
        WHERE l.customer = c.id AND l.stream > 9 AND l.state = 0
          AND NOT EXISTS (SELECT 1 FROM batch m WHERE m.number = l.since AND m.run = %(run)s)
          AND NOT EXISTS (
              SELECT 1 FROM attempt a WHERE a.customer = c.id AND a.stream = l.stream AND a.kind = 'create'
                AND a.external_id = l.external_id AND a.outcome = 'accepted'))
FROM customer c
WHERE c.created > 0 AND c.created BETWEEN %(first)s AND %(last)s
  AND EXISTS (SELECT 1 FROM batch b WHERE b.number = c.created AND b.run = %(run)s)
ORDER BY c.id

-- name: written
-- Records that a run created, removed or deactivated elsewhere, with what is known of them now.
SELECT a.token, a.kind, a.customer, a.stream, a.external_id, l.id, l.state,
    EXISTS (
        SELECT 1 FROM claim k WHERE k.link = l.id AND k.superseded IS NULL
          AND NOT EXISTS (SELECT 1 FROM batch m WHERE m.number = k.stamp AND m.run = %(run)s)) AS is_edited
FROM attempt a LEFT JOIN link l ON l.stream = a.stream AND l.external_id = a.external_id
WHERE a.run = %(run)s AND a.kind IN ('create', 'delete', 'deactivate') AND a.outcome = 'accepted'
ORDER BY a.stream, a.external_id

-- name: retired
-- Customers that a run merged into others.
SELECT DISTINCT c.id, c.retired_into
FROM customer c JOIN batch b ON b.number = c.stamp
WHERE b.run = %(run)s AND c.retired_into IS NOT NULL

-- name: set_apart
-- These records take no part in the sync any more, and are not created anew; by link's primary key.
UPDATE link SET state = 3 WHERE id = ANY(%(links)s::bigint[]) AND state = 0

-- name: remove
-- These records are to be removed where they are; by outbound_link.
INSERT INTO outbound (customer, stream, link, kind, enqueued, enqueued_at)
SELECT n.customer, n.stream, n.link, n.kind, (SELECT coalesce(max(number), 0) FROM batch), %(now)s FROM new_removal n
ON CONFLICT (link) WHERE link IS NOT NULL
DO UPDATE SET kind = EXCLUDED.kind, tries = 0, not_before = NULL, code = NULL, reason = NULL

-- name: drop_creates
-- Customers whose creation is taken back are created nowhere else; by outbound_create.
DELETE FROM outbound WHERE link IS NULL AND customer = ANY(%(customers)s::bigint[])

-- name: settle_rejects
-- A record that is removed needs no mending; by reject_open.
UPDATE reject r SET resolved_at = %(now)s
FROM new_removal n JOIN link l ON l.id = n.link
WHERE r.stream = l.stream AND r.external_id = l.external_id AND r.resolved_at IS NULL
