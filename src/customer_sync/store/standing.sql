-- name: streams
-- Per stream: records by state, what waits, what was refused, what is set aside. By link (stream, external_id),
-- outbound_link, reject_open.
SELECT s.id, s.system, s.name, s.read_at,
    coalesce(l.live, 0), coalesce(l.gone, 0), coalesce(l.excluded, 0),
    coalesce(o.pending, 0), coalesce(o.refused, 0), coalesce(r.records, 0), coalesce(a.unknown, 0)
FROM stream s
LEFT JOIN (
    SELECT stream, count(*) FILTER (WHERE state = 0) AS live, count(*) FILTER (WHERE state IN (1, 2)) AS gone,
        count(*) FILTER (WHERE state = 3) AS excluded
    FROM link GROUP BY stream
) l ON l.stream = s.id
LEFT JOIN (
    SELECT stream, count(*) FILTER (WHERE not_before IS DISTINCT FROM 'infinity') AS pending,
        count(*) FILTER (WHERE not_before = 'infinity') AS refused
    FROM outbound GROUP BY stream
) o ON o.stream = s.id
LEFT JOIN (
    SELECT stream, count(DISTINCT external_id) AS records FROM reject WHERE resolved_at IS NULL GROUP BY stream
) r ON r.stream = s.id
LEFT JOIN (
    SELECT stream, count(*) AS unknown FROM attempt WHERE outcome = 'unknown' GROUP BY stream
) a ON a.stream = s.id
ORDER BY s.system, s.name

-- name: totals
-- Customers, open reviews, and ledger edits not absorbed yet.
SELECT (SELECT count(*) FROM customer WHERE retired_into IS NULL),
    (SELECT count(*) FROM review WHERE decided_at IS NULL),
    (SELECT count(*) FROM ledger_edit)

-- name: configured
-- The version in force; by configuration's primary key.
SELECT max(version) FROM configuration
