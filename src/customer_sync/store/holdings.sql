-- name: held
-- What the journal holds of documents: those of these streams that are dated, or posted, or set aside in the window, and those named. By entry_date, document's primary key, its streams and external ids, and entry_document.
WITH wanted AS MATERIALIZED (
    SELECT d.id FROM entry e JOIN document d ON d.id = e.document
    WHERE e.date BETWEEN %(first)s AND %(last)s AND e.kind IN ('post', 'opening', 'correct') AND d.stream = ANY(%(streams)s::integer[])
    UNION SELECT d.id FROM document d
    WHERE d.stream = ANY(%(streams)s::integer[]) AND d.date BETWEEN %(first)s AND %(last)s AND d.state IN ('waiting', 'parked', 'rejected')
    UNION SELECT d.id FROM shown_document n JOIN document d ON d.stream = n.stream AND d.external_id = n.external_id
), live AS MATERIALIZED (
    SELECT e.document, e.id, e.date FROM wanted w JOIN entry e ON e.document = w.id
    WHERE e.kind IN ('post', 'opening', 'correct') AND e.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)
), posted AS (
    SELECT l.document, count(DISTINCT l.id) AS entries, (sum(p.amount) FILTER (WHERE a.is_control) * 10000)::bigint AS amount
    FROM live l JOIN posting p ON p.entry = l.id JOIN account a ON a.code = p.account GROUP BY l.document
)
SELECT d.id, d.stream, d.external_id, d.type, d.number, d.state, coalesce(d.reason, CASE d.presence WHEN 3 THEN 'undone' END),
    d.party, coalesce(e.date, d.date), d.currency,
    (d.total * 10000)::bigint, (d.tax * 10000)::bigint, coalesce(p.entries, 0)::integer, p.amount, d.payout
FROM wanted w JOIN document d ON d.id = w.id LEFT JOIN posted p ON p.document = d.id LEFT JOIN live e ON e.id = d.entry
ORDER BY d.id

-- name: days
-- The day of documents as their systems said it last; by document's primary key.
SELECT id, date FROM document WHERE id = ANY(%s::bigint[])

-- name: clearing
-- Postings on clearing accounts of the documents that these payouts carry, and of the payouts; by document_payout, document (stream, external_id), entry_document and posting's primary key.
SELECT p.account, p.currency, CASE WHEN d.type = 'payout' THEN d.external_id ELSE d.payout END, d.id, d.date, d.type = 'payout',
    (p.amount * 10000)::bigint, (p.functional * 10000)::bigint
FROM document d JOIN entry e ON e.document = d.id JOIN posting p ON p.entry = e.id
WHERE d.stream = ANY(%(streams)s::integer[])
    AND (d.payout = ANY(%(payouts)s::text[]) OR d.type = 'payout' AND d.external_id = ANY(%(payouts)s::text[]))
    AND (p.account = ANY(%(accounts)s::text[]) OR split_part(p.account, '.', 1) = ANY(%(accounts)s::text[]))
ORDER BY p.account, p.currency, d.id, p.entry, p.line

-- name: payouts_changed
-- Payouts of which a document changed since these streams' were last looked at; by document_carried.
SELECT DISTINCT CASE WHEN d.type = 'payout' THEN d.external_id ELSE d.payout END AS name
FROM stream s CROSS JOIN LATERAL (
    SELECT type, external_id, payout FROM document
    WHERE stream = s.id AND stamp > s.cleared AND (payout IS NOT NULL OR type = 'payout') OFFSET 0) d
WHERE s.id = ANY(%(streams)s::integer[]) ORDER BY name

-- name: keep_cleared
-- Payouts of these streams were looked at up to a batch; by stream's primary key.
UPDATE stream SET cleared = %(batch)s WHERE id = ANY(%(streams)s::integer[])
