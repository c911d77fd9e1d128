-- name: mark
-- Up to where a follower of the books is up to date; by its primary key.
SELECT batch, entry, day, version FROM follower WHERE name = %s

-- name: now
-- Where the books stand; by the primary keys of batch and entry.
SELECT coalesce((SELECT max(number) FROM batch), 0), coalesce((SELECT max(id) FROM entry), 0)

-- name: keep
-- Remember up to where a follower is up to date; by its primary key.
INSERT INTO follower (name, batch, entry, day, version) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET batch = EXCLUDED.batch, entry = EXCLUDED.entry, day = EXCLUDED.day, version = EXCLUDED.version

-- name: everybody
-- All customers that have documents; scans document.
SELECT DISTINCT l.customer FROM document d JOIN link l ON l.id = d.party ORDER BY 1

-- name: touched
-- Customers whose figures may have changed: by new entries (posting's primary key), by events since (event_batch), by days
-- that passed (document_due).
SELECT l.customer FROM posting p JOIN link l ON l.id = p.party WHERE p.entry > %(entry)s
UNION SELECT l.customer FROM event e JOIN link l ON l.id = e.link
WHERE e.batch > %(batch)s AND (e.document IS NOT NULL OR e.kind LIKE 'record.%%' AND e.detail LIKE 'was %%')
UNION SELECT c.id FROM event e JOIN customer c ON c.id = substring(e.detail FROM '\d+')::bigint AND c.retired_into IS NULL
WHERE e.batch > %(batch)s AND e.kind LIKE 'record.%%' AND e.detail LIKE 'was %%'
UNION SELECT e.customer FROM event e
WHERE e.batch > %(batch)s AND e.kind = 'customer.changed' AND 'credit_limit' = ANY(string_to_array(e.fields, ','))
UNION SELECT l.customer FROM unnest(%(levels)s::integer[]) v(days)
JOIN document d ON coalesce(d.due_date, d.date) >= %(from)s::date - v.days AND coalesce(d.due_date, d.date) < %(until)s::date - v.days
    AND d.settled < abs(d.amount)
JOIN link l ON l.id = d.party
ORDER BY 1

-- name: moved
-- Parties with documents that were tied to other customers; by event_batch and document_party.
SELECT DISTINCT e.link FROM event e
WHERE e.batch > %s AND e.kind LIKE 'record.%%' AND e.detail LIKE 'was %%' AND EXISTS (SELECT 1 FROM document d WHERE d.party = e.link) ORDER BY 1

-- name: documents_of
-- Documents of parties that can be settled; by document_party.
SELECT id FROM document WHERE party = ANY(%s::bigint[]) AND account IS NOT NULL ORDER BY id

-- name: open_items
-- What is open of each document of these customers; by link_customer, posting_party and document's primary key.
SELECT s.document, s.customer, s.currency, coalesce(d.due_date, d.date), (s.amount * 10000)::bigint, (s.functional * 10000)::bigint
FROM (
    SELECT l.customer, p.document, p.currency, sum(p.amount) AS amount, sum(p.functional) AS functional
    FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NULL
    WHERE l.customer = ANY(%s::bigint[]) GROUP BY 1, 2, 3
) s LEFT JOIN document d ON d.id = s.document WHERE s.amount <> 0 OR s.functional <> 0 ORDER BY 2, 1

-- name: limits
-- Credit limits of these customers; by customer's primary key.
SELECT id, credit_limit FROM customer WHERE id = ANY(%s::bigint[]) ORDER BY id

-- name: revenue
-- What the documents of these customers came to on accounts without parties; by link_customer, document_party,
-- entry_document and posting's primary key.
SELECT l.customer, p.account, (sum(p.functional) * 10000)::bigint
FROM link l JOIN document d ON d.party = l.id JOIN entry e ON e.document = d.id JOIN posting p ON p.entry = e.id AND p.party IS NULL
WHERE l.customer = ANY(%s::bigint[]) GROUP BY 1, 2 ORDER BY 1, 2

-- name: orders
-- Orders and invoices of these customers; by link_customer and document_party.
SELECT l.customer, d.type, d.date FROM link l JOIN document d ON d.party = l.id
WHERE l.customer = ANY(%s::bigint[]) AND d.date IS NOT NULL
  AND (d.type = 'order' AND d.state IN ('posted', 'noted') AND d.status <> 'draft' OR d.type = 'invoice' AND d.state = 'posted')
ORDER BY 1, 3
