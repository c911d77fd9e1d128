-- name: known_records
-- What is known of records just read: their links and images; by link (stream, external_id).
SELECT r.row, l.id, l.customer, l.state, l.shown, i.fields, i.accepted
FROM looked_at r
JOIN link l ON l.stream = %(stream)s AND l.external_id = r.external_id
LEFT JOIN image i ON i.link = l.id

-- name: links_of_customers
-- All links of the customers staged; by link (customer).
SELECT l.id, l.stream, l.external_id, l.customer, l.state, l.since, l.seen, l.shown, l.digest, l.version, l.changed_at
FROM touched t JOIN link l ON l.customer = t.customer

-- name: edited_customers
-- Staged customers with ledger edits that are not absorbed yet; by ledger_edit's primary key.
SELECT e.customer FROM touched t JOIN ledger_edit e ON e.customer = t.customer

-- name: waiting_links
-- What waits to be delivered to records just read; by outbound_link.
SELECT o.link, coalesce(o.code, ''), coalesce(o.reason, ''), coalesce(o.not_before = 'infinity', false),
    a.token, v.id
FROM looked_at r
JOIN link l ON l.stream = %(stream)s AND l.external_id = r.external_id
JOIN outbound o ON o.link = l.id
LEFT JOIN LATERAL (
    SELECT a.token FROM attempt a WHERE a.outbound = o.id AND a.outcome IN ('sent', 'unknown') LIMIT 1
) a ON true
LEFT JOIN review v ON v.kind = 'unknown_outcome' AND v.subject = a.token AND v.decided_at IS NULL

-- name: held_records
-- Open questions about whose records these are; by review_open.
SELECT r.external_id, v.id
FROM looked_at r
JOIN review v ON v.kind = 'possible_duplicate' AND v.subject = %(title)s || '/' || r.external_id AND v.decided_at IS NULL

-- name: conflicts
-- Open questions about the value of a field of the customers staged; by review_open.
SELECT t.customer, substr(v.subject, strpos(v.subject, '/') + 1), v.id
FROM review v JOIN touched t ON t.customer = v.customers[1]
WHERE v.kind = 'conflict' AND v.decided_at IS NULL

-- name: link_max
-- The newest link; by link's primary key.
SELECT coalesce(max(id), 0) FROM link

-- name: live_links
-- Live links of a stream in the order of their ids there, a chunk at a time; by link (stream, external_id).
SELECT id, external_id FROM link
WHERE stream = %(stream)s AND state = 0 AND external_id > %(after)s ORDER BY external_id LIMIT %(limit)s

-- name: customer_ids
-- Customers that are not retired, in order, a chunk at a time; by customer's primary key.
SELECT id FROM customer WHERE id > %(after)s AND retired_into IS NULL ORDER BY id LIMIT %(limit)s

-- name: waiting_creates
-- Staged customers waiting to be created in a stream; by outbound_create.
SELECT o.customer, coalesce(o.code, ''), coalesce(o.reason, ''), coalesce(o.not_before = 'infinity', false),
    a.token, v.id
FROM touched t
JOIN outbound o ON o.customer = t.customer AND o.stream = %(stream)s AND o.link IS NULL
LEFT JOIN LATERAL (
    SELECT a.token FROM attempt a WHERE a.outbound = o.id AND a.outcome IN ('sent', 'unknown') LIMIT 1
) a ON true
LEFT JOIN review v ON v.kind = 'unknown_outcome' AND v.subject = a.token AND v.decided_at IS NULL

-- name: ledger_rows
-- How many customers the ledger holds, and how many of its rows wait to be absorbed.
SELECT (SELECT count(*) FROM customer WHERE retired_into IS NULL), (SELECT count(*) FROM ledger_edit)

-- name: last_run
-- The last run that absorbed something; by the primary key of batch.
SELECT run FROM batch ORDER BY number DESC LIMIT 1

