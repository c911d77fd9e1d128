-- name: begin_absorb
-- Serialise absorbing per workspace, and tell the customer trigger who is writing. A statement of its own: one
-- that also looked at batch would see it as it was before the wait for the lock.
SELECT set_config('customer_sync.absorbing', 'on', true),
       pg_advisory_xact_lock(hashtextextended(current_schema() || '/absorb', 0))

-- name: last_batch
-- The batch that committed last; by the primary key of batch.
SELECT coalesce(max(number), 0) FROM batch

-- name: allocate_links
-- Take ids for new links.
SELECT nextval('link_id') FROM generate_series(1, %s)

-- name: rehearse_links
-- Ids that are rolled back again, so that none is used up; far above what others can reach meanwhile.
SELECT greatest((SELECT max(id) FROM link), (SELECT last_value FROM link_id) + 1000000) + n FROM generate_series(1, %s) n

-- name: allocate_customers
-- Take ids for new customers.
SELECT nextval('customer_id') FROM generate_series(1, %s)

-- name: rehearse_customers
-- The same for customers.
SELECT greatest((SELECT max(id) FROM customer), (SELECT last_value FROM customer_id) + 1000000) + n FROM generate_series(1, %s) n

-- name: news
-- Staged observations that are new or differ from what is known, and what is known of them; by link (stream, external_id).
-- `OFFSET 0`, here and below, keeps the planner to that index: it would rather read a million rows than look up 5,000.
SELECT o.row, l.id, l.customer, l.state, l.shown, i.fields
FROM observed o
LEFT JOIN LATERAL (SELECT * FROM link WHERE stream = %(stream)s AND external_id = o.external_id OFFSET 0) l ON true
LEFT JOIN LATERAL (SELECT fields FROM image WHERE link = l.id OFFSET 0) i ON true
WHERE %(all)s OR l.id IS NULL OR l.digest <> o.digest OR l.state NOT IN (0, 2, 3)

-- name: touch_versions
-- Keep versions of records whose mapped fields did not change; by link (stream, external_id).
UPDATE link l SET version = o.version, changed_at = o.changed_at
FROM observed o
WHERE l.stream = %(stream)s AND l.external_id = o.external_id AND l.digest = o.digest
  AND l.version IS DISTINCT FROM o.version AND l.shown <= %(mark)s

-- name: candidates
-- Customers that carry one of the staged keys (distinct, in order), and how many parties carry it: a customer with a
-- name is one, whatever its records; where there are too many to look at all, each record counts. By match_key (key, link).
SELECT m.key, m.customer, sum(
        CASE WHEN m.is_cut OR coalesce(c.given_name, c.family_name, c.organisation) IS NULL THEN m.records ELSE 1 END
    ) OVER (PARTITION BY m.key)::integer, c.given_name, c.family_name, c.organisation
FROM (
    SELECT w.key, l.customer, count(*) AS records, sum(count(*)) OVER (PARTITION BY w.key) >= %(limit)s AS is_cut
    FROM wanted_key w
    CROSS JOIN LATERAL (SELECT k.link FROM match_key k WHERE k.key = w.key LIMIT %(limit)s) k
    JOIN link l ON l.id = k.link AND l.state <> 3
    GROUP BY w.key, l.customer
) m
JOIN customer c ON c.id = m.customer

-- name: pointed_at
-- Customers of the records that observed ones point at by reference; by link (stream, external_id).
SELECT p.key, l.customer, 1, c.given_name, c.family_name, c.organisation
FROM pointing p
JOIN link l ON l.stream = p.stream AND l.external_id = p.external_id AND l.state <> 3
JOIN customer c ON c.id = l.customer

-- name: decided
-- What stewards settled about the staged observations; by decision's primary key.
SELECT o.row, coalesce(c.retired_into, c.id), d.same
FROM observed o JOIN decision d ON d.stream = %(stream)s AND d.external_id = o.external_id
JOIN customer c ON c.id = d.customer

