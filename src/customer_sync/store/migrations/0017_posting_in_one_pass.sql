-- The guard of the journal in fewer passes over what is posted. An entry in one currency is judged by one sum (only one in
-- several is summed up by currency), dates are compared with periods once for each day, the accounts are judged by the
-- balances just written, ids without a gap are one range. What is refused, kept and sealed is what it was.
CREATE OR REPLACE FUNCTION post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    judged record;
    wrong record;
    before record;
BEGIN
    WITH n AS MATERIALIZED (
        SELECT s.entry, s.lines, s.is_even, s.is_mixed, s.first, s.last, o.e
        FROM (
            SELECT entry, count(*) AS lines, min(line) AS first, max(line) AS last, sum(functional) = 0 AND sum(amount) = 0 AS is_even,
                min(currency COLLATE "C") <> max(currency COLLATE "C") AS is_mixed
            FROM fresh GROUP BY entry
        ) s LEFT JOIN LATERAL (SELECT f AS e FROM entry f WHERE f.id = s.entry OFFSET 0) o ON true
    ), days AS MATERIALIZED (
        SELECT DISTINCT (e).period, (e).date FROM n
    ), bounds AS MATERIALIZED (
        SELECT sum(lines) AS lines, min(entry) AS least, max(entry) AS most, count(*) AS entries,
            bool_or((e).lines IS DISTINCT FROM lines OR first <> 1 OR last <> lines OR NOT is_mixed AND NOT is_even) AS is_unsound,
            bool_or(is_mixed) AS has_mixed
        FROM n
    )
    SELECT
        lines,
        is_unsound
            OR (SELECT bool_or(to_char(date, 'YYYY-MM') <> period) FROM days)
            OR CASE WHEN has_mixed THEN EXISTS (
                SELECT FROM fresh WHERE entry IN (SELECT entry FROM n WHERE is_mixed)
                GROUP BY entry, currency HAVING sum(amount) <> 0
            ) OR EXISTS (
                SELECT FROM fresh WHERE entry IN (SELECT entry FROM n WHERE is_mixed) GROUP BY entry HAVING sum(functional) <> 0
            ) ELSE false END AS is_unsound,
        (SELECT array_agg(period ORDER BY period) FROM (SELECT DISTINCT period FROM days) known) AS months,
        CASE WHEN most - least + 1 = entries THEN int8multirange(int8range(least, most, '[]')) ELSE (
            SELECT range_agg(int8range(least, most, '[]')) FROM (
                SELECT min(entry) AS least, max(entry) AS most
                FROM (SELECT entry, entry - row_number() OVER (ORDER BY entry) AS island FROM n) numbered GROUP BY island
            ) islands
        ) END AS entries,
        (SELECT sha256(convert_to(string_agg(text, E'\n' ORDER BY entry, line), 'UTF8')) FROM (
            SELECT entry, line, sealed_posting(entry, line, account, party, currency, amount, functional, document) AS text
            FROM fresh
            UNION ALL
            SELECT entry, 0, sealed_entry(e) FROM n WHERE (e).id IS NOT NULL
        ) texts) AS sealed
    INTO judged FROM bounds;
    IF judged.lines IS NULL THEN
        RETURN NULL;
    END IF;
    IF judged.is_unsound THEN
        SELECT entry INTO wrong FROM (
            SELECT entry, currency, sum(amount) AS amount FROM fresh GROUP BY entry, currency
            UNION ALL SELECT entry, '', sum(functional) FROM fresh GROUP BY entry
        ) sums WHERE amount <> 0 ORDER BY entry LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % does not balance', wrong.entry USING ERRCODE = 'check_violation',
                HINT = 'the postings of an entry add up to zero in each currency, and in the functional one';
        END IF;
        SELECT e.id INTO wrong FROM entry e
        WHERE e.id IN (SELECT entry FROM fresh) AND to_char(e.date, 'YYYY-MM') <> e.period LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'the date of entry % is not in its period', wrong.id USING ERRCODE = 'check_violation';
        END IF;
        RAISE EXCEPTION 'an entry is not whole' USING ERRCODE = 'check_violation',
            HINT = 'insert the entry, then all its postings, lines 1 to n, in one statement; none can follow';
    END IF;

    INSERT INTO period (period) SELECT unnest(judged.months) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM period p WHERE p.period = ANY(judged.months) ORDER BY p.period FOR SHARE;
    SELECT p.period INTO wrong FROM period p WHERE p.period = ANY(judged.months) AND p.state <> 'open' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the period % is closed', wrong.period USING ERRCODE = 'check_violation',
            HINT = 'reopen it, or post into an open one';
    END IF;

    WITH kept AS (
        INSERT INTO balance AS b (party, account, currency, amount, functional)
        SELECT coalesce(party, 0), account, currency, sum(amount), sum(functional) FROM fresh
        GROUP BY 1, 2, 3 ORDER BY coalesce(party, 0) = 0, 1, 2, 3 -- what everybody posts to is held for the shortest time
        ON CONFLICT (party, account, currency)
        DO UPDATE SET amount = b.amount + EXCLUDED.amount, functional = b.functional + EXCLUDED.functional
        RETURNING b.party, b.account, b.currency
    )
    SELECT n.* INTO wrong FROM (
        SELECT DISTINCT account, currency, party = 0 AS nobody FROM kept
    ) n LEFT JOIN account a ON a.code = n.account
    WHERE a.code IS NULL OR NOT a.active OR a.is_control AND n.nobody OR n.currency <> a.commodity LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % cannot be posted to the account %', (
            SELECT min(entry) FROM fresh
            WHERE account = wrong.account AND currency = wrong.currency AND (party IS NULL) = wrong.nobody
        ), wrong.account USING ERRCODE = 'check_violation',
            HINT = 'the account is there, active, takes this currency; a control account needs a party';
    END IF;

    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '/seal', 0));
    SELECT number, chain INTO before FROM seal ORDER BY number DESC LIMIT 1;
    INSERT INTO seal (number, entries, lines, content, chain) VALUES (
        coalesce(before.number, 0) + 1, judged.entries, judged.lines, judged.sealed,
        sha256(coalesce(before.chain, '') || judged.sealed)
    );
    RETURN NULL;
END $$;

-- People ask for a document by its number; an index takes no text of any length.
CREATE INDEX document_number ON document (left(number, 200)) WHERE number IS NOT NULL;
