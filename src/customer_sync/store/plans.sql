-- name: start
-- Open a plan; what was read is kept in the inbox under its number.
INSERT INTO plan (run, configuration, mark, state, document)
VALUES (%(run)s, %(configuration)s, %(mark)s, 'reading', '{}') RETURNING id

-- name: keep_records
-- Keep what was read for a plan, the last reading of each record; by inbox_plan.
INSERT INTO inbox (stream, external_id, record, mark, received_at, plan)
SELECT %(stream)s, external_id, record, %(mark)s, %(now)s, %(plan)s FROM new_inbox
ON CONFLICT (plan, stream, external_id) WHERE plan IS NOT NULL
DO UPDATE SET record = EXCLUDED.record, mark = EXCLUDED.mark, received_at = EXCLUDED.received_at

-- name: records
-- The next records of a plan, as they were read: those of customers up to a number that were not applied yet,
-- and in the end those that belong to no customer; by inbox_stream and plan_record's primary key.
SELECT i.id, i.external_id, i.record, i.mark
FROM inbox i
LEFT JOIN plan_record r ON r.plan = i.plan AND r.stream = i.stream AND r.external_id = i.external_id
LEFT JOIN plan_customer c ON c.plan = i.plan AND c.number = r.number
WHERE i.stream = %(stream)s AND i.plan = %(plan)s AND i.id > %(after)s
  AND (c.number <= %(last)s AND NOT c.applied OR c.number IS NULL AND %(is_whole)s)
ORDER BY i.id LIMIT %(limit)s

-- name: finish
-- A plan is complete, or done with; by plan's primary key.
UPDATE plan SET state = %(state)s, document = coalesce(%(document)s, document),
    decided_at = CASE WHEN %(state)s IN ('applied', 'discarded') THEN clock_timestamp() END
WHERE id = %(plan)s

-- name: get
-- One plan, kept from others until the transaction ends; by plan's primary key.
SELECT run, configuration, mark, state, document FROM plan WHERE id = %s FOR UPDATE

-- name: latest
-- The newest plan that can be applied.
SELECT max(id) FROM plan WHERE state = 'open'

-- name: customers
-- The customers of a plan that were not applied yet; by plan_customer's primary key.
SELECT number, identity, digest FROM plan_customer WHERE plan = %s AND NOT applied ORDER BY number

-- name: details
-- What a plan tells of its customers, in order; by plan_customer's primary key.
SELECT detail FROM plan_customer WHERE plan = %s AND detail IS NOT NULL ORDER BY number

-- name: customer_records
-- Which records make up the customers of a plan that were not applied yet.
SELECT r.number, r.stream, r.external_id
FROM plan_record r JOIN plan_customer c ON c.plan = r.plan AND c.number = r.number
WHERE r.plan = %(plan)s AND NOT c.applied AND c.number = ANY(%(numbers)s::integer[])

-- name: patches
-- Digests of the patches foreseen for the customers of a plan that were not applied yet.
SELECT p.digest FROM plan_patch p JOIN plan_customer c ON c.plan = p.plan AND c.number = p.number
WHERE p.plan = %(plan)s AND NOT c.applied AND c.number <= %(last)s

-- name: mark_applied
-- These customers of a plan are done; by plan_customer's primary key.
UPDATE plan_customer SET applied = true WHERE plan = %(plan)s AND number <= %(last)s AND NOT applied

-- name: forget_inbox
-- What was read for a plan is not needed any more; by inbox_plan.
DELETE FROM inbox WHERE plan = %s

-- name: forget_customers
-- What a plan told is not needed any more; by plan_customer's primary key.
DELETE FROM plan_customer WHERE plan = %s

-- name: forget_records
-- Nor is which records belonged to whom; by plan_record's primary key.
DELETE FROM plan_record WHERE plan = %s

-- name: forget_patches
-- Nor are the digests of its patches; by plan_patch's primary key.
DELETE FROM plan_patch WHERE plan = %s

-- name: touched
-- Is each of the touched customers new since a batch, and is it retired; by customer's primary key.
SELECT c.id, c.created >= %(first)s, c.retired_into FROM touched t JOIN customer c ON c.id = t.customer ORDER BY c.id

-- name: changes
-- Golden values of the touched customers changed since a batch; by golden_change's primary key.
SELECT g.customer, g.field, g.before, g.after
FROM touched t JOIN golden_change g ON g.customer = t.customer AND g.stamp >= %(first)s
ORDER BY g.customer, g.field, g.stamp

-- name: edited_since
-- Customers that accountants edited after a plan was made and that are not absorbed yet.
SELECT e.customer FROM ledger_edit e JOIN plan p ON p.id = %s WHERE e.at > p.made_at

