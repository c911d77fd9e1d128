-- name: get
-- One try to deliver; by attempt's primary key.
SELECT token, outbound, stream, customer, link, kind, external_id FROM attempt
WHERE token = %s AND outcome IN ('sent', 'unknown')
