-- name: entries_unsound
-- Entries that do not balance per currency and in the functional one, are not whole, or lie in another period than their date; scans entry and posting.
SELECT e.id FROM entry e LEFT JOIN (
    SELECT entry, sum(lines) AS lines, sum(functional) AS functional, bool_or(amount <> 0) AS unbalanced
    FROM (
        SELECT entry, currency, count(*) AS lines, sum(amount) AS amount, sum(functional) AS functional
        FROM posting GROUP BY entry, currency
    ) per_currency GROUP BY entry
) p ON p.entry = e.id
WHERE p.entry IS NULL OR p.lines <> e.lines OR p.unbalanced OR p.functional <> 0 OR to_char(e.date, 'YYYY-MM') <> e.period
UNION ALL
SELECT DISTINCT p.entry FROM posting p WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = p.entry)

-- name: control_differs
-- Control accounts whose postings are not the sum over customers, to the last unit; scans posting and balance.
SELECT account || ' ' || currency FROM (
    SELECT p.account, p.currency, p.amount, p.functional FROM posting p JOIN account a ON a.code = p.account AND a.is_control
    UNION ALL
    SELECT b.account, b.currency, -b.amount, -b.functional
    FROM customer c JOIN link l ON l.customer = c.id JOIN balance b ON b.party = l.id JOIN account a ON a.code = b.account AND a.is_control
) both_sides GROUP BY account, currency HAVING sum(amount) <> 0 OR sum(functional) <> 0 ORDER BY 1

-- name: balances_differ
-- Balances that are not the sum of their postings; scans posting and balance.
SELECT account || ' ' || currency || ' ' || party FROM (
    SELECT coalesce(party, 0) AS party, account, currency, amount, functional FROM posting
    UNION ALL
    SELECT party, account, currency, -amount, -functional FROM balance
) both_sides GROUP BY party, account, currency HAVING sum(amount) <> 0 OR sum(functional) <> 0 ORDER BY account, currency, party

-- name: seals_broken
-- Seals that do not fit what they seal, or the seal before; by the primary keys of entry and posting.
WITH sealed AS (
    SELECT s.number, lower(r) AS first, upper(r) AS beyond FROM seal s, unnest(s.entries) r
), again AS (
    SELECT number, sha256(convert_to(string_agg(text, E'\n' ORDER BY entry, line), 'UTF8')) AS content,
        count(*) FILTER (WHERE line > 0) AS lines
    FROM (
        SELECT s.number, p.entry, p.line,
            sealed_posting(p.entry, p.line, p.account, p.party, p.currency, p.amount, p.functional, p.document) AS text
        FROM sealed s JOIN posting p ON p.entry >= s.first AND p.entry < s.beyond
        UNION ALL
        SELECT s.number, e.id, 0, sealed_entry(e) FROM sealed s JOIN entry e ON e.id >= s.first AND e.id < s.beyond
    ) texts GROUP BY number
)
SELECT s.number FROM (
    SELECT *, lag(chain) OVER (ORDER BY number) AS before, row_number() OVER (ORDER BY number) AS place FROM seal
) s LEFT JOIN again a USING (number)
WHERE s.number <> s.place OR a.content IS DISTINCT FROM s.content OR a.lines IS DISTINCT FROM s.lines
    OR s.chain <> sha256(coalesce(s.before, '') || s.content)
ORDER BY 1

-- name: entries_unsealed
-- Entries that are not under exactly one seal; by the primary key of entry.
WITH sealed AS (
    SELECT e.id FROM seal s, unnest(s.entries) r JOIN entry e ON e.id >= lower(r) AND e.id < upper(r)
)
(SELECT id FROM entry EXCEPT ALL SELECT id FROM sealed) UNION ALL (SELECT id FROM sealed EXCEPT ALL SELECT id FROM entry)

-- name: reversals_unlike
-- Reversals that are not the mirror of what they reverse, or reverse nothing; by entry_reverses and posting's primary key.
SELECT e.id FROM entry e WHERE e.reverses IS NOT NULL AND (
    NOT EXISTS (SELECT 1 FROM entry o WHERE o.id = e.reverses)
    OR EXISTS (
        SELECT 1 FROM posting p WHERE p.entry IN (e.id, e.reverses)
        GROUP BY p.account, p.party, p.currency HAVING sum(p.amount) <> 0 OR sum(p.functional) <> 0
    )
)

-- name: documents_unsound
-- Posted documents whose entry is not there, or is another document's, or does not say what is to be settled; scans document.
SELECT d.id FROM document d LEFT JOIN entry e ON e.id = d.entry
LEFT JOIN LATERAL (
    SELECT sum(p.amount) AS amount, sum(p.functional) AS functional FROM posting p
    WHERE p.entry = d.entry AND p.account = d.account AND p.party = d.party
) p ON true
WHERE d.entry IS NOT NULL AND (
    e.id IS NULL OR e.document IS DISTINCT FROM d.id
    OR d.account IS NOT NULL AND (d.amount, d.functional) IS DISTINCT FROM (p.amount, p.functional)
)

-- name: settled_differs
-- Documents of which not that much is settled as standing allocations say; scans document and allocation.
SELECT document FROM (
    SELECT debit AS document, amount FROM allocation WHERE released_at IS NULL
    UNION ALL SELECT credit, amount FROM allocation WHERE released_at IS NULL
    UNION ALL SELECT id, -settled FROM document
) both_sides GROUP BY document HAVING sum(amount) <> 0

-- name: journal_unguarded
-- Triggers that hold what must always hold of the journal, and are missing or switched off; by the catalogue's indexes.
SELECT w.name FROM (VALUES ('posting', 'posted'), ('account', 'account_kept'), ('account', 'account_stays'), ('document', 'party_kept'),
    ('allocation', 'allocation_kept'), ('allocation', 'allocation_stays'), ('allocation', 'allocated'), ('allocation', 'released')) w (relation, name)
WHERE NOT EXISTS (
    SELECT 1 FROM pg_trigger t WHERE t.tgrelid = to_regclass(w.relation) AND t.tgname = w.name
      AND (t.tgenabled = 'A' OR t.tgenabled = 'O' AND w.relation <> 'posting')
)
