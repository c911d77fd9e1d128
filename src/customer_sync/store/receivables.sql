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
-- What changed what a customer owes, entry by entry, with what it came to after each; by link_customer, posting_party and entry's primary key. What only moves between control accounts of the same customer is left out, and so are points.
SELECT * FROM (
    SELECT e.date, e.id, e.kind, e.document, d.type, d.number, d.due_date, s.currency, (s.amount * 10000)::bigint,
        (s.functional * 10000)::bigint, (sum(s.amount) OVER (PARTITION BY s.currency ORDER BY e.date, e.id) * 10000)::bigint
    FROM (
        SELECT p.entry, p.currency, sum(p.amount) AS amount, sum(p.functional) AS functional
        FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NULL
        WHERE l.customer = %(customer)s GROUP BY p.entry, p.currency
    ) s JOIN entry e ON e.id = s.entry LEFT JOIN document d ON d.id = e.document
    WHERE e.date <= %(until)s AND (s.amount <> 0 OR s.functional <> 0)
) lines WHERE date >= %(since)s ORDER BY date, id, currency

-- name: brought_forward
-- What a customer owed before a day; by link_customer, posting_party and entry's primary key.
SELECT p.currency, (sum(p.amount) * 10000)::bigint, (sum(p.functional) * 10000)::bigint
FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NULL
JOIN entry e ON e.id = p.entry
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

-- name: open_at
-- What each document of these customers leaves open at the end of a day, as the postings say; by link_customer and posting_party. What names no document stands by its entry.
SELECT o.customer, o.document, o.entry, d.type, d.number, coalesce(d.date, e.date), coalesce(d.due_date, d.date, e.date), o.currency,
    coalesce((d.amount * 10000)::bigint, (o.open * 10000)::bigint), (o.open * 10000)::bigint, (o.functional * 10000)::bigint
FROM (
    SELECT l.customer, p.document, CASE WHEN p.document IS NULL THEN p.entry END AS entry, p.currency, sum(p.amount) AS open,
        sum(p.functional) AS functional
    FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NULL
    JOIN entry e ON e.id = p.entry AND e.date <= %(day)s
    WHERE l.customer = ANY(%(customers)s::bigint[]) GROUP BY 1, 2, 3, 4 HAVING sum(p.amount) <> 0 OR sum(p.functional) <> 0
) o LEFT JOIN document d ON d.id = o.document LEFT JOIN entry e ON e.id = o.entry
ORDER BY 1, 6, 2, 3

-- name: open_at_of_all
-- What each document leaves open at the end of a day, as the postings say; scans posting and entry.
SELECT o.customer, o.document, o.entry, d.type, d.number, coalesce(d.date, e.date), coalesce(d.due_date, d.date, e.date), o.currency,
    coalesce((d.amount * 10000)::bigint, (o.open * 10000)::bigint), (o.open * 10000)::bigint, (o.functional * 10000)::bigint
FROM (
    SELECT l.customer, p.document, CASE WHEN p.document IS NULL THEN p.entry END AS entry, p.currency, sum(p.amount) AS open,
        sum(p.functional) AS functional
    FROM posting p JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NULL
    JOIN entry e ON e.id = p.entry AND e.date <= %(day)s JOIN link l ON l.id = p.party
    GROUP BY 1, 2, 3, 4 HAVING sum(p.amount) <> 0 OR sum(p.functional) <> 0
) o LEFT JOIN document d ON d.id = o.document LEFT JOIN entry e ON e.id = o.entry
ORDER BY 1, 6, 2, 3

-- name: control_at
-- What the control accounts for money come to at the end of a day; by entry_date and posting's primary key.
SELECT p.account, p.currency, (sum(p.amount) * 10000)::bigint, (sum(p.functional) * 10000)::bigint
FROM posting p JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NULL
JOIN entry e ON e.id = p.entry AND e.date <= %(day)s GROUP BY 1, 2 ORDER BY 1, 2

-- name: largest_balances
-- Customers by what they owe in the functional currency, the largest first; scans balance and link.
SELECT o.customer, o.currency, (o.amount * 10000)::bigint, (o.functional * 10000)::bigint FROM (
    SELECT l.customer, b.currency, sum(b.amount) AS amount, sum(b.functional) AS functional
    FROM balance b JOIN account a ON a.code = b.account AND a.is_control AND a.commodity IS NULL JOIN link l ON l.id = b.party
    GROUP BY 1, 2 HAVING sum(b.amount) <> 0 OR sum(b.functional) <> 0
) o ORDER BY o.functional DESC, o.customer, o.currency LIMIT %(limit)s

-- name: named_customers
-- What people call these customers, and their credit limit as they have it; by customer's primary key.
SELECT id, coalesce(nullif(concat_ws(' ', given_name, family_name), ''), organisation, ''), credit_limit
FROM customer WHERE id = ANY(%s::bigint[])

-- name: points
-- What changed the points that a customer holds, entry by entry; by link_customer, posting_party and entry's primary key.
SELECT e.date, e.id, e.kind, e.rule, e.reverses, d.number, p.currency, (-sum(p.amount) * 10000)::bigint
FROM link l JOIN posting p ON p.party = l.id JOIN account a ON a.code = p.account AND a.is_control AND a.commodity IS NOT NULL
JOIN entry e ON e.id = p.entry LEFT JOIN document d ON d.id = e.document
WHERE l.customer = %(customer)s AND e.date <= %(until)s GROUP BY e.id, d.number, p.currency ORDER BY e.date, e.id

-- name: said_tier
-- The tier that a customer has by what systems say; by customer's primary key.
SELECT loyalty_tier FROM customer WHERE id = %s
