-- name: add_accounts
-- Add accounts, and keep names and what is active; by account's primary key. A posted account's nature stays.
INSERT INTO account (code, name, type, is_control, commodity, active)
SELECT code, name, type, is_control, commodity, active FROM new_account ORDER BY code
ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, type = EXCLUDED.type, is_control = EXCLUDED.is_control,
    commodity = EXCLUDED.commodity, active = EXCLUDED.active
WHERE (account.name, account.type, account.is_control, account.commodity, account.active)
    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.type, EXCLUDED.is_control, EXCLUDED.commodity, EXCLUDED.active)

-- name: accounts
-- The chart of accounts; a scan of a small table.
SELECT code, name, type, is_control, commodity, active FROM account ORDER BY code

-- name: posted
-- Which of these accounts were posted to; scans balance, and is asked only of accounts that are to change.
SELECT code FROM unnest(%s::text[]) n (code) WHERE EXISTS (SELECT 1 FROM balance b WHERE b.account = n.code) ORDER BY code

-- name: allocate_entries
-- Take ids for new entries.
SELECT nextval('entry_id') FROM generate_series(1, %s)

-- name: trial_balance
-- What every account came to, from the kept balances; one scan of them.
SELECT account, name, type, currency, greatest(amount, 0), greatest(-amount, 0), amount, functional
FROM (
    SELECT b.account, a.name, a.type, b.currency, (sum(b.amount) * 10000)::bigint AS amount,
        (sum(b.functional) * 10000)::bigint AS functional
    FROM balance b JOIN account a ON a.code = b.account GROUP BY 1, 2, 3, 4
) sums ORDER BY account, currency

-- name: trial_balance_between
-- Debits, credits and what they come to of every account between two dates; by entry_date and posting's primary key.
SELECT p.account, a.name, a.type, p.currency, (coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0) * 10000)::bigint,
    (coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) * 10000)::bigint, (sum(p.amount) * 10000)::bigint,
    (sum(p.functional) * 10000)::bigint
FROM entry e JOIN posting p ON p.entry = e.id JOIN account a ON a.code = p.account
WHERE e.date BETWEEN %(since)s AND %(until)s GROUP BY 1, 2, 3, 4 ORDER BY 1, 4

-- name: general_ledger
-- The postings of one account and its sub-accounts between two dates; by entry_date and posting's primary key.
SELECT e.id, p.document, e.kind, e.date, e.period, e.reverses, e.rule, e.memo, d.number, p.line, p.account, p.party,
    l.customer, p.currency, (p.amount * 10000)::bigint, (p.functional * 10000)::bigint
FROM entry e JOIN posting p ON p.entry = e.id LEFT JOIN document d ON d.id = p.document LEFT JOIN link l ON l.id = p.party
WHERE e.date BETWEEN %(since)s AND %(until)s AND (p.account = %(account)s OR starts_with(p.account, %(account)s || '.'))
ORDER BY e.date, e.id, p.line

-- name: account_before
-- What one account and its sub-accounts came to before a day; by entry_date and posting's primary key.
SELECT p.currency, (sum(p.amount) * 10000)::bigint, (sum(p.functional) * 10000)::bigint
FROM entry e JOIN posting p ON p.entry = e.id
WHERE e.date < %(since)s AND (p.account = %(account)s OR starts_with(p.account, %(account)s || '.')) GROUP BY 1 ORDER BY 1

