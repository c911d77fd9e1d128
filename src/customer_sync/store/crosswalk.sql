-- name: linked
-- Whose the staged records are now; by link (stream, external_id).
SELECT n.row, l.customer FROM named_record n
JOIN link l ON l.stream = n.stream AND l.external_id = n.external_id AND l.state <> 3

-- name: existing
-- Which of these customers there are, and which customer a retired one stands for; by customer's primary key.
WITH RECURSIVE now AS (
    SELECT id AS asked, id, retired_into FROM customer WHERE id = ANY(%s::bigint[])
    UNION ALL
    SELECT now.asked, c.id, c.retired_into FROM now JOIN customer c ON c.id = now.retired_into
)
SELECT asked, id FROM now WHERE retired_into IS NULL
