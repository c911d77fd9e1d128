-- name: news
-- Documents shown that are new or say something new, and what is known of them; by document (stream, external_id).
SELECT o.row, d.id, d.state, d.reason, d.shown, d.presence
FROM shown_document o
LEFT JOIN LATERAL (SELECT * FROM document WHERE stream = %(stream)s AND external_id = o.external_id OFFSET 0) d ON true
WHERE %(all)s OR d.id IS NULL OR d.read IS DISTINCT FROM o.digest

-- name: said
-- What these documents said last; by document's primary key.
SELECT id, coalesce(aside, snapshot) FROM document WHERE id = ANY(%s::bigint[])

-- name: aside
-- Documents set aside of which the reason may have passed: the customer is known, the period is open again; by
-- document_aside, link (stream, external_id), period's and entry's primary keys.
SELECT d.id, d.external_id, d.state, d.reason, d.read, d.shown, d.presence, coalesce(d.aside, d.snapshot)
FROM document d
WHERE d.stream = %(stream)s AND d.reason IS NOT NULL AND d.id > %(after)s AND coalesce(d.aside, d.snapshot) IS NOT NULL
  AND (%(all)s
    OR d.reason = 'customer_unread'
    OR d.reason = 'customer_missing' AND EXISTS (
        SELECT 1 FROM link l WHERE l.stream = %(customers)s AND l.state <> 3
          AND l.external_id = CASE WHEN d.aside IS NULL THEN d.customer_ref ELSE d.aside::json ->> 'customer' END)
    OR d.reason = 'customer_missing' AND EXISTS (
        SELECT 1 FROM link l WHERE l.stream = %(guests)s AND l.state <> 3 AND l.external_id = d.external_id
          AND CASE WHEN d.aside IS NULL THEN d.customer_ref ELSE d.aside::json ->> 'customer' END IS NULL)
    OR d.reason = 'period_closed' AND NOT EXISTS (
        SELECT 1 FROM period p WHERE p.state = 'closed' AND p.period IN (
            CASE WHEN d.aside IS NULL THEN to_char(d.date, 'YYYY-MM') ELSE left(d.aside::json ->> 'date', 7) END,
            (SELECT e.period FROM entry e WHERE e.id = d.entry))))
ORDER BY d.id LIMIT %(limit)s

-- name: looked
-- By which version all that is set aside of a stream was last looked at; by stream's primary key.
SELECT looked FROM stream WHERE id = %s

-- name: keep_looked
-- All that is set aside of a stream was looked at by that version; by stream's primary key.
UPDATE stream SET looked = %s WHERE id = %s

-- name: live_count
-- How many documents of a stream are there; by document (stream, external_id).
SELECT count(*) FROM document WHERE stream = %s AND presence = 0

-- name: live_ids
-- Ids of documents that are there, in order, a chunk at a time; by document (stream, external_id).
SELECT external_id FROM document
WHERE stream = %(stream)s AND presence = 0 AND external_id > %(after)s ORDER BY external_id LIMIT %(limit)s

-- name: counts
-- How many documents stand how; a scan of document.
SELECT stream, state, reason, count(*) FROM document GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: tied
-- Documents that what is given ties to those shown, in both directions; by document (stream, external_id) and given_other.
SELECT d.id FROM named_other n JOIN document d ON d.stream = n.stream AND d.external_id = n.external_id
UNION SELECT g.document FROM tied_document t JOIN given g ON g.stream = %(stream)s AND g.external_id = t.external_id
UNION SELECT o.id FROM tied_document t JOIN document d ON d.stream = %(stream)s AND d.external_id = t.external_id
JOIN given g ON g.document = d.id JOIN document o ON o.stream = g.stream AND o.external_id = g.external_id

-- name: concerned
-- Whose settlement may change, and since when: the parties of what stands of the documents shown, of those named, and
-- of what is allocated to any; by document (stream, external_id), document's primary key, allocation_debit and
-- allocation_credit.
WITH named AS (
    SELECT d.id FROM tied_document t JOIN document d ON d.stream = %(stream)s AND d.external_id = t.external_id
    UNION SELECT document FROM named_document
), seeds AS (
    SELECT id FROM named
    UNION SELECT a.credit FROM named n JOIN allocation a ON a.debit = n.id AND a.released_at IS NULL
    UNION SELECT a.debit FROM named n JOIN allocation a ON a.credit = n.id AND a.released_at IS NULL
)
SELECT d.party, min(d.date) FROM seeds s JOIN document d ON d.id = s.id
WHERE d.party IS NOT NULL AND d.date IS NOT NULL GROUP BY d.party

-- name: given
-- What these documents allocate, and to which document where that is known; by given's primary key and document
-- (stream, external_id).
SELECT g.stream, g.external_id, g.document, d.id, (g.amount * 10000)::bigint FROM given g
LEFT JOIN document d ON d.stream = g.stream AND d.external_id = g.external_id
WHERE g.document = ANY(%s::bigint[]) ORDER BY 3, 1, 2

-- name: drop_given
-- Forget what documents allocated before; by given's primary key.
DELETE FROM given g USING given_document n WHERE g.document = n.document

-- name: add_given
-- Keep what documents allocate now; the same one twice is one. By document (stream, external_id).
INSERT INTO given (document, stream, external_id, amount, judged)
SELECT n.document, n.stream, n.external_id, n.amount, o.id IS NOT NULL FROM (
    SELECT document, stream, external_id, sum(amount::numeric) AS amount FROM new_given GROUP BY 1, 2, 3
) n LEFT JOIN LATERAL (
    SELECT id FROM document WHERE stream = n.stream AND external_id = n.external_id AND state = 'posted'
      AND type = ANY(%(sides)s::text[]) OFFSET 0
) o ON true ORDER BY 1, 2, 3

-- name: judge_given
-- What is known by now, and can be settled by what says so; by given_unjudged, document's primary key and (stream, external_id).
UPDATE given g SET judged = true FROM document d, document o
WHERE NOT g.judged AND d.id = g.document AND o.stream = g.stream AND o.external_id = g.external_id AND o.state = 'posted'
  AND sign(d.amount) * sign(o.amount) < 0

-- name: unfit
-- What posted documents say that they settle and cannot: it is not known, nothing of it is ever posted, or it stands on the
-- same side; and where one of that id is, which they may mean. What is set aside has its own reason; for what was withdrawn,
-- the money stands to the customer's credit. By given_unjudged,
-- document's primary key and (stream, external_id).
SELECT d.stream, d.external_id, s.system || '.' || s.name, g.external_id, o.type, o.state, (
    SELECT min(t.system || '.' || t.name) FROM stream t JOIN document x ON x.stream = t.id AND x.external_id = g.external_id
    WHERE t.system = s.system AND t.id <> g.stream AND x.state = 'posted' AND sign(x.amount) * sign(d.amount) < 0
)
FROM given g JOIN document d ON d.id = g.document JOIN stream s ON s.id = g.stream
LEFT JOIN document o ON o.stream = g.stream AND o.external_id = g.external_id
WHERE NOT g.judged AND d.state = 'posted' AND d.amount <> 0
  AND (o.id IS NULL OR o.state = 'noted' AND o.status IS DISTINCT FROM 'draft' OR o.state = 'posted' AND o.amount <> 0) ORDER BY 1, 2, 4

-- name: unread
-- Customers whose reading failed when a document named them; by document_aside.
SELECT DISTINCT CASE WHEN aside IS NULL THEN customer_ref ELSE aside::json ->> 'customer' END FROM document
WHERE stream = %(stream)s AND reason = 'customer_unread' ORDER BY 1 LIMIT %(limit)s
