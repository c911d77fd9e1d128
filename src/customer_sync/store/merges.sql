-- name: last
-- The merge that retired a customer, and whose customer it is now; by merge's and customer's primary keys.
SELECT m.batch, c.retired_into FROM merge m JOIN customer c ON c.id = m.customer AND c.retired_into IS NOT NULL
WHERE m.customer = %(customer)s AND m.undone IS NULL ORDER BY m.batch DESC LIMIT 1

-- name: links_of
-- All records of a customer; by link_customer.
SELECT l.id, %(to)s::bigint FROM link l WHERE l.customer = %(customer)s ORDER BY l.id

-- name: returning
-- The records that went along with a merge, and are where it brought them; by merge_link's and link's primary keys.
SELECT l.id, m.customer FROM merge_link m JOIN link l ON l.id = m.link
WHERE m.customer = %(customer)s AND m.batch = %(merged)s AND l.customer = %(holder)s ORDER BY l.id

-- name: undone
-- A merge is taken back; by merge's primary key.
UPDATE merge SET undone = %(batch)s WHERE customer = %(customer)s AND batch = %(merged)s

-- name: revive
-- The customer stands for itself again; by customer's primary key.
UPDATE customer SET retired_into = NULL, stamp = %(batch)s WHERE id = %(customer)s

-- name: resolve_again
-- Those that went into it before resolve to it, not to its former holder; by merge_into.
WITH RECURSIVE behind (id) AS (
    SELECT m.customer FROM merge m WHERE m.into_customer = %(customer)s AND m.undone IS NULL
    UNION
    SELECT m.customer FROM behind b JOIN merge m ON m.into_customer = b.id AND m.undone IS NULL
)
UPDATE customer c SET retired_into = %(customer)s
FROM behind b WHERE c.id = b.id AND c.retired_into = %(holder)s AND c.id <> %(customer)s

-- name: remember
-- Keep a steward's word about the records that a customer has now; by link_customer.
INSERT INTO decision (stream, external_id, customer, same, at, by)
SELECT l.stream, l.external_id, %(customer)s, %(same)s, %(now)s, %(by)s FROM link l
WHERE l.customer = %(owner)s AND l.stream > 9
ON CONFLICT (stream, external_id, customer) DO UPDATE SET same = EXCLUDED.same, at = EXCLUDED.at, by = EXCLUDED.by

-- name: recant
-- Records that are not a customer are none that it stands for either; by decision's primary key.
UPDATE decision d SET same = false, at = %(now)s, by = %(by)s
FROM link l, customer c
WHERE l.customer = %(owner)s AND d.stream = l.stream AND d.external_id = l.external_id AND d.same
  AND c.id = d.customer AND c.retired_into = %(customer)s
