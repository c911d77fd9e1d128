-- name: customers
-- Customers whose id, name, organisation, e-mail, phone or tax id has these words; by customer's primary key.
SELECT id, kind, given_name, family_name, organisation, email, phone, country FROM customer
WHERE retired_into IS NULL AND (
    %(words)s::text[] IS NULL
    OR concat_ws(' ', id::text, given_name, middle_name, family_name, organisation, email, emails, phone, phones, tax_id)
        ILIKE ALL (%(words)s::text[])
)
ORDER BY id LIMIT %(limit)s

-- name: page
-- Whole customers after an id, in order; by customer's primary key.
SELECT id, {columns}, custom::text, stamp, false FROM customer
WHERE id > %(after)s AND retired_into IS NULL ORDER BY id LIMIT %(limit)s
