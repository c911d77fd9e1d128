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

-- name: audit
-- What happened, newest first, by customer, stream, field, run and time; by audit_event_customer, _run or primary key.
SELECT e.id, e.at, e.run, e.kind, s.system || '.' || s.name, l.external_id, e.customer, e.fields, e.detail
FROM audit_event e
LEFT JOIN stream s ON s.id = e.stream
LEFT JOIN link l ON l.id = e.link
WHERE (%(customer)s::bigint IS NULL OR e.customer = %(customer)s)
  AND (%(run)s::bigint IS NULL OR e.run = %(run)s)
  AND (%(system)s::text IS NULL OR s.system = %(system)s)
  AND (%(stream)s::text IS NULL OR s.name = %(stream)s)
  AND (%(field)s::text IS NULL OR %(field)s = ANY(string_to_array(e.fields, ',')))
  AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
ORDER BY e.id DESC LIMIT %(limit)s
