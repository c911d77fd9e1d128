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
    WHERE f.stream IS NULL OR (b.run <> f.run AND u.began >= f.at)
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
  AND b.run IS DISTINCT FROM f.run AND b.stream <> 2 -- nobody types what the books say

-- name: stream_rows
-- Every stream with where its reading stands; by stream's primary key.
SELECT id, system, name, read_at, cursor IS NOT NULL, failed_at, failed_code, failed_reason,
    unwritten_since, unwritten_code, unwritten_reason
FROM stream ORDER BY id

-- name: link_status
-- How many links of each stream stand how: the status of a link as the database alone can tell it; scans link.
SELECT k.stream, k.state, k.status, count(*) FROM ({links}) k GROUP BY 1, 2, 3

-- name: links_of_customer
-- The links of some customers with their status; by link (customer).
SELECT k.id, k.stream, k.external_id, k.customer, k.state, k.status, k.code, k.reason, k.seen, k.changed_at
FROM ({links}) k WHERE k.customer = ANY(%(customers)s::bigint[]) ORDER BY k.stream, k.external_id

-- name: links
-- The status of every link, to be composed into other statements: excluded, gone, failing, pending, differs or agreed.
SELECT l.id, l.stream, l.external_id, l.customer, l.state, l.seen, l.changed_at, o.code, o.reason,
    CASE
        WHEN l.state = 3 THEN 'excluded'
        WHEN l.state <> 0 THEN 'gone'
        WHEN o.not_before = 'infinity' THEN 'failing'
        WHEN o.id IS NOT NULL OR e.customer IS NOT NULL THEN 'pending'
        WHEN EXISTS (SELECT 1 FROM reject r WHERE r.resolved_at IS NULL AND r.stream = l.stream
                     AND r.external_id = l.external_id) THEN 'differs'
        ELSE 'agreed'
    END AS status
FROM link l
LEFT JOIN outbound o ON o.link = l.id
LEFT JOIN ledger_edit e ON e.customer = l.customer

-- name: outbound_counts
-- What waits, by stream, reason, and whether it waits for a person; scans outbound.
SELECT stream, link IS NULL, coalesce(code, ''), coalesce(not_before = 'infinity', false), count(*)
FROM outbound GROUP BY 1, 2, 3, 4

-- name: reject_counts
-- What is set aside, by stream, stage and code; by reject_open.
SELECT stream, stage, code, count(*), count(DISTINCT external_id) FROM reject WHERE resolved_at IS NULL GROUP BY 1, 2, 3

-- name: review_counts
-- Open questions by kind; by review_open.
SELECT kind, count(*) FROM review WHERE decided_at IS NULL GROUP BY 1 ORDER BY 1

-- name: open_attempts
-- Attempts whose answer is not known, by stream; by attempt_open.
SELECT stream, outcome, count(*) FROM attempt WHERE outcome IN ('sent', 'unknown') GROUP BY 1, 2

-- name: latest_run
-- The latest run of a kind; by run's primary key.
SELECT id, kind, configuration, started_at, finished_at, outcome, detail FROM run
WHERE kind = ANY(%s::text[]) ORDER BY id DESC LIMIT 1

-- name: resolve_customer
-- A customer and those it was retired into, in order, never round in a circle; by customer's primary key.
WITH RECURSIVE chain AS (
    SELECT c.id, c.retired_into, c.stamp, ARRAY[c.id] AS path FROM customer c WHERE c.id = %(customer)s
    UNION ALL
    SELECT c.id, c.retired_into, c.stamp, h.path || c.id
    FROM chain h JOIN customer c ON c.id = h.retired_into WHERE NOT c.id = ANY(h.path)
)
SELECT h.id, h.retired_into, b.at FROM chain h LEFT JOIN batch b ON b.number = h.stamp ORDER BY cardinality(h.path)

-- name: customers_behind
-- A customer and all that were retired into it; customer has no index on retired_into, so this scans it once a step.
WITH RECURSIVE behind AS (
    SELECT %(customer)s::bigint AS id
    UNION
    SELECT c.id FROM behind h JOIN customer c ON c.retired_into = h.id
)
SELECT id FROM behind

