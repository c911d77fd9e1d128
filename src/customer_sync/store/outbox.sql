-- name: take
-- Take outbounds that may be delivered now; a holder that no longer lives holds nothing. By outbound's primary key.
UPDATE outbound SET holder = %(run)s, tries = tries + 1
WHERE id IN (
    SELECT o.id FROM ripe_outbound o
    WHERE o.stream = %(stream)s AND o.kind = ANY(%(kinds)s)
      AND (%(only)s::bigint[] IS NULL OR o.id = ANY(%(only)s::bigint[]))
      AND (o.not_before IS NULL OR o.not_before <= %(now)s)
      AND (o.holder IS NULL OR o.holder = %(run)s OR NOT {present})
    ORDER BY o.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id, customer, stream, link, kind, tries

-- name: standing
-- Outbounds that `take` would take, in order, without taking them; by outbound's primary key.
SELECT o.id, o.customer, o.stream, o.link, o.kind, o.tries
FROM ripe_outbound o
WHERE o.stream = %(stream)s AND o.kind = ANY(%(kinds)s) AND o.id > %(after)s
  AND (o.not_before IS NULL OR o.not_before <= %(now)s)
  AND (o.holder IS NULL OR o.holder = %(run)s OR NOT {present})
ORDER BY o.id LIMIT %(limit)s

-- name: due_links
-- The links of taken outbounds with their images, and what they are to show again; by the primary keys of link,
-- image and restoration.
SELECT l.id, l.external_id, l.customer, l.state, l.version, i.fields, i.accepted, r.patch, r.expected
FROM taken t JOIN link l ON l.id = t.link LEFT JOIN image i ON i.link = l.id LEFT JOIN restoration r ON r.link = l.id

-- name: links_of_customers
-- All links of the customers concerned, for references and to see who is there already; by link (customer).
SELECT l.id, l.stream, l.external_id, l.customer, l.state, l.since, l.seen, l.shown, l.digest, l.version, l.changed_at
FROM touched t JOIN link l ON l.customer = t.customer

-- name: add_attempts
-- Write down what is about to be sent, before it is sent.
INSERT INTO attempt (token, outbound, customer, stream, link, kind, external_id, patch, expected, expected_version,
    sent, digest, mark, run, at, outcome)
SELECT token, outbound, customer, stream, link, kind, external_id, patch, expected, expected_version,
    sent, digest, %(mark)s, %(run)s, %(now)s, 'sent'
FROM new_attempt

-- name: answer
-- What became of attempts; by attempt's primary key.
UPDATE attempt a SET outcome = n.outcome, answered_at = %(now)s, code = n.code, reason = n.reason,
    external_id = coalesce(n.external_id, a.external_id)
FROM new_answer n WHERE a.token = n.token

-- name: release
-- These outbounds wait: until a time, or until something about them changes. By outbound's primary key.
UPDATE outbound o SET holder = NULL, code = n.code, reason = n.reason,
    not_before = CASE WHEN n.wait_s < 0 THEN 'infinity' ELSE %(now)s::timestamptz + make_interval(secs => n.wait_s) END
FROM released n WHERE o.id = n.outbound

-- name: drop
-- Nothing is left to deliver for these; by outbound's primary key.
DELETE FROM outbound WHERE id = ANY(%(ids)s::bigint[])

-- name: mark_seen
-- These records show the golden values; by link's primary key.
UPDATE link SET seen = greatest(seen, %(mark)s) WHERE id = ANY(%(links)s::bigint[])

-- name: orphans
-- Attempts of which nobody knows what became of them, and whose sender is gone; by attempt_open.
SELECT a.token, a.outbound, a.customer, a.stream, a.link, a.kind, a.external_id, a.patch, a.expected, a.expected_version,
    a.sent, a.mark, o.tries,
    EXISTS (SELECT 1 FROM review v WHERE v.kind = 'unknown_outcome' AND v.subject = a.token AND v.decided_at IS NULL)
FROM attempt a LEFT JOIN outbound o ON o.id = a.outbound
WHERE a.stream = %(stream)s AND a.outcome IN ('sent', 'unknown')
  AND (a.run = %(run)s OR NOT {present})
ORDER BY a.at LIMIT %(limit)s

-- name: waiting
-- How much is still to be delivered, by stream and reason.
SELECT stream, coalesce(code, ''), count(*) FROM outbound GROUP BY 1, 2

-- name: retry
-- Let refused deliveries try again.
UPDATE outbound SET not_before = NULL, code = NULL, reason = NULL, tries = 0
WHERE not_before IS NOT NULL AND (%(stream)s::integer IS NULL OR stream = %(stream)s)

-- name: retry_flapping
-- Let what flapped try again; by outbound's and link's indexes on customer.
UPDATE outbound o SET not_before = NULL, code = NULL, reason = NULL, tries = 0
WHERE o.code = 'flapping' AND (o.customer = ANY(%(customers)s::bigint[])
    OR o.link IN (SELECT l.id FROM link l WHERE l.customer = ANY(%(customers)s::bigint[])))
