-- The money side: accounts, periods, documents, the journal, and what is kept of it in step with it.
-- What must always hold of the journal is held here, whatever the door: the program, a script, plain SQL.
-- Codes are compared byte by byte, so that books are in the same order on every server.

CREATE TABLE account (
    code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$'),
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'revenue', 'expense')),
    is_control boolean NOT NULL DEFAULT false, -- every posting names the party it concerns
    commodity text,                            -- the only one it takes, when it takes but one
    active boolean NOT NULL DEFAULT true
);

CREATE TABLE period (
    period text COLLATE "C" PRIMARY KEY CHECK (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    closed_at timestamptz,
    by text
);

-- One journal entry. `lines` says how many postings it has, so that none can be added later.
CREATE SEQUENCE entry_id;
CREATE TABLE entry (
    id bigint PRIMARY KEY,
    document bigint,
    kind text NOT NULL,
    date date NOT NULL,
    period text COLLATE "C" NOT NULL,
    reverses bigint,
    rule text NOT NULL,
    memo text,
    lines integer NOT NULL CHECK (lines > 0),
    stamp bigint NOT NULL DEFAULT 0, -- batch that posted it; 0: no batch did
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX entry_document ON entry (document) WHERE document IS NOT NULL;
CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX entry_date ON entry (date, id);
ALTER SEQUENCE entry_id OWNED BY entry.id;
CALL append_only('entry');

-- Debit is positive, credit negative. party: the link of the source's customer record, never a customer.
CREATE TABLE posting (
    entry bigint NOT NULL,
    line integer NOT NULL,
    account text COLLATE "C" NOT NULL,
    party bigint CHECK (party > 0),
    currency text NOT NULL,
    amount numeric(20, 4) NOT NULL,
    functional numeric(20, 4) NOT NULL,
    document bigint,
    PRIMARY KEY (entry, line)
);
CREATE INDEX posting_party ON posting (party, entry) WHERE party IS NOT NULL;
CALL append_only('posting');

-- What the postings add up to, kept by the trigger below. party 0: postings that name none.
CREATE TABLE balance (
    party bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z][A-Z0-9]{2,9}$'),
    amount numeric(20, 4) NOT NULL,
    functional numeric(20, 4) NOT NULL,
    PRIMARY KEY (party, account, currency)
) WITH (fillfactor = 70);

-- A chain of digests over what was posted, a link for each statement that posted: whoever changes what
-- was posted, past every guard, would have to change all that follows, and what people kept of it.
CREATE TABLE seal (
    number bigint PRIMARY KEY,
    entries int8multirange NOT NULL,
    lines bigint NOT NULL,
    content bytea NOT NULL,
    chain bytea NOT NULL
);
CALL append_only('seal');

-- What is sealed of an entry and of a posting. Never to be changed: old seals could not be checked.
CREATE FUNCTION sealed_entry(e entry) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT e.id::text || '|' || coalesce(e.document::text, '') || '|' || e.kind || '|' || (e.date - DATE '2000-01-01')::text || '|'
        || e.period || '|' || coalesce(e.reverses::text, '') || '|' || e.rule || '|' || coalesce(e.memo, '') || '|'
        || e.lines::text || '|' || e.stamp::text
$$;
CREATE FUNCTION sealed_posting(
    entry bigint, line integer, account text, party bigint, currency text, amount numeric, functional numeric,
    document bigint
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT entry::text || '|' || line::text || '|' || account || '|' || coalesce(party::text, '') || '|' || currency || '|'
        || amount::text || '|' || functional::text || '|' || coalesce(document::text, '')
$$;

-- Refuse what may not stand in the journal; then bring the balances up to date and seal. All postings of
-- an entry come in one statement. Locks are taken in one order (periods, balances by key, the chain), so
-- that those who post at once wait for one another and never in a circle.
CREATE FUNCTION post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    judged record;
    wrong record;
    sealed bytea;
    before record;
BEGIN
    SELECT bool_or(is_unsound) AS is_unsound, array_agg(DISTINCT period ORDER BY period) AS months,
        range_agg(int8range(entry, entry, '[]')) AS entries, sum(lines) AS lines
    INTO judged
    FROM (
        SELECT n.entry, n.lines, e.period, n.unbalanced OR n.functional <> 0 OR e.lines IS DISTINCT FROM n.lines OR n.first <> 1
            OR n.last <> e.lines OR to_char(e.date, 'YYYY-MM') <> e.period AS is_unsound
        FROM (
            SELECT entry, sum(lines) AS lines, min(first) AS first, max(last) AS last, sum(functional) AS functional,
                bool_or(amount <> 0) AS unbalanced
            FROM (
                SELECT entry, currency, count(*) AS lines, min(line) AS first, max(line) AS last, sum(amount) AS amount,
                    sum(functional) AS functional
                FROM fresh GROUP BY entry, currency
            ) per_currency GROUP BY entry
        ) n LEFT JOIN entry e ON e.id = n.entry
    ) entries;
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

    SELECT sha256(convert_to(string_agg(text, E'\n' ORDER BY entry, line), 'UTF8')) INTO sealed
    FROM (
        SELECT entry, line, sealed_posting(entry, line, account, party, currency, amount, functional, document) AS text
        FROM fresh
        UNION ALL
        SELECT e.id, 0, sealed_entry(e) FROM entry e WHERE e.id IN (SELECT entry FROM fresh)
    ) texts;
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '/seal', 0));
    SELECT number, chain INTO before FROM seal ORDER BY number DESC LIMIT 1;
    INSERT INTO seal (number, entries, lines, content, chain) VALUES (
        coalesce(before.number, 0) + 1, judged.entries, judged.lines, sealed, sha256(coalesce(before.chain, '') || sealed)
    );
    RETURN NULL;
