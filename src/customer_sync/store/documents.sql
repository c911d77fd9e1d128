-- name: allocate_documents
-- Take ids for new documents.
SELECT nextval('document_id') FROM generate_series(1, %s)

-- name: lock_documents
-- Hold every document that a decision may change, in the order of ids: those observed or named; of each customer
-- concerned what is open or dated since that day; and what these are allocated with. Neighbours in an index are looked
-- up one after another, which halves their cost. By link's primary key and
-- link_customer, document (stream, external_id), document_open, document_party, allocation_debit, allocation_credit.
WITH concerned AS MATERIALIZED (
    SELECT s.id AS party, c.since
    FROM (
        SELECT l.customer, min(c.since) AS since
        FROM concerned_party c CROSS JOIN LATERAL (SELECT customer FROM link WHERE id = c.party OFFSET 0) l
        GROUP BY l.customer ORDER BY l.customer OFFSET 0
    ) c CROSS JOIN LATERAL (SELECT id FROM link WHERE customer = c.customer OFFSET 0) s
), named AS MATERIALIZED (
    SELECT d.id FROM observed_document n
    CROSS JOIN LATERAL (SELECT id FROM document WHERE stream = n.stream AND external_id = n.external_id OFFSET 0) d
    UNION SELECT document FROM named_document
    UNION SELECT d.id FROM concerned c
    CROSS JOIN LATERAL (SELECT id FROM document WHERE party = c.party AND settled < abs(amount) OFFSET 0) d
    UNION SELECT d.id FROM concerned c
    CROSS JOIN LATERAL (SELECT id FROM document WHERE party = c.party AND date >= c.since OFFSET 0) d
), wanted AS MATERIALIZED (
    SELECT id FROM named
    UNION SELECT a.credit FROM named n
    CROSS JOIN LATERAL (SELECT credit FROM allocation WHERE debit = n.id AND released_at IS NULL OFFSET 0) a
    UNION SELECT a.debit FROM named n
    CROSS JOIN LATERAL (SELECT debit FROM allocation WHERE credit = n.id AND released_at IS NULL OFFSET 0) a
)
SELECT d.id FROM (SELECT id FROM wanted ORDER BY id OFFSET 0) w
CROSS JOIN LATERAL (SELECT id FROM document WHERE id = w.id FOR UPDATE) d

-- name: standing
-- The last outcome of the documents observed; by document (stream, external_id).
SELECT n.stream, n.external_id, d.id, d.state, d.digest, d.version, d.party, d.entry
FROM observed_document n CROSS JOIN LATERAL (
    SELECT id, state, digest, version, party, entry FROM document
    WHERE stream = n.stream AND external_id = n.external_id OFFSET 0
) d

-- name: parties
-- The links of the customer records that documents name; by link (stream, external_id). What is excluded is nobody's.
SELECT n.stream, n.external_id, l.id, l.customer FROM named_customer n CROSS JOIN LATERAL (
    SELECT id, customer FROM link WHERE stream = n.stream AND external_id = n.external_id AND state <> 3 OFFSET 0
) l

-- name: customers
-- Whose these parties are now; by link's primary key.
SELECT l.id, l.customer FROM unnest(%s::bigint[]) n (id)
CROSS JOIN LATERAL (SELECT id, customer FROM link WHERE id = n.id OFFSET 0) l

-- name: items
-- What these documents are to be settled with; by the primary keys of document and link.
SELECT d.id, d.stream, d.external_id, l.customer, d.party, d.account, d.currency, d.date, (d.amount * 10000)::bigint,
    (d.functional * 10000)::bigint, (d.settled * 10000)::bigint
FROM unnest(%s::bigint[]) n (id) CROSS JOIN LATERAL (
    SELECT id, stream, external_id, party, account, currency, date, amount, functional, settled FROM document
    WHERE id = n.id AND account IS NOT NULL OFFSET 0
) d LEFT JOIN LATERAL (SELECT customer FROM link WHERE id = d.party OFFSET 0) l ON true ORDER BY d.id

-- name: allocations
-- Standing allocations among these documents; by allocation_debit.
SELECT a.id, a.debit, a.credit, (a.amount * 10000)::bigint FROM unnest(%(documents)s::bigint[]) n (id) CROSS JOIN LATERAL (
    SELECT id, debit, credit, amount FROM allocation WHERE debit = n.id AND released_at IS NULL OFFSET 0
) a WHERE a.credit = ANY(%(documents)s::bigint[]) ORDER BY a.id