-- name: customer_facts
-- When a customer came into being and last changed; by the primary keys of customer and batch.
SELECT c.id, c.retired_into, c.created, b.at, c.stamp, s.at, e.at
FROM customer c LEFT JOIN batch b ON b.number = c.created LEFT JOIN batch s ON s.number = c.stamp
LEFT JOIN ledger_edit e ON e.customer = c.id
WHERE c.id = %s

-- name: creates_of_customer
-- Where a customer waits to be created; by outbound_create.
SELECT stream, coalesce(code, ''), coalesce(reason, ''), coalesce(not_before = 'infinity', false)
FROM outbound WHERE customer = %s AND link IS NULL ORDER BY stream

-- name: rejects_of_customer
-- What is set aside of a customer's records; by link (customer) and reject_open.
SELECT r.id, r.stream, r.external_id, r.field, r.stage, r.code, r.detail, r.whole, r.first_at, r.last_at, r.times
FROM link l JOIN reject r ON r.stream = l.stream AND r.external_id = l.external_id AND r.resolved_at IS NULL
WHERE l.customer = %s ORDER BY r.id

-- name: reviews_of_customer
-- Open questions about a customer; by review_open.
SELECT id, kind, subject, customers, detail, opened_at FROM review
WHERE decided_at IS NULL AND customers @> ARRAY[%s::bigint] ORDER BY id

-- name: claims_of_customer
-- Every claim about a customer, superseded ones too; by link (customer) and claim's primary key.
SELECT l.id, l.stream, l.external_id, l.state, l.since, c.stamp, c.basis, c.seen, c.at, c.fields, c.cleared, c.superseded,
    EXISTS (SELECT 1 FROM telling_link t WHERE t.id = l.id)
FROM link l JOIN claim c ON c.link = l.id WHERE l.customer = %s ORDER BY c.stamp, l.id, c.basis

-- name: changes_of_field
-- How a golden value changed, newest first; by golden_change's primary key.
SELECT g.stamp, b.at, b.run, b.configuration, g.before, g.after, g.link, g.claim, l.stream, l.external_id
FROM golden_change g LEFT JOIN batch b ON b.number = g.stamp LEFT JOIN link l ON l.id = g.link
WHERE g.customer = %(customer)s AND g.field = %(field)s ORDER BY g.stamp DESC

-- name: search_ids
-- Customers by their own id, or by that of one of their records; by customer's primary key and link (stream, external_id).
SELECT c.id FROM customer c WHERE c.id = %(id)s
UNION
SELECT l.customer FROM stream s JOIN link l ON l.stream = s.id AND l.external_id = %(text)s

-- name: search_texts
-- Customers whose names, addresses or numbers contain every word; scans customer until enough are found.
SELECT c.id FROM customer c
WHERE c.retired_into IS NULL AND lower(concat_ws(' ', c.given_name, c.middle_name, c.family_name, c.organisation, c.email,
    c.emails, c.phone, c.phones, c.tax_id)) LIKE ALL(%(patterns)s::text[])
LIMIT %(limit)s

-- name: search_rows
-- What identifies these customers; by customer's primary key.
SELECT id, retired_into, given_name, family_name, organisation, email, phone, country FROM customer
WHERE id = ANY(%s::bigint[]) ORDER BY id

-- name: audit
-- Events, newest first; by event_customer, or by event_id from the end.
SELECT a.id, a.at, a.run, a.batch, a.configuration, a.kind, s.system, s.name, a.link, l.external_id, a.customer, a.fields,
    a.detail, a.digest
FROM audit_event a LEFT JOIN stream s ON s.id = a.stream LEFT JOIN link l ON l.id = a.link
WHERE (%(customers)s::bigint[] IS NULL OR a.customer = ANY(%(customers)s))
  AND (%(system)s::text IS NULL OR s.system = %(system)s)
  AND (%(field)s::text IS NULL OR string_to_array(a.fields, ',') @> ARRAY[%(field)s::text]
       -- What a record said when it was first seen is told by its claim alone; by claim's primary key.
       OR (a.fields IS NULL AND EXISTS (
            SELECT 1 FROM claim c
            WHERE c.link = a.link AND c.stamp = a.batch AND (c.fields::json ->> %(field)s::text) IS NOT NULL)))
  AND (%(since)s::timestamptz IS NULL OR a.at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR a.at < %(until)s)
  AND (%(run)s::bigint IS NULL OR a.run = %(run)s)
