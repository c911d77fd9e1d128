-- name: add_batch
-- Number this commit.
INSERT INTO batch (number, run, stream, configuration, records, at) VALUES (%s, %s, %s, %s, %s, %s)

-- name: add_merges
-- Keep which customers go into which.
INSERT INTO merge (customer, into_customer, batch)
SELECT r.customer, r.into_customer, %(batch)s FROM unnest(%(customers)s::bigint[], %(into)s::bigint[]) r (customer, into_customer)

-- name: add_merge_links
-- Keep which records they had, while they have them; by link_customer.
INSERT INTO merge_link (customer, batch, link)
SELECT l.customer, %(batch)s, l.id FROM link l WHERE l.customer = ANY(%(customers)s::bigint[])

-- name: change_links
-- Keep what changed about known links; by link's primary key.
UPDATE link l SET customer = n.customer, state = n.state, since = n.since, seen = n.seen, shown = n.shown,
    digest = n.digest, version = n.version, changed_at = n.changed_at
FROM new_link n WHERE l.id = n.link

-- name: change_images
-- Keep what known records show now; by image's primary key.
INSERT INTO image (link, fields) SELECT link, image FROM new_image
ON CONFLICT (link) DO UPDATE SET fields = EXCLUDED.fields

-- name: keep_accepted
-- Keep what a system made of what it was sent; by image's primary key.
UPDATE image SET accepted = n.accepted FROM new_accepted n WHERE image.link = n.link

-- name: supersede
-- Mark claims of which no field counts any more; by claim's primary key.
UPDATE claim c SET superseded = %(batch)s
FROM old_claim o WHERE c.link = o.link AND c.stamp = o.stamp AND c.basis = o.basis AND c.seen = o.seen

-- name: change_customers
-- Write golden values into the rows of known customers; by customer's primary key.
UPDATE customer c SET {assignments}, custom = n.custom::jsonb, stamp = %(batch)s
FROM new_customer n WHERE c.id = n.id

-- name: retire_customers
-- A customer whose records all went to another resolves to that one for ever; by customer's primary key.
UPDATE customer c SET retired_into = r.into_customer, stamp = %(batch)s
FROM unnest(%(customers)s::bigint[], %(into)s::bigint[]) r (customer, into_customer) WHERE c.id = r.customer

-- name: retire_again
-- Whoever was retired into a customer that is retired now resolves to the same in one step; by customer_retired.
UPDATE customer c SET retired_into = r.into_customer
FROM unnest(%(customers)s::bigint[], %(into)s::bigint[]) r (customer, into_customer) WHERE c.retired_into = r.customer

-- name: add_keys
-- Add match keys of known links; by match_key's primary key.
INSERT INTO match_key (key, link) SELECT key, link FROM new_key ON CONFLICT DO NOTHING

-- name: drop_keys
-- Take away match keys that no longer hold; by match_key's primary key.
DELETE FROM match_key k USING old_key o WHERE k.key = o.key AND k.link = o.link

-- name: add_rejects
-- Open a reject, or count it again; by reject_open.
INSERT INTO reject (stage, stream, external_id, field, code, detail, whole, record, first_at, last_at, run, batch)
SELECT DISTINCT ON (external_id, field, code) stage, %(stream)s, external_id, field, code, detail, whole, record,
    %(now)s::timestamptz, %(now)s::timestamptz, %(run)s, %(batch)s
FROM new_reject ORDER BY external_id, field, code
ON CONFLICT (stream, external_id, field, code) WHERE resolved_at IS NULL
DO UPDATE SET last_at = EXCLUDED.last_at, times = reject.times + 1, detail = EXCLUDED.detail, record = EXCLUDED.record,
    batch = EXCLUDED.batch

-- name: resolve_rejects
-- Rejects of observed records that are not said again are resolved by themselves; by reject_open.
UPDATE reject r SET resolved_at = %(now)s
FROM observed o
WHERE r.stream = %(stream)s AND r.external_id = o.external_id AND r.resolved_at IS NULL
  AND r.stage IN ('map', 'resolve', 'read')
  AND NOT EXISTS (SELECT 1 FROM new_reject n WHERE n.external_id = r.external_id AND n.field = r.field AND n.code = r.code)

-- name: has_rejects
-- Is anything of this stream set aside; by reject_open.
SELECT EXISTS (SELECT 1 FROM reject WHERE stream = %s AND resolved_at IS NULL)

-- name: add_reviews
-- Ask a person, once; by review_open.
INSERT INTO review (kind, subject, customers, detail, opened_at, run)
SELECT kind, subject, string_to_array(customers, ',')::bigint[], detail, %(now)s, %(run)s FROM new_review
ON CONFLICT (kind, subject) WHERE decided_at IS NULL DO NOTHING