-- name: completion
-- How long changes took from their source's commit to agreement everywhere; by batch_at or batch_run, golden_change_stamp.
WITH changed AS (
    SELECT b.number, b.at, b.stream FROM batch b
    WHERE (%(since)s::timestamptz IS NULL OR b.at >= %(since)s) AND (%(run)s::bigint IS NULL OR b.run = %(run)s)
), first_load AS (
    SELECT DISTINCT ON (stream) stream, number, at, run FROM batch WHERE stream > 1 ORDER BY stream, number
), cell AS (
    SELECT g.customer, g.stamp, g.field,
        (SELECT min(n.stamp) FROM golden_change n
         WHERE n.customer = g.customer AND n.field = g.field AND n.stamp > g.stamp) AS next
    FROM changed b JOIN golden_change g ON g.stamp = b.number
), caused AS (
    SELECT x.customer, x.stamp, max(c.at) AS at
    FROM (SELECT DISTINCT customer, stamp FROM cell) x
    JOIN link l ON l.customer = x.customer JOIN claim c ON c.link = l.id AND c.stamp = x.stamp
    GROUP BY 1, 2
), side AS (
    SELECT x.customer, x.stamp, a.stream, a.link, min(a.answered_at) AS at
    FROM cell x
    JOIN attempt a ON a.customer = x.customer AND a.outcome = 'accepted' AND a.mark >= x.stamp
        AND (x.next IS NULL OR a.mark < x.next)
    WHERE EXISTS (SELECT 1 FROM json_array_elements(a.sent::json) s WHERE s ->> 'field' = x.field)
    GROUP BY 1, 2, 3, 4
), updated AS (
    SELECT b.stream, x.customer, x.stamp, b.at AS absorbed, coalesce(k.at, b.at) AS began,
        (SELECT max(s.at) FROM side s WHERE s.customer = x.customer AND s.stamp = x.stamp) AS ended,
        bool_or(x.next IS NULL) AS stands
    FROM cell x JOIN changed b ON b.number = x.stamp
    LEFT JOIN caused k ON k.customer = x.customer AND k.stamp = x.stamp
    GROUP BY 1, 2, 3, 4, 5
), created AS (
    SELECT b.stream, c.id AS customer, c.created AS stamp, b.at AS absorbed,
        coalesce((SELECT max(m.at) FROM link l JOIN claim m ON m.link = l.id AND m.stamp = c.created
                  WHERE l.customer = c.id), b.at) AS began,
        (SELECT max(s.at) FROM (
            SELECT min(a.answered_at) AS at FROM attempt a
            WHERE a.customer = c.id AND a.kind = 'create' AND a.outcome = 'accepted' GROUP BY a.stream) s) AS ended,
        true AS stands
    FROM changed b JOIN customer c ON c.created = b.number
), change AS (
    SELECT u.*, u.stands AND EXISTS (
            SELECT 1 FROM outbound o WHERE o.customer = u.customer AND o.kind = 'put') AS is_open
    FROM (SELECT * FROM updated UNION ALL SELECT * FROM created) u
    JOIN batch b ON b.number = u.stamp
    LEFT JOIN first_load f ON f.stream = u.stream
    WHERE f.stream IS NULL OR (b.run <> f.run AND u.began > f.at)
), took AS (
    SELECT is_open, began, extract(epoch FROM greatest(absorbed, ended) - began) AS seconds FROM change
)
SELECT count(*) FILTER (WHERE NOT is_open),
    percentile_cont(0.50) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE NOT is_open),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE NOT is_open),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE NOT is_open),
    count(*) FILTER (WHERE is_open),
    extract(epoch FROM %(now)s::timestamptz - min(began) FILTER (WHERE is_open))
FROM took

-- name: writes_by_product
-- Fields that the product wrote: into systems, and into the ledger on behalf of other systems.
WITH changed AS (
    SELECT b.number, b.stream FROM batch b
    LEFT JOIN (SELECT stream, min(run) AS run FROM batch WHERE stream > 1 GROUP BY stream) f ON f.stream = b.stream
    WHERE (%(since)s::timestamptz IS NULL OR b.at >= %(since)s) AND (%(run)s::bigint IS NULL OR b.run = %(run)s)
      AND b.stream <> 0 AND b.run IS DISTINCT FROM f.run
), first_load AS (
    SELECT stream, min(run) AS run FROM batch WHERE stream > 1 GROUP BY stream
)
SELECT
    (SELECT coalesce(sum(k.n), 0) FROM attempt a JOIN first_load f ON f.stream = a.stream
     CROSS JOIN LATERAL (SELECT count(*) AS n FROM json_object_keys(a.patch::json)) k
     WHERE a.outcome = 'accepted' AND a.run <> f.run
       AND (%(since)s::timestamptz IS NULL OR a.answered_at >= %(since)s) AND (%(run)s::bigint IS NULL OR a.run = %(run)s))
  + (SELECT count(*) FROM changed b JOIN golden_change g ON g.stamp = b.number)
  + (SELECT count(DISTINCT (c.id, e.key)) FROM changed b JOIN customer c ON c.created = b.number
     JOIN link l ON l.customer = c.id JOIN claim m ON m.link = l.id AND m.stamp = c.created
     CROSS JOIN LATERAL json_each_text(m.fields::json) e WHERE e.value IS NOT NULL)

-- name: writes_by_people
-- Fields that people wrote, in systems and in the ledger: what records came to say after their stream's first load.
WITH first_load AS (
    SELECT stream, min(run) AS run FROM batch WHERE stream > 1 GROUP BY stream
)
SELECT coalesce(sum(
    (SELECT count(*) FROM json_each_text(c.fields::json) e WHERE e.value IS NOT NULL)
    + coalesce(cardinality(string_to_array(c.cleared, E'\x1f')), 0)), 0)
FROM batch b JOIN claim c ON c.stamp = b.number
LEFT JOIN first_load f ON f.stream = b.stream
WHERE (%(since)s::timestamptz IS NULL OR b.at >= %(since)s) AND (%(run)s::bigint IS NULL OR b.run = %(run)s)
  AND b.run IS DISTINCT FROM f.run
