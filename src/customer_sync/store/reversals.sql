-- name: run
-- One run, and whether it lives; by run's primary key.
SELECT r.kind, r.finished_at IS NOT NULL, {present} FROM run r WHERE r.id = %(run)s

-- name: batches
-- First and last batch of a run; by batch_run.
SELECT min(number), max(number) FROM batch WHERE run = %s

-- name: posted
-- Documents that stand as a run posted them; by batch_run, event_batch and the primary keys of document and entry.
SELECT count(DISTINCT d.id) FROM batch b JOIN event v ON v.batch = b.number AND v.kind IN ('document.posted', 'document.reposted')
JOIN document d ON d.id = v.document AND d.state = 'posted' JOIN entry e ON e.id = d.entry AND e.stamp = b.number
WHERE b.run = %s

-- name: documents
-- Documents of a stream that a run brought in, a page by id: those that stand as it posted them and did not stand before,
-- and those it looked at first and that were never posted; by batch_run, event_batch and the primary keys of document and
-- entry.
SELECT DISTINCT d.id, d.external_id, d.state, d.reason, d.read, d.shown, d.presence, coalesce(d.aside, d.snapshot)
FROM batch b JOIN event v ON v.batch = b.number
    AND v.kind IN ('document.posted', 'document.noted', 'document.waiting', 'document.parked', 'document.rejected')
JOIN document d ON d.id = v.document LEFT JOIN entry e ON e.id = d.entry
WHERE b.run = %(run)s AND d.stream = %(stream)s AND d.id > %(after)s AND d.presence <> 3 AND (
    d.state = 'posted' AND v.kind = 'document.posted'
        AND EXISTS (SELECT 1 FROM batch m WHERE m.number = e.stamp AND m.run = %(run)s)
    OR d.state IN ('noted', 'waiting', 'parked', 'rejected') AND d.version = 0
) ORDER BY d.id LIMIT %(limit)s

-- name: documents_apart
-- Documents of a stream that a run set apart and that still are, a page by id; by event_run and document's primary key.
SELECT DISTINCT d.id, d.external_id, d.state, d.reason, d.read, d.shown, d.presence, coalesce(d.aside, d.snapshot)
FROM event v JOIN document d ON d.id = v.document
WHERE v.run = %(run)s AND v.kind = 'document.excluded' AND d.stream = %(stream)s AND d.id > %(after)s AND d.presence = 3
ORDER BY d.id LIMIT %(limit)s

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
-- These records are to be removed, or brought back, where they are; by outbound_link.
INSERT INTO outbound (customer, stream, link, kind, enqueued, enqueued_at)
SELECT n.customer, n.stream, n.link, n.kind, (SELECT coalesce(max(number), 0) FROM batch), %(now)s FROM new_removal n
ON CONFLICT (link) WHERE link IS NOT NULL
DO UPDATE SET kind = EXCLUDED.kind, tries = 0, not_before = NULL, code = NULL, reason = NULL

-- name: arrived
-- Live records that came in by a run, made by others, of customers that are not named. What a merge moved in that run
-- had said something before; by claim's primary key and attempt_customer.
SELECT l.id, l.customer, l.stream, l.external_id
FROM link l
WHERE l.since BETWEEN %(first)s AND %(last)s AND l.stream > 9 AND l.state = 0
  AND EXISTS (SELECT 1 FROM batch b WHERE b.number = l.since AND b.run = %(run)s)
  AND l.customer <> ALL(%(left)s::bigint[])
  AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.link = l.id AND c.stamp < l.since)
  AND NOT EXISTS (
      SELECT 1 FROM attempt a WHERE a.customer = l.customer AND a.stream = l.stream AND a.kind = 'create'
        AND a.external_id = l.external_id AND a.outcome = 'accepted')
ORDER BY l.id

-- name: overwritten
-- What a run wrote into some records, oldest first, with what they show now, and whether they said or were told more since;
-- by attempt_customer and claim's primary key.
SELECT a.link, a.patch, a.expected, i.fields,
    EXISTS (
        SELECT 1 FROM claim k WHERE k.link = a.link AND k.superseded IS NULL
          AND NOT EXISTS (SELECT 1 FROM batch m WHERE m.number = k.stamp AND m.run = %(run)s))
    OR EXISTS (
        SELECT 1 FROM attempt x WHERE x.customer = a.customer AND x.link = a.link AND x.run > %(run)s
          AND x.outcome = 'accepted')
FROM new_apart n JOIN attempt a ON a.customer = n.customer AND a.link = n.link JOIN image i ON i.link = a.link
WHERE a.run = %(run)s AND a.kind = 'update' AND a.outcome = 'accepted'
ORDER BY a.link, a.at, a.mark

-- name: drop_puts
-- Records set apart are told nothing more; by outbound_link.
DELETE FROM outbound o USING new_apart n WHERE o.link = n.link AND o.kind = 'put'

-- name: restorations
-- What records are to show again; by restoration's primary key.
INSERT INTO restoration (link, patch, expected) SELECT link, patch, expected FROM new_restoration
ON CONFLICT (link) DO UPDATE SET patch = EXCLUDED.patch, expected = EXCLUDED.expected

-- name: images
-- What records showed last; by image's primary key.
SELECT link, fields FROM image WHERE link = ANY(%(links)s::bigint[])

-- name: restored
-- These records show again what they did: nothing was said by that. The digest is nobody's, so that they are read
-- anew if they take part again. By the primary keys of image, link and restoration.
WITH shown AS (
    UPDATE image i SET fields = n.fields FROM new_shown n WHERE i.link = n.link
), forgotten AS (
    DELETE FROM restoration r USING new_shown n WHERE r.link = n.link
)
UPDATE link l SET digest = 0 FROM new_shown n WHERE l.id = n.link

-- name: forget_restorations
-- Records that moved meanwhile are left to a person; by restoration's primary key.
DELETE FROM restoration WHERE link = ANY(%(links)s::bigint[])

-- name: take_part
-- Records that a run set apart, and took nothing away of, take part again, and are told what they should show; by
-- the primary key of link and by outbound_link.
WITH again AS (
    UPDATE link l SET state = 0, digest = 0
    FROM event e
    WHERE e.run = %(run)s AND e.kind = 'record.excluded' AND l.id = e.link AND l.state = 3
      AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.customer = l.customer AND a.stream = l.stream
          AND a.external_id = l.external_id AND a.run = %(run)s AND a.kind IN ('delete', 'deactivate'))
    RETURNING l.id, l.customer, l.stream
), unrestored AS (
    DELETE FROM restoration r USING again g WHERE r.link = g.id
), told AS (
    INSERT INTO outbound (customer, stream, link, kind, enqueued, enqueued_at)
    SELECT g.customer, g.stream, g.id, 'put', (SELECT coalesce(max(number), 0) FROM batch), %(now)s FROM again g
    ON CONFLICT (link) WHERE link IS NOT NULL
    DO UPDATE SET kind = 'put', tries = 0, not_before = NULL, code = NULL, reason = NULL
)
SELECT id, customer, stream FROM again

-- name: drop_creates
-- Customers whose creation is taken back are created nowhere else; by outbound_create.
DELETE FROM outbound WHERE link IS NULL AND customer = ANY(%(customers)s::bigint[])

-- name: settle_rejects
-- A record that is removed needs no mending; by reject_open.
UPDATE reject r SET resolved_at = %(now)s
FROM new_removal n JOIN link l ON l.id = n.link
WHERE r.stream = l.stream AND r.external_id = l.external_id AND r.resolved_at IS NULL