-- name: withdraw_reviews
-- Flags of observed records, and conflicts of changed customers, that are not asked again; by review_open.
UPDATE review v SET decided_at = %(now)s, decision = 'withdrawn'
WHERE v.decided_at IS NULL
  AND (v.kind = 'flag' AND v.subject IN (SELECT %(title)s || '/' || o.external_id FROM observed o)
    OR v.kind = 'conflict' AND v.customers && %(customers)s::bigint[])
  AND NOT EXISTS (SELECT 1 FROM new_review n WHERE n.kind = v.kind AND n.subject = v.subject)

-- name: add_due_links
-- Note that these records do not show what they should; by outbound_link.
INSERT INTO outbound (customer, stream, link, kind, enqueued, enqueued_at)
SELECT customer, stream, link, kind, %(batch)s, %(now)s FROM due WHERE link IS NOT NULL
ON CONFLICT (link) WHERE link IS NOT NULL
DO UPDATE SET customer = EXCLUDED.customer, enqueued = EXCLUDED.enqueued, tries = 0, not_before = NULL,
    code = NULL, reason = NULL,
    kind = CASE WHEN outbound.kind = 'put' THEN EXCLUDED.kind ELSE outbound.kind END

-- name: add_due_creates
-- Note that these customers are missing there; by outbound_create.
INSERT INTO outbound (customer, stream, link, kind, enqueued, enqueued_at)
SELECT customer, stream, NULL, kind, %(batch)s, %(now)s FROM due WHERE link IS NULL
ON CONFLICT (customer, stream) WHERE link IS NULL
DO UPDATE SET enqueued = EXCLUDED.enqueued, tries = 0, not_before = NULL, code = NULL, reason = NULL

-- name: drop_agreed
-- These records show what they should: nothing waits for them, and whoever changes one has seen that. By
-- the primary key of link and by outbound (link).
WITH dropped AS (
    DELETE FROM outbound o USING agreed a WHERE o.link = a.link AND o.kind = 'put'
)
UPDATE link l SET seen = %(batch)s FROM agreed a WHERE l.id = a.link AND l.state = 0 AND l.seen < %(batch)s

-- name: drop_created
-- These customers are there now; by outbound_create.
DELETE FROM outbound o USING new_tie n WHERE o.link IS NULL AND o.customer = n.customer AND o.stream = n.stream

-- name: found_created
-- Creations whose answer was lost, and whose record was found; by attempt_customer.
WITH found AS (
    UPDATE attempt a SET outcome = 'accepted', answered_at = %(now)s, code = 'found'
    FROM new_tie n
    WHERE a.customer = n.customer AND a.stream = n.stream AND a.link IS NULL AND a.kind = 'create'
      AND (a.outcome = 'unknown' OR a.outcome = 'sent' AND a.run <> %(run)s)
    RETURNING a.token, a.stream, a.customer
), told AS (
    INSERT INTO event (batch, kind, stream, customer, detail)
    SELECT %(batch)s, 'answered.accepted', f.stream, f.customer, f.token || ' found' FROM found f
)
UPDATE review v SET decided_at = %(now)s, decision = 'withdrawn'
FROM found f WHERE v.kind = 'unknown_outcome' AND v.subject = f.token AND v.decided_at IS NULL

-- name: drop_retired
-- A retired customer has nothing to be created.
DELETE FROM outbound WHERE link IS NULL AND customer = ANY(%(customers)s::bigint[])

-- name: hand_over_creations
-- What was created for a retired customer, done perhaps, is the other's; by attempt_customer.
UPDATE attempt a SET customer = r.into_customer
FROM unnest(%(customers)s::bigint[], %(into)s::bigint[]) r (customer, into_customer)
WHERE a.customer = r.customer AND a.kind = 'create'

-- name: hand_over_reviews
-- What is asked about a retired customer is asked about the other; by review_open.
UPDATE review v SET customers = array_replace(v.customers, r.customer, r.into_customer)
FROM unnest(%(customers)s::bigint[], %(into)s::bigint[]) r (customer, into_customer)
WHERE v.decided_at IS NULL AND r.customer = ANY(v.customers)

-- name: resolve_merged_reviews
-- Whether two customers are one is answered once they are; by review_open_customers.
UPDATE review v SET decided_at = %(now)s, decision = 'resolved by itself'
WHERE v.kind = 'duplicate_customer' AND v.decided_at IS NULL
  AND v.customers && %(into)s::bigint[] AND v.customers[1] = v.customers[2]

-- name: resolve_decided_reviews
-- A held record that found its customer needs no decision any more; by review_open.
UPDATE review v SET decided_at = %(now)s, decision = 'resolved by itself'
FROM observed o, link l
WHERE v.kind = 'possible_duplicate' AND v.decided_at IS NULL AND v.subject = %(title)s || '/' || o.external_id
  AND l.stream = %(stream)s AND l.external_id = o.external_id

-- name: keep_cursor
-- Go on from here next time.
UPDATE stream SET cursor = %(cursor)s, read_at = %(now)s WHERE id = %(stream)s
