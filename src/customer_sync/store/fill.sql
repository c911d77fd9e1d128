-- name: filled
-- Under which setting all customers were offered to a stream; by stream's primary key.
SELECT filled FROM stream WHERE id = %s

-- name: keep_filled
-- All customers were offered to the stream under this setting; by stream's primary key.
UPDATE stream SET filled = %s WHERE id = %s

-- name: lacking
-- The next living customers in order that have no record in a stream; by customer's primary key and link (customer).
SELECT c.id, NOT EXISTS (SELECT 1 FROM link l WHERE l.customer = c.id AND l.stream = %(stream)s)
FROM (SELECT id FROM customer WHERE id > %(after)s AND retired_into IS NULL ORDER BY id LIMIT %(limit)s) c
ORDER BY c.id