ORDER BY a.id DESC LIMIT %(limit)s

-- name: open_rejects
-- What is set aside now; by reject_open.
SELECT r.id, r.stream, r.external_id, r.field, r.stage, r.code, r.detail, r.whole, r.first_at, r.last_at, r.times
FROM reject r WHERE r.resolved_at IS NULL AND (%(stream)s::integer IS NULL OR r.stream = %(stream)s)
ORDER BY r.id LIMIT %(limit)s

-- name: deletions_asked
-- The streams, by title, of which so many records are missing that a person is asked; by review_open.
SELECT subject FROM review WHERE decided_at IS NULL AND kind = 'mass_delete'

-- name: open_reviews
-- What waits for a person; by review_open.
SELECT id, kind, subject, customers, detail, opened_at FROM review WHERE decided_at IS NULL ORDER BY id LIMIT %s

-- name: doctor_schema
-- The migrations that were applied; by schema_version's primary key.
SELECT number, digest FROM schema_version ORDER BY number

-- name: doctor_server
-- The version of the server.
SELECT current_setting('server_version_num')::integer / 10000

-- name: doctor_triggers
-- Triggers of the customer table that are missing or switched off.
SELECT w.name FROM (VALUES ('customer_edited'), ('customer_deleted')) w (name)
WHERE NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = 'customer'::regclass AND t.tgname = w.name AND t.tgenabled IN ('O', 'A'))

-- name: doctor_links_without_customer
-- Links whose customer does not exist, or live ones whose customer is retired; scans link.
SELECT l.id FROM link l LEFT JOIN customer c ON c.id = l.customer
WHERE c.id IS NULL OR (c.retired_into IS NOT NULL AND l.state = 0)

-- name: doctor_links_twice
-- Records that are linked twice; by link (stream, external_id).
SELECT min(id) FROM link GROUP BY stream, external_id HAVING count(*) > 1

-- name: doctor_retired_nowhere
-- Retired customers that resolve to none: the chain ends in nothing or goes round; scans customer.
WITH RECURSIVE chain AS (
    SELECT id AS origin, retired_into AS at, 1 AS steps FROM customer WHERE retired_into IS NOT NULL
    UNION ALL
    SELECT h.origin, c.retired_into, h.steps + 1 FROM chain h JOIN customer c ON c.id = h.at
    WHERE c.retired_into IS NOT NULL AND h.steps < 1000
), reached AS (
    SELECT h.origin FROM chain h JOIN customer c ON c.id = h.at WHERE c.retired_into IS NULL
)
SELECT id FROM customer WHERE retired_into IS NOT NULL AND id NOT IN (SELECT origin FROM reached)

-- name: doctor_changes_unclaimed
-- Golden changes that name a claim which does not exist; scans golden_change, by claim's primary key.
SELECT DISTINCT g.customer FROM golden_change g
WHERE g.link IS NOT NULL AND g.claim IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.link = g.link AND c.stamp = g.claim)

-- name: doctor_claims_astray
-- Claims of no link, or of a batch that never was; scans claim.
SELECT DISTINCT c.link FROM claim c LEFT JOIN link l ON l.id = c.link LEFT JOIN batch b ON b.number = c.stamp
WHERE l.id IS NULL OR b.number IS NULL

-- name: doctor_images_without_link
-- Images of no link; scans image.
SELECT i.link FROM image i LEFT JOIN link l ON l.id = i.link WHERE l.id IS NULL

-- name: doctor_links_without_image
-- Live links without an image; scans link.
SELECT l.id FROM link l LEFT JOIN image i ON i.link = l.id WHERE l.state = 0 AND i.link IS NULL