-- name: found_entries
-- The newest entries that have all that is asked for, with their postings. Who names an entry, a document or a customer is
-- answered from its entries: by entry's primary key, document (stream, external_id), document_number and entry_document,
-- link_customer and posting_party; others by entry_date. Which streams there are is skipped through in the same index.
WITH RECURSIVE streams AS (
    SELECT min(stream) AS stream FROM document
    UNION ALL SELECT (SELECT min(d.stream) FROM document d WHERE d.stream > s.stream) FROM streams s WHERE s.stream IS NOT NULL
), named AS MATERIALIZED (
    SELECT d.id, d.party FROM streams s
    CROSS JOIN LATERAL (SELECT id, party FROM document WHERE stream = s.stream AND external_id = %(document)s OFFSET 0) d
    UNION SELECT id, party FROM document WHERE left(number, 200) = left(%(document)s, 200) AND number = %(document)s
), narrow AS MATERIALIZED (
    SELECT %(entry)s::bigint AS id WHERE %(entry)s::bigint IS NOT NULL
    UNION SELECT o.id FROM named n CROSS JOIN LATERAL (SELECT id FROM entry WHERE document = n.id OFFSET 0) o
    WHERE %(entry)s::bigint IS NULL
    UNION SELECT p.entry FROM named n
    CROSS JOIN LATERAL (SELECT entry FROM posting WHERE party = n.party AND document = n.id OFFSET 0) p
    WHERE %(entry)s::bigint IS NULL
    UNION SELECT p.entry FROM link l CROSS JOIN LATERAL (SELECT entry FROM posting WHERE party = l.id OFFSET 0) p
    WHERE l.customer = %(customer)s AND %(entry)s::bigint IS NULL AND %(document)s::text IS NULL
), found AS (
    SELECT e.* FROM narrow n CROSS JOIN LATERAL (SELECT * FROM entry WHERE id = n.id OFFSET 0) e
    WHERE (%(document)s::text IS NULL OR %(entry)s::bigint IS NULL OR e.id IN (
            SELECT o.id FROM named n JOIN entry o ON o.document = n.id
            UNION ALL SELECT p.entry FROM named n JOIN posting p ON p.party = n.party AND p.document = n.id))
        AND (%(customer)s::bigint IS NULL OR EXISTS (
            SELECT 1 FROM posting p JOIN link l ON l.id = p.party WHERE p.entry = e.id AND l.customer = %(customer)s))
        AND (%(period)s::text IS NULL OR e.period = %(period)s) AND e.date BETWEEN %(since)s AND %(until)s
        AND (%(account)s::text IS NULL OR EXISTS (
            SELECT 1 FROM posting p
            WHERE p.entry = e.id AND (p.account = %(account)s OR starts_with(p.account, %(account)s || '.'))))
    UNION ALL (
        SELECT e.* FROM entry e
        WHERE %(entry)s::bigint IS NULL AND %(document)s::text IS NULL AND %(customer)s::bigint IS NULL
            AND (%(period)s::text IS NULL OR e.period = %(period)s) AND e.date BETWEEN %(since)s AND %(until)s
            AND (%(account)s::text IS NULL OR EXISTS (
                SELECT 1 FROM posting p
                WHERE p.entry = e.id AND (p.account = %(account)s OR starts_with(p.account, %(account)s || '.'))))
        ORDER BY e.date DESC, e.id DESC LIMIT %(limit)s
    )
)
SELECT e.id, e.document, e.kind, e.date, e.period, e.reverses, e.rule, e.memo, d.number, p.line, p.account, p.party,
    l.customer, p.currency, (p.amount * 10000)::bigint, (p.functional * 10000)::bigint,
    d.external_id, d.stream, (SELECT r.id FROM entry r WHERE r.reverses = e.id)
FROM (SELECT * FROM found ORDER BY date DESC, id DESC LIMIT %(limit)s) e
JOIN posting p ON p.entry = e.id LEFT JOIN document d ON d.id = e.document LEFT JOIN link l ON l.id = p.party
ORDER BY e.date DESC, e.id DESC, p.line

-- name: entries
-- The next entries in the order of the books, with their postings; by entry_date and posting's primary key.
SELECT e.id, p.document, e.kind, e.date, e.period, e.reverses, e.rule, e.memo, d.number, p.line, p.account, p.party,
    l.customer, p.currency, (p.amount * 10000)::bigint, (p.functional * 10000)::bigint
FROM (SELECT * FROM entry WHERE (date, id) > (%(date)s, %(entry)s) ORDER BY date, id LIMIT %(limit)s) e
JOIN posting p ON p.entry = e.id LEFT JOIN document d ON d.id = p.document LEFT JOIN link l ON l.id = p.party
ORDER BY e.date, e.id, p.line

-- name: balances
-- What the postings of these parties add up to; by balance's primary key.
SELECT party, account, currency, (amount * 10000)::bigint, (functional * 10000)::bigint FROM balance
WHERE party = ANY(%s::bigint[]) ORDER BY party, account, currency

-- name: head
-- The last seal; by its primary key.
SELECT number, encode(chain, 'hex') FROM seal ORDER BY number DESC LIMIT 1

-- name: party_accounts
-- Every account that was posted to, by party and customer, with what it came to; scans balance.
SELECT b.account, b.party, l.customer, b.currency, (b.amount * 10000)::bigint, (b.functional * 10000)::bigint
FROM balance b LEFT JOIN link l ON l.id = b.party ORDER BY b.account, l.customer, b.party, b.currency

-- name: span
-- The first and the last day of the journal; by entry_date.
SELECT min(date), max(date) FROM entry
