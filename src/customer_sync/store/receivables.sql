-- name: customer_balances
-- What customers come to on control accounts, over all their records; by link_customer and balance's primary key.
SELECT l.customer, b.account, b.currency, (sum(b.amount) * 10000)::bigint, (sum(b.functional) * 10000)::bigint
FROM link l JOIN balance b ON b.party = l.id JOIN account a ON a.code = b.account AND a.is_control
WHERE l.customer = ANY(%s::bigint[]) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: balances_of_all
-- What every customer comes to on control accounts; scans balance and link.
SELECT l.customer, b.account, b.currency, (sum(b.amount) * 10000)::bigint, (sum(b.functional) * 10000)::bigint
FROM link l JOIN balance b ON b.party = l.id JOIN account a ON a.code = b.account AND a.is_control
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: statement
-- What changed what a customer owes, entry by entry, with what it came to after each; by link_customer, posting_party and entry's primary key. What only moves between control accounts of the same customer is left out.
SELECT * FROM (
    SELECT e.date, e.id, e.kind, e.document, d.type, d.number, d.due_date, s.currency, (s.amount * 10000)::bigint,
        (s.functional * 10000)::bigint, (sum(s.amount) OVER (PARTITION BY s.currency ORDER BY e.date, e.id) * 10000)::bigint
    FROM (
        SELECT p.entry, p.currency, sum(p.amount) AS amount, sum(p.functional) AS functional
        FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control
        WHERE l.customer = %(customer)s GROUP BY p.entry, p.currency
    ) s JOIN entry e ON e.id = s.entry LEFT JOIN document d ON d.id = e.document
    WHERE e.date <= %(until)s AND (s.amount <> 0 OR s.functional <> 0)
) lines WHERE date >= %(since)s ORDER BY date, id, currency

-- name: brought_forward
-- What a customer owed before a day; by link_customer, posting_party and entry's primary key.
SELECT p.currency, (sum(p.amount) * 10000)::bigint, (sum(p.functional) * 10000)::bigint
FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control JOIN entry e ON e.id = p.entry
WHERE l.customer = %(customer)s AND e.date < %(since)s GROUP BY 1 ORDER BY 1

-- name: open_items
-- What customers have still to settle; by link_customer and document_open.
SELECT l.customer, d.id, d.type, d.number, d.date, d.due_date, d.account, d.party, d.currency, (d.amount * 10000)::bigint,
    (d.amount * 10000)::bigint - (sign(d.amount) * d.settled * 10000)::bigint
FROM link l JOIN document d ON d.party = l.id AND d.settled < abs(d.amount)
WHERE l.customer = ANY(%s::bigint[]) ORDER BY l.customer, d.date, d.id

-- name: open_items_of_all
-- What every customer has still to settle; by document_open and link's primary key.
SELECT l.customer, d.id, d.type, d.number, d.date, d.due_date, d.account, d.party, d.currency, (d.amount * 10000)::bigint,
    (d.amount * 10000)::bigint - (sign(d.amount) * d.settled * 10000)::bigint
FROM document d JOIN link l ON l.id = d.party WHERE d.settled < abs(d.amount) ORDER BY l.customer, d.date, d.id