-- name: standing
-- Whom these customers resolve to, where they were retired since; by customer's primary key.
SELECT c.id, c.retired_into FROM customer c WHERE c.id = ANY(%(ids)s::bigint[]) AND c.retired_into IS NOT NULL

-- name: owners
-- Whose these records are; by link's primary key.
SELECT DISTINCT l.customer FROM link l WHERE l.id = ANY(%(links)s::bigint[]) ORDER BY 1

-- name: winners
-- The records that observed ones were merged into; by link (stream, external_id).
SELECT l.id, l.external_id, l.customer
FROM link l WHERE l.stream = %(stream)s AND l.external_id = ANY(%(ids)s::text[])

-- name: lock_customers
-- Wait for accountants who are writing to the touched customers, and keep others out.
SELECT count(*) FROM (SELECT c.id FROM touched t JOIN customer c ON c.id = t.customer ORDER BY c.id FOR UPDATE OF c) locked

-- name: edited
-- Unabsorbed edits of the touched customers by the ledger's own doors.
SELECT count(*) FROM touched t JOIN ledger_edit e ON e.customer = t.customer

-- name: links
-- All links of the touched customers; by link (customer).
SELECT l.id, l.stream, l.external_id, l.customer, l.state, l.since, l.seen, l.shown, l.digest, l.version, l.changed_at
FROM touched t CROSS JOIN LATERAL (SELECT * FROM link WHERE customer = t.customer OFFSET 0) l

-- name: images
-- Images of the touched customers' links; by image's primary key.
SELECT i.link, i.fields, i.accepted
FROM touched t
CROSS JOIN LATERAL (SELECT id FROM link WHERE customer = t.customer OFFSET 0) l
CROSS JOIN LATERAL (SELECT * FROM image WHERE link = l.id OFFSET 0) i

-- name: claims
-- Claims that still count, of the touched customers' links; by claim (link, stamp, basis).
SELECT c.link, c.stamp, c.basis, c.seen, c.at, c.fields, c.cleared
FROM touched t
CROSS JOIN LATERAL (SELECT id FROM telling_link WHERE customer = t.customer OFFSET 0) l
CROSS JOIN LATERAL (SELECT * FROM claim WHERE link = l.id AND superseded IS NULL OFFSET 0) c

-- name: customers
-- Golden values of the touched customers as they stand; by customer's primary key.
SELECT c.id, {columns}, c.custom::text, c.stamp, false
FROM touched t CROSS JOIN LATERAL (SELECT * FROM customer WHERE id = t.customer OFFSET 0) c

-- name: customers_before
-- Golden values of edited customers as they stood before the first unabsorbed edit.
SELECT e.customer, {before}, (e.before -> 'custom')::text, coalesce((e.before ->> 'stamp')::bigint, 0), true
FROM touched t JOIN ledger_edit e ON e.customer = t.customer
WHERE e.before IS NOT NULL

-- name: ledger_edits
-- Customers edited through the ledger's own doors: the row now, and before the first unabsorbed edit.
SELECT c.id::text, e.at, (e.before IS NULL), {columns}, c.custom::text, {before}, (e.before -> 'custom')::text
FROM (SELECT * FROM ledger_edit ORDER BY customer LIMIT %(limit)s) e JOIN customer c ON c.id = e.customer

-- name: forget_edits
-- These edits are absorbed.
DELETE FROM ledger_edit WHERE customer = ANY(%(ids)s::bigint[])

-- name: creations
-- What creations of the touched customers meant to leave in a stream, done perhaps, or twice; by attempt_customer.
SELECT a.customer, a.sent, a.mark, a.outcome <> 'accepted'
FROM touched t JOIN attempt a ON a.customer = t.customer
WHERE a.stream = %(stream)s AND a.link IS NULL AND a.kind = 'create' AND a.outcome <> 'refused'

-- name: sent
-- What open or lost attempts meant to leave in the touched customers' records; by attempt (link).
SELECT a.link, a.sent, a.mark
FROM touched t JOIN link l ON l.customer = t.customer JOIN attempt a ON a.link = l.id
WHERE a.outcome IN ('sent', 'unknown', 'not_done')
