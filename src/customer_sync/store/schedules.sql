-- name: withdraw
-- Nothing more is due of reversed entries; by schedule_due's primary key.
DELETE FROM schedule_due WHERE entry = ANY(%s::bigint[])

-- name: due
-- Schedules of which something is due; by schedule_due_day and schedule's primary key.
SELECT s.entry, s.line, s.document, s.account, s.currency, (s.amount * 10000)::bigint, (s.functional * 10000)::bigint,
    s.starts, s.ends, s.date
FROM (SELECT entry, line FROM schedule_due WHERE due <= %(until)s ORDER BY due, entry, line LIMIT %(limit)s) d
JOIN schedule s ON s.entry = d.entry AND s.line = d.line ORDER BY s.entry, s.line

-- name: recognised
-- What was recognised of these entries; by recognition's primary key.
SELECT entry, line, until, made FROM recognition WHERE entry = ANY(%s::bigint[]) ORDER BY entry, line, until

-- name: drop_done
-- Nothing more is due of what is recognised to its end; by schedule_due's primary key.
DELETE FROM schedule_due d USING following_due n WHERE d.entry = n.entry AND d.line = n.line AND n.due IS NULL

-- name: keep_following
-- When the rest is due; by schedule_due's primary key.
UPDATE schedule_due d SET due = n.due FROM following_due n
WHERE d.entry = n.entry AND d.line = n.line AND n.due IS NOT NULL