END $$;

CREATE TRIGGER posted AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION post();
ALTER TABLE posting ENABLE ALWAYS TRIGGER posted;

-- What an account is stays as it was once something was posted to it.
CREATE FUNCTION keep_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM balance b WHERE b.account = OLD.code) THEN
        RAISE EXCEPTION 'the account % has postings: only its name may change, and whether it is active', OLD.code
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER account_kept BEFORE UPDATE ON account FOR EACH ROW
    WHEN ((OLD.code, OLD.type, OLD.is_control, OLD.commodity) IS DISTINCT FROM (NEW.code, NEW.type, NEW.is_control, NEW.commodity))
    EXECUTE FUNCTION keep_account();
CREATE TRIGGER account_stays BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION keep_account();

-- Documents as their systems last showed them, and what became of them. `snapshot` is what was posted, as
-- issued; a later change of the customer never touches it. account, amount, functional: what is to be
-- settled, as posted on a control account; settled: how much of it standing allocations settle.
CREATE SEQUENCE document_id;
CREATE TABLE document (
    id bigint PRIMARY KEY,
    stream integer NOT NULL,
    external_id text NOT NULL,
    type text NOT NULL,
    rule text,
    number text,
    status text,
    state text NOT NULL CHECK (state IN ('posted', 'noted', 'waiting', 'parked', 'void', 'rejected')),
    reason text,
    party bigint,
    customer_ref text,
    date date,
    due_date date,
    service_start date,
    service_end date,
    currency text,
    rate numeric(24, 12),
    total numeric(20, 4),
    net numeric(20, 4),
    tax numeric(20, 4),
    processor text,
    payout text,
    campaign text,
    source text,
    account text,
    amount numeric(20, 4) NOT NULL DEFAULT 0,
    functional numeric(20, 4) NOT NULL DEFAULT 0,
    settled numeric(20, 4) NOT NULL DEFAULT 0,
    snapshot text,
    digest bigint,
    version integer,
    entry bigint,
    stamp bigint NOT NULL DEFAULT 0, -- batch that last changed it; 0: no batch did
    CONSTRAINT document_settled CHECK (settled BETWEEN 0 AND abs(amount)),
    CONSTRAINT document_posted CHECK (state <> 'posted' OR entry IS NOT NULL),
    UNIQUE (stream, external_id)
);
CREATE INDEX document_open ON document (party) WHERE settled < abs(amount);
CREATE INDEX document_party ON document (party, date) WHERE party IS NOT NULL;
CREATE INDEX document_waiting ON document (stream, customer_ref) WHERE state IN ('waiting', 'parked', 'rejected');
ALTER SEQUENCE document_id OWNED BY document.id;

-- Whom a posted document concerns changes only by reversal: with a new entry, never by itself.
CREATE FUNCTION refuse_new_party() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'document % is posted: its party stays', OLD.id USING ERRCODE = 'check_violation',
        HINT = 'reverse it, then post it again';
END $$;
CREATE TRIGGER party_kept BEFORE UPDATE ON document FOR EACH ROW
    WHEN (OLD.state = 'posted' AND OLD.entry IS NOT DISTINCT FROM NEW.entry
          AND (OLD.party, OLD.account, OLD.amount, OLD.currency) IS DISTINCT FROM (NEW.party, NEW.account, NEW.amount, NEW.currency))
    EXECUTE FUNCTION refuse_new_party();

-- What settles what. Released, never deleted; between parties of one customer as they were at that time.
CREATE TABLE allocation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount numeric(20, 4) NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL,
    entry bigint,
    released_at timestamptz,
    released_entry bigint
);
CREATE INDEX allocation_debit ON allocation (debit) WHERE released_at IS NULL;
CREATE INDEX allocation_credit ON allocation (credit) WHERE released_at IS NULL;

CREATE FUNCTION keep_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'allocation % can only be released, once', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER allocation_kept BEFORE UPDATE ON allocation FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL OR NEW.released_at IS NULL
          OR (OLD.id, OLD.debit, OLD.credit, OLD.amount) IS DISTINCT FROM (NEW.id, NEW.debit, NEW.credit, NEW.amount))
    EXECUTE FUNCTION keep_allocation();
CREATE TRIGGER allocation_stays BEFORE DELETE ON allocation FOR EACH ROW EXECUTE FUNCTION keep_allocation();

-- Keep what is settled of documents in step. Documents are locked in the order of their ids.
CREATE FUNCTION settle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    WITH sums AS MATERIALIZED (
        SELECT document, CASE TG_OP WHEN 'INSERT' THEN sum(amount) ELSE -sum(amount) END AS amount
        FROM (SELECT debit AS document, amount FROM fresh UNION ALL SELECT credit, amount FROM fresh) sides GROUP BY document
    ), locked AS MATERIALIZED (
        SELECT d.id FROM document d WHERE d.id IN (SELECT document FROM sums) ORDER BY d.id FOR UPDATE
    )
    UPDATE document d SET settled = d.settled + s.amount FROM sums s JOIN locked l ON l.id = s.document
    WHERE d.id = s.document;
    RETURN NULL;
END $$;
CREATE TRIGGER allocated AFTER INSERT ON allocation REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION settle();
CREATE TRIGGER released AFTER UPDATE ON allocation REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION settle();
