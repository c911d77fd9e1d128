-- name: add
-- Ask a person, once; by review_open.
INSERT INTO review (kind, subject, customers, detail, opened_at, run) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (kind, subject) WHERE decided_at IS NULL DO NOTHING

-- name: open
-- What waits for a person.
SELECT id, kind, subject, customers, detail, opened_at, run FROM review
WHERE decided_at IS NULL ORDER BY opened_at, id LIMIT %s

-- name: get
-- One review; by review's primary key.
SELECT id, kind, subject, customers, detail, decided_at FROM review WHERE id = %s

-- name: decide
-- Close a review; by review's primary key.
UPDATE review SET decided_at = %(now)s, decision = %(decision)s, by = %(by)s WHERE id = %(id)s AND decided_at IS NULL

-- name: withdraw
-- The question no longer stands; by review_open.
UPDATE review SET decided_at = %(now)s, decision = 'withdrawn' WHERE kind = %(kind)s AND subject = %(subject)s
  AND decided_at IS NULL

-- name: remember
-- A steward's word on sameness, for ever; by decision's primary key.
INSERT INTO decision (stream, external_id, customer, same, at, by)
VALUES (%(stream)s, %(external_id)s, %(customer)s, %(same)s, %(now)s, %(by)s)
ON CONFLICT (stream, external_id, customer) DO UPDATE SET same = EXCLUDED.same, at = EXCLUDED.at, by = EXCLUDED.by
