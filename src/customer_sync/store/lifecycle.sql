-- name: ids_of
-- A customer and all that were retired into it; by customer's primary key and customer_retired.
SELECT id FROM customer WHERE id = %(customer)s UNION ALL SELECT id FROM customer WHERE retired_into = %(customer)s

-- name: told_events
-- Audit events of customers, without those of documents; by event_customer.
SELECT a.id, a.at, a.batch, a.kind, s.system, s.name, l.external_id, a.customer, a.fields, a.detail
FROM audit_event a LEFT JOIN stream s ON s.id = a.stream LEFT JOIN link l ON l.id = a.link
WHERE a.customer = ANY(%(customers)s::bigint[]) ORDER BY a.id

-- name: told_changes
-- How golden values of customers changed; by golden_change's primary key.
SELECT g.stamp, g.customer, g.field, g.before, g.after FROM golden_change g
WHERE g.customer = ANY(%(customers)s::bigint[]) ORDER BY g.stamp, g.field

-- name: told_entries
-- Entries that concern a customer, and the audit event behind each; by link_customer, posting_party, the primary keys of entry and document, and event_batch.
SELECT e.id, e.date, e.at, e.kind, e.rule, e.reverses, d.type, d.number, d.external_id, s.system, s.name, d.campaign, d.source,
    c.currency, (c.amount * 10000)::bigint,
    (SELECT max(v.id) FROM event v WHERE v.batch = e.stamp AND v.document = e.document AND e.stamp > 0)
FROM (
    SELECT p.entry, p.currency, CASE WHEN sum(p.amount) = 0 THEN sum(greatest(p.amount, 0)) ELSE sum(p.amount) END AS amount
    FROM link l JOIN posting p ON p.party = l.id WHERE l.customer = %(customer)s GROUP BY p.entry, p.currency
) c JOIN entry e ON e.id = c.entry LEFT JOIN document d ON d.id = e.document LEFT JOIN stream s ON s.id = d.stream
ORDER BY e.date, e.id

-- name: told_documents
-- Documents of a customer that no entry was ever made of: orders, drafts, what waits; by link_customer, document_party and entry_document.
SELECT d.date, d.type, d.number, d.external_id, s.system, s.name, d.campaign, d.source, d.currency, (d.total * 10000)::bigint, d.state,
    d.reason, (SELECT max(v.id) FROM event v WHERE v.batch = d.stamp AND v.document = d.id AND d.stamp > 0)
FROM link l JOIN document d ON d.party = l.id LEFT JOIN stream s ON s.id = d.stream
WHERE l.customer = %(customer)s AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.document = d.id) ORDER BY d.date, d.id

-- name: revenue
-- What revenue accounts came to between two days, by what their documents and customers say; by entry_date and posting's primary key.
SELECT p.account, e.period, d.campaign, d.source,
    CASE WHEN %(column)s::text IS NOT NULL THEN coalesce(
        CASE WHEN %(part)s::text IS NULL THEN to_jsonb(c) ->> %(column)s ELSE (to_jsonb(c) ->> %(column)s)::jsonb ->> %(part)s END,
        c.custom::jsonb ->> %(custom)s) END,
    (sum(p.functional) * 10000)::bigint
FROM entry e JOIN posting p ON p.entry = e.id JOIN account a ON a.code = p.account AND a.type = 'revenue'
LEFT JOIN document d ON d.id = p.document LEFT JOIN link l ON l.id = d.party
LEFT JOIN customer c ON c.id = l.customer AND %(column)s::text IS NOT NULL
WHERE e.date BETWEEN %(since)s AND %(until)s GROUP BY 1, 2, 3, 4, 5

-- name: customer_revenue
-- What customers brought, by account; scans posting and document.
SELECT l.customer, p.account, (sum(p.functional) * 10000)::bigint
FROM posting p JOIN account a ON a.code = p.account AND a.type = 'revenue'
JOIN document d ON d.id = p.document JOIN link l ON l.id = d.party GROUP BY 1, 2

-- name: customer_orders
-- The day of each order of customers; of each invoice where a customer has no orders; scans document.
WITH bought AS (
    SELECT l.customer, d.date, d.type FROM document d JOIN link l ON l.id = d.party
    WHERE d.type IN ('order', 'invoice') AND d.state IN ('posted', 'noted') AND d.status IS DISTINCT FROM 'draft' AND d.date IS NOT NULL
)
SELECT customer, date FROM (
    SELECT customer, date, type, bool_or(type = 'order') OVER (PARTITION BY customer) AS has_orders FROM bought
) each WHERE type = CASE WHEN has_orders THEN 'order' ELSE 'invoice' END