-- name: doctor_batches_unaudited
-- Batches that made claims, links or golden changes and left no event; scans claim and audit_event.
SELECT b.number FROM batch b
WHERE NOT EXISTS (SELECT 1 FROM audit_event a WHERE a.batch = b.number)
  AND (EXISTS (SELECT 1 FROM claim c WHERE c.stamp = b.number) OR EXISTS (SELECT 1 FROM golden_change g WHERE g.stamp = b.number)
       OR EXISTS (SELECT 1 FROM link l WHERE l.shown = b.number))

-- name: doctor_attempts_unaudited
-- Attempts whose sending, or whose answer, left no event; scans attempt and audit_event.
SELECT a.outbound FROM attempt a
WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.run = a.run AND e.kind = 'sent.' || a.kind AND e.detail = a.token)
   OR (a.answered_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM audit_event e WHERE e.kind LIKE 'answered.%%' AND split_part(e.detail, ' ', 1) = a.token
          AND e.customer = a.customer)
      AND NOT EXISTS ( -- what was created for a customer is that of whom it was merged into
        SELECT 1 FROM audit_event e WHERE e.kind LIKE 'answered.%%' AND split_part(e.detail, ' ', 1) = a.token
          AND e.run = a.run))

-- name: doctor_outbounds_astray
-- Outbounds for a link that does not exist, or for a customer that does not exist or is retired; scans outbound.
SELECT o.id FROM outbound o LEFT JOIN link l ON l.id = o.link LEFT JOIN customer c ON c.id = coalesce(l.customer, o.customer)
WHERE (o.link IS NOT NULL AND l.id IS NULL) OR c.id IS NULL OR c.retired_into IS NOT NULL

-- name: doctor_attempts_left
-- Attempts sent by a run that is gone, to be settled by reading; by attempt_open.
SELECT a.outbound FROM attempt a WHERE a.outcome IN ('sent', 'unknown') AND NOT {present}

-- name: doctor_sequences
-- Sequences that are behind the ids in use; by the primary keys.
SELECT name FROM (
    SELECT 'customer_id' AS name, (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM customer_id) AS last,
        (SELECT coalesce(max(id), 0) FROM customer) AS used
    UNION ALL
    SELECT 'link_id', (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM link_id), (SELECT coalesce(max(id), 0) FROM link)
    UNION ALL
    SELECT 'entry_id', (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM entry_id), (SELECT coalesce(max(id), 0) FROM entry)
    UNION ALL
    SELECT 'document_id', (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM document_id), (SELECT coalesce(max(id), 0) FROM document)
) s WHERE last < used

-- name: keys_of_links
-- The next links of a stream that are not set apart, with their images, by link (stream, external_id).
SELECT l.id, l.external_id, l.state, i.fields FROM link l LEFT JOIN image i ON i.link = l.id
WHERE l.stream = %(stream)s AND l.state <> 3 AND l.external_id > %(after)s ORDER BY l.external_id LIMIT %(limit)s

-- name: keys_missing
-- Staged keys that are not there; by match_key's primary key.
SELECT DISTINCT e.link FROM expected_key e
WHERE NOT EXISTS (SELECT 1 FROM match_key k WHERE k.key = e.key AND k.link = e.link)

-- name: keys_stored
-- How many match keys the links of a stream have; scans match_key once.
SELECT count(*) FROM match_key k JOIN link l ON l.id = k.link WHERE l.stream = %s AND l.state <> 3

-- name: keys_left_over
-- Keys of the links staged that are not among those staged; scans match_key, asked only where counts differ.
SELECT DISTINCT t.link FROM spoken_link t JOIN match_key k ON k.link = t.link
WHERE NOT EXISTS (SELECT 1 FROM expected_key e WHERE e.key = k.key AND e.link = k.link)

-- name: keys_without_link
-- Match keys of no link; scans match_key once.
SELECT DISTINCT k.link FROM match_key k LEFT JOIN link l ON l.id = k.link WHERE l.id IS NULL

-- name: claims_of_touched
-- Claims that still count, of the customers staged; by link (customer) and claim's primary key.
SELECT c.link, c.stamp, c.basis, c.seen, c.at, c.fields, c.cleared
FROM touched t JOIN telling_link l ON l.customer = t.customer JOIN claim c ON c.link = l.id
WHERE c.superseded IS NULL
