-- Posting at a cost that does not grow with the age of the ledger: the plan that a session made of the trigger's
-- statements while the journal was small read all of `entry` for as long as the session lived. Each entry is looked
-- up by its key now, once, for the judgement and for the seal. What is refused, kept and sealed is what it was.
CREATE OR REPLACE FUNCTION post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    judged record;
    wrong record;
    before record;
BEGIN
    WITH n AS MATERIALIZED (
        SELECT s.entry, s.lines, s.is_even, s.first, s.last, o.e
        FROM (
            SELECT entry, sum(lines) AS lines, min(first) AS first, max(last) AS last,
                sum(functional) = 0 AND bool_and(amount = 0) AS is_even
            FROM (
                SELECT entry, currency, count(*) AS lines, min(line) AS first, max(line) AS last, sum(amount) AS amount,
                    sum(functional) AS functional
                FROM fresh GROUP BY entry, currency
            ) per_currency GROUP BY entry
        ) s LEFT JOIN LATERAL (SELECT f AS e FROM entry f WHERE f.id = s.entry OFFSET 0) o ON true
    )
    SELECT
        (SELECT sum(lines) FROM n) AS lines,
        (SELECT bool_or(NOT is_even OR (e).lines IS DISTINCT FROM lines OR first <> 1 OR last <> lines
            OR to_char((e).date, 'YYYY-MM') <> (e).period) FROM n) AS is_unsound,
        (SELECT array_agg(period ORDER BY period) FROM (SELECT DISTINCT (e).period FROM n) known) AS months,
        (SELECT range_agg(int8range(least, most, '[]')) FROM (
            SELECT min(entry) AS least, max(entry) AS most
            FROM (SELECT entry, entry - row_number() OVER (ORDER BY entry) AS island FROM n) numbered GROUP BY island
        ) islands) AS entries,
        (SELECT sha256(convert_to(string_agg(text, E'\n' ORDER BY entry, line), 'UTF8')) FROM (
            SELECT entry, line, sealed_posting(entry, line, account, party, currency, amount, functional, document) AS text
            FROM fresh
            UNION ALL
            SELECT entry, 0, sealed_entry(e) FROM n WHERE (e).id IS NOT NULL
        ) texts) AS sealed
    INTO judged;
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

    SELECT n.* INTO wrong FROM (
        SELECT account, currency, party IS NULL AS nobody, min(entry) AS entry FROM fresh GROUP BY 1, 2, 3
    ) n LEFT JOIN account a ON a.code = n.account
    WHERE a.code IS NULL OR NOT a.active OR a.is_control AND n.nobody OR n.currency <> a.commodity LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % cannot be posted to the account %', wrong.entry, wrong.account
            USING ERRCODE = 'check_violation',
            HINT = 'the account is there, active, takes this currency; a control account needs a party';
    END IF;

    INSERT INTO period (period) SELECT unnest(judged.months) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM period p WHERE p.period = ANY(judged.months) ORDER BY p.period FOR SHARE;
    SELECT p.period INTO wrong FROM period p WHERE p.period = ANY(judged.months) AND p.state <> 'open' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the period % is closed', wrong.period USING ERRCODE = 'check_violation',
            HINT = 'reopen it, or post into an open one';
    END IF;

    INSERT INTO balance AS b (party, account, currency, amount, functional)
    SELECT coalesce(party, 0), account, currency, sum(amount), sum(functional) FROM fresh
    GROUP BY 1, 2, 3 ORDER BY coalesce(party, 0) = 0, 1, 2, 3 -- what everybody posts to is held for the shortest time
    ON CONFLICT (party, account, currency)
    DO UPDATE SET amount = b.amount + EXCLUDED.amount, functional = b.functional + EXCLUDED.functional;

    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '/seal', 0));
    SELECT number, chain INTO before FROM seal ORDER BY number DESC LIMIT 1;
    INSERT INTO seal (number, entries, lines, content, chain) VALUES (
        coalesce(before.number, 0) + 1, judged.entries, judged.lines, judged.sealed,
        sha256(coalesce(before.chain, '') || judged.sealed)
    );
    RETURN NULL;
END $$;
