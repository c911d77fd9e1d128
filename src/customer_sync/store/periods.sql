-- name: hold
-- The state of these periods, held until the transaction ends, so that none is closed meanwhile; by period's primary key.
SELECT period, state FROM period WHERE period = ANY(%s::text[]) ORDER BY period FOR SHARE

-- name: open_missing
-- Make these periods where they are not there, so that they can be held; by period's primary key.
INSERT INTO period (period) SELECT unnest(%s::text[]) ORDER BY 1 ON CONFLICT DO NOTHING

-- name: set_state
-- Close or reopen a period; waits for those who are posting into it. What was never closed is not reopened. By period's
-- primary key.
INSERT INTO period AS p (period, state, closed_at, by)
SELECT %(period)s, %(state)s, %(at)s, %(by)s
WHERE %(state)s <> 'open' OR EXISTS (SELECT 1 FROM period o WHERE o.period = %(period)s)
ON CONFLICT (period) DO UPDATE SET state = EXCLUDED.state, closed_at = EXCLUDED.closed_at, by = EXCLUDED.by
WHERE p.state <> EXCLUDED.state
RETURNING period

-- name: periods
-- Every period that was ever posted into or closed; a scan of a small table.
SELECT period, state, closed_at, by FROM period ORDER BY period
