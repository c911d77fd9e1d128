-- name: profiles
-- The profiles of staged records as they were compared last; by profile's primary key.
SELECT p.link, p.packed FROM compared_link c JOIN profile p ON p.link = c.link

-- name: keep_profiles
-- What these records are compared by from now on.
INSERT INTO profile (link, packed) SELECT link, packed FROM new_profile
ON CONFLICT (link) DO UPDATE SET packed = EXCLUDED.packed

-- name: drop_candidate_keys
-- Keys that no longer hold; by candidate_key's primary key.
DELETE FROM candidate_key k USING old_candidate_key o WHERE k.key = o.key AND k.link = o.link

-- name: add_candidate_keys
-- Keys that hold from now on.
INSERT INTO candidate_key (key, link) SELECT key, link FROM new_candidate_key ON CONFLICT DO NOTHING

-- name: count_terms
-- More or fewer records carry these values, in the order of the index; by term's primary key.
INSERT INTO term (term, records) SELECT term, records FROM new_term
ON CONFLICT (term) DO UPDATE SET records = term.records + EXCLUDED.records

-- name: carriers
-- How many records carry these values; by term's primary key.
SELECT w.term, t.records FROM wanted_term w JOIN term t ON t.term = w.term

-- name: size
-- How many records are compared; more than that are many. By profile's primary key.
SELECT count(*) FROM (SELECT 1 FROM profile LIMIT 2000) p

-- name: candidates
-- Records that carry the staged keys, up to one more than make a hub; by candidate_key (key, link).
SELECT w.key, k.link
FROM wanted_candidate_key w
CROSS JOIN LATERAL (SELECT c.link FROM candidate_key c WHERE c.key = w.key LIMIT %(limit)s) k

-- name: members
-- The records of the customers whose the staged records are, as they are compared; by link_customer and profile's
-- primary key.
SELECT m.id, c.customer, p.packed
FROM (SELECT DISTINCT l.customer FROM wanted_link w JOIN link l ON l.id = w.link AND l.state <> 3) c
CROSS JOIN LATERAL (
    SELECT l.id FROM link l WHERE l.customer = c.customer AND l.state <> 3 ORDER BY l.id LIMIT %(limit)s
) m
JOIN profile p ON p.link = m.id

-- name: kept_apart
-- Which records of staged customers stewards said not to be another of them; by link_customer and decision's primary key.
SELECT l.id, coalesce(o.retired_into, o.id)
FROM near_customer n
JOIN link l ON l.customer = n.customer
JOIN decision d ON d.stream = l.stream AND d.external_id = l.external_id AND NOT d.same
JOIN customer o ON o.id = d.customer
WHERE coalesce(o.retired_into, o.id) IN (SELECT customer FROM near_customer)

-- name: filled
-- By which version of profiles all records can be compared; the table has one row at most.
SELECT version FROM profiled

-- name: keep_filled
-- All records can be compared by profiles of this version.
INSERT INTO profiled (version) VALUES (%s) ON CONFLICT DO NOTHING

-- name: forget_version
-- Not all records can be compared.
DELETE FROM profiled

-- name: forget_profiles
-- Nothing is compared until it is profiled anew.
DELETE FROM profile

-- name: forget_candidate_keys
-- Nothing is compared until it is profiled anew.
DELETE FROM candidate_key

-- name: forget_terms
-- Nothing is compared until it is profiled anew.
DELETE FROM term

-- name: record
-- One record as it is compared; by link (stream, external_id) and profile's primary key.
SELECT l.id, l.customer, l.stream, l.external_id, p.packed FROM link l JOIN profile p ON p.link = l.id
WHERE l.stream = %(stream)s AND l.external_id = %(id)s

-- name: records_of
-- The records of a customer as they are compared; by link_customer and profile's primary key.
SELECT l.id, l.customer, l.stream, l.external_id, p.packed FROM link l JOIN profile p ON p.link = l.id
WHERE l.customer = %(customer)s ORDER BY l.id LIMIT %(limit)s