-- name: crossing
-- Standing allocations between parties that are no longer one customer's, as after an unmerge; scans standing allocations.
SELECT a.id, a.debit, a.credit, (a.amount * 10000)::bigint
FROM allocation a JOIN document d ON d.id = a.debit JOIN document c ON c.id = a.credit
JOIN link dl ON dl.id = d.party JOIN link cl ON cl.id = c.party
WHERE a.released_at IS NULL AND dl.customer <> cl.customer ORDER BY a.id

-- name: live_entries
-- The entries by which these documents stand, without those that settle: neither reversals nor reversed; by entry_document and entry_reverses.
SELECT e.id, e.document, e.kind, e.date, e.period, e.reverses, e.rule, e.memo FROM unnest(%s::bigint[]) n (id) CROSS JOIN LATERAL (
    SELECT * FROM entry WHERE document = n.id AND reverses IS NULL AND kind NOT IN ('allocate', 'exchange') OFFSET 0
) e
WHERE NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id) ORDER BY e.id

-- name: postings
-- The lines of these entries; by posting's primary key.
SELECT p.entry, p.line, p.account, p.party, p.currency, (p.amount * 10000)::bigint, (p.functional * 10000)::bigint, p.document
FROM unnest(%s::bigint[]) n (id) CROSS JOIN LATERAL (SELECT * FROM posting WHERE entry = n.id OFFSET 0) p ORDER BY p.entry, p.line

-- name: renew_documents
-- Keep documents as they are shown now, and what became of them; by document's primary key.
UPDATE document d SET state = n.state, reason = n.reason, party = n.party, digest = n.digest, version = n.version,
    entry = coalesce(n.entry, CASE WHEN n.state = 'posted' THEN d.entry END), stamp = n.stamp, type = n.type, rule = n.rule,
    number = n.number, status = n.status, customer_ref = n.customer_ref, date = n.date, due_date = n.due_date,
    service_start = n.service_start, service_end = n.service_end, currency = n.currency, rate = n.rate::numeric,
    total = n.total::numeric, net = n.net::numeric, tax = n.tax::numeric, processor = n.processor, payout = n.payout,
    campaign = n.campaign, source = n.source, account = n.account, amount = n.amount::numeric,
    functional = n.functional::numeric, snapshot = n.snapshot, read = n.read, shown = n.shown, presence = n.presence,
    aside = n.aside
FROM renewed_document n WHERE d.id = n.id

-- name: note_documents
-- Keep what was said of documents whose posted content stands: what no posting depends on, or why a change was set
-- aside; by document's primary key.
UPDATE document d SET reason = n.reason, digest = n.digest, version = n.version, stamp = n.stamp,
    number = CASE WHEN n.reason IS NULL THEN n.number ELSE d.number END,
    status = CASE WHEN n.reason IS NULL THEN n.status ELSE d.status END,
    due_date = CASE WHEN n.reason IS NULL THEN n.due_date ELSE d.due_date END,
    payout = CASE WHEN n.reason IS NULL THEN n.payout ELSE d.payout END,
    campaign = CASE WHEN n.reason IS NULL THEN n.campaign ELSE d.campaign END,
    source = CASE WHEN n.reason IS NULL THEN n.source ELSE d.source END,
    read = n.read, shown = n.shown, presence = n.presence, aside = n.aside
FROM noted_document n WHERE d.id = n.id

-- name: release
-- Take allocations back; by allocation's primary key.
UPDATE allocation a SET released_at = %(now)s, released_entry = r.entry FROM released_allocation r WHERE a.id = r.allocation

-- name: unposted
-- How many documents dated in a period wait to be posted there, by state; of what stands there, or would, changes that
-- wait; and what has no day that can be read, so that it may be one of them. By document_aside.
SELECT coalesce(CASE WHEN state = 'posted' THEN 'changed' WHEN date IS NULL THEN 'undated' END, state), count(*) FROM document
WHERE reason IS NOT NULL AND state IN ('posted', 'waiting', 'parked', 'rejected')
    AND coalesce(date, %(first)s) BETWEEN %(first)s AND %(last)s GROUP BY 1 ORDER BY 1
