-- One workspace: the customer ledger's customers, the crosswalk, claims, and what is on its way.
-- Batches number the commits of absorb in their order; `stamp`, `since`, `seen` are batch numbers.

CREATE TABLE setting (
    name text PRIMARY KEY,
    value text NOT NULL
);

-- Every published version of the configuration folder.
CREATE TABLE configuration (
    version integer PRIMARY KEY,
    digest text NOT NULL,
    document jsonb NOT NULL,
    files jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
);

-- A stream keeps its number for ever, so that links survive disconnecting and reconnecting a system.
CREATE TABLE stream (
    id integer PRIMARY KEY,
    system text NOT NULL,
    name text NOT NULL,
    cursor text,
    listed text, -- the cursor up to which records that are missing were looked for
    read_at timestamptz,
    filled text, -- digest of the create settings under which all customers were offered to it
    UNIQUE (system, name)
);

CREATE TABLE run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    configuration integer REFERENCES configuration,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    outcome text,
    detail text
);

CREATE TABLE batch (
    number bigint PRIMARY KEY,
    run bigint NOT NULL,
    stream integer NOT NULL,
    configuration integer NOT NULL,
    records integer NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX batch_at ON batch (at);
CREATE INDEX batch_run ON batch (run);

-- The accounting module's customers, a system like the others. Accountants may write here with plain
-- SQL: the trigger below only notes what the row showed before, so that absorb sees what changed.
CREATE SEQUENCE customer_id;
CREATE TABLE customer (
    id bigint PRIMARY KEY DEFAULT nextval('customer_id'),
    kind text,
    title text,
    given_name text,
    middle_name text,
    family_name text,
    name_suffix text,
    organisation text,
    job_title text,
    email text,
    emails text,
    phone text,
    phones text,
    website text,
    tax_id text,
    birth_date text,
    language text,
    country text,
    billing_address text,
    shipping_address text,
    addresses text,
    currency text,
    payment_terms text,
    credit_limit text,
    lifecycle_stage text,
    loyalty_tier text,
    loyalty_points text,
    consent_email text,
    consent_sms text,
    consent_phone text,
    customer_since text,
    active text,
    note text,
    custom jsonb,
    retired_into bigint,
    created bigint NOT NULL DEFAULT 0,
    stamp bigint NOT NULL DEFAULT 0
);
CREATE INDEX customer_retired ON customer (retired_into) WHERE retired_into IS NOT NULL;
ALTER SEQUENCE customer_id OWNED BY customer.id;

CREATE TABLE ledger_edit (
    customer bigint PRIMARY KEY,
    before jsonb,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL DEFAULT session_user
);

-- The first unabsorbed edit of a row keeps what the row showed before it; later ones add nothing.
CREATE FUNCTION note_ledger_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a customer of the ledger cannot be deleted'
            USING HINT = 'set active to false instead; its history and its documents stay';
    END IF;
    INSERT INTO ledger_edit (customer, before)
    VALUES (NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER customer_edited AFTER INSERT OR UPDATE ON customer FOR EACH ROW
    WHEN (current_setting('customer_sync.absorbing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION note_ledger_edit();
CREATE TRIGGER customer_deleted BEFORE DELETE ON customer FOR EACH ROW
    EXECUTE FUNCTION note_ledger_edit();

-- The crosswalk. Narrow on purpose: comparing a whole listing with it scans only this.
CREATE SEQUENCE link_id;
CREATE TABLE link (
    id bigint PRIMARY KEY,
    stream integer NOT NULL,
    external_id text NOT NULL,
    customer bigint NOT NULL,
    state smallint NOT NULL, -- 0 live, 1 gone, 2 out of scope, 3 excluded, 4 merged away
    since bigint NOT NULL,   -- batch that tied it to this customer
    seen bigint NOT NULL,    -- batch whose golden values the record was last known to show
    shown bigint NOT NULL,   -- batch that last changed its image
    digest bigint NOT NULL,
    version text,
    changed_at timestamptz,
    UNIQUE (stream, external_id)
);
CREATE INDEX link_customer ON link (customer);

-- The mapped source fields of a record as its system last showed them, and what a system made of
-- what it was sent ({field: {sent, shown}}): such a transformation is agreement, not a claim.
CREATE TABLE image (
    link bigint PRIMARY KEY,
    fields text NOT NULL,
    accepted text
);

-- What records say. A row holds the fields that changed in one observation; per field the latest
-- stamp counts. A row whose fields were all said anew is superseded. `basis` is the batch whose
-- golden values the claim stands for: its own, or an earlier one when it only came to agree.
CREATE TABLE claim (
    link bigint NOT NULL,
    stamp bigint NOT NULL,
    basis bigint NOT NULL,
    seen bigint NOT NULL,
    at timestamptz NOT NULL,
    fields text NOT NULL,
    cleared text,
    superseded bigint,
    PRIMARY KEY (link, stamp, basis, seen)
);

-- Golden values as they changed after a customer's first batch; walking it back gives any past instant.
CREATE TABLE golden_change (
    customer bigint NOT NULL,
    stamp bigint NOT NULL,
    field text NOT NULL,
    before text,
    after text,
    link bigint,
    claim bigint,
    PRIMARY KEY (customer, stamp, field)
);
CREATE INDEX golden_change_stamp ON golden_change (stamp);

-- Hashed normalised values that identify; see core.identity for what is hashed.
CREATE TABLE match_key (
    key bigint NOT NULL,
    link bigint NOT NULL,
    PRIMARY KEY (key, link)
);

-- "This has something to deliver", no more: the patch is computed when it is sent.
CREATE TABLE outbound (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer bigint NOT NULL,
    stream integer NOT NULL,
    link bigint,             -- null: the customer is to be created there
    kind text NOT NULL,      -- put, delete, deactivate
    enqueued bigint NOT NULL,
    enqueued_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    not_before timestamptz,
    holder bigint,           -- run that is delivering it now
    code text,
    reason text
);
CREATE UNIQUE INDEX outbound_link ON outbound (link) WHERE link IS NOT NULL;
CREATE UNIQUE INDEX outbound_create ON outbound (customer, stream) WHERE link IS NULL;

-- One try to deliver, written before the call. Holds personal values: what was sent.
CREATE TABLE attempt (
    token text PRIMARY KEY,
    outbound bigint NOT NULL,
    customer bigint NOT NULL,
    stream integer NOT NULL,
    link bigint,
    kind text NOT NULL,
    external_id text,
    patch text NOT NULL,
    expected text NOT NULL,
    expected_version text,
    sent text NOT NULL,      -- canonical values meant by the patch
    digest text NOT NULL,
    mark bigint NOT NULL,    -- batch whose golden values were sent
    run bigint NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,   -- sent, accepted, refused, moved, unknown
    answered_at timestamptz,
    code text,
    reason text
);
CREATE INDEX attempt_link ON attempt (link) WHERE outcome IN ('sent', 'unknown', 'not_done');
CREATE INDEX attempt_open ON attempt (outbound) WHERE outcome IN ('sent', 'unknown');
CREATE INDEX attempt_customer ON attempt (customer);

-- Set aside: a record, or a field of one, with every fault it has.
CREATE TABLE reject (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage text NOT NULL,
    stream integer NOT NULL,
    external_id text NOT NULL,
    field text NOT NULL DEFAULT '',
    code text NOT NULL,
    detail text NOT NULL,
    whole boolean NOT NULL,
    record text,             -- what the system sent, when nothing else keeps it
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1,
    run bigint NOT NULL,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX reject_open ON reject (stream, external_id, field, code) WHERE resolved_at IS NULL;

CREATE TABLE review (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,      -- possible_duplicate, conflict, mass_delete, unknown_outcome, flapping
    subject text NOT NULL,   -- what it is about, so that it is asked once
    customers bigint[] NOT NULL DEFAULT '{}',
    detail text NOT NULL,
    opened_at timestamptz NOT NULL,
    run bigint NOT NULL,
    decided_at timestamptz,
    decision text,
    by text
);
CREATE UNIQUE INDEX review_open ON review (kind, subject) WHERE decided_at IS NULL;

-- Outbounds that nothing but time holds back. One waits while a try's outcome is unknown, and while its
-- record is set aside as a whole: writing to it would destroy what a person typed there.
CREATE VIEW ripe_outbound AS
SELECT o.* FROM outbound o
WHERE NOT EXISTS (
        SELECT 1 FROM attempt a WHERE a.outbound = o.id AND a.outcome IN ('sent', 'unknown')
    ) AND NOT EXISTS (
        SELECT 1 FROM link l JOIN reject r ON r.stream = l.stream AND r.external_id = l.external_id
        WHERE l.id = o.link AND r.whole AND r.stage = 'map' AND r.resolved_at IS NULL
    ) AND NOT EXISTS ( -- a record there may be this customer: who decides that also decides this
        SELECT 1 FROM review v JOIN stream s ON s.id = o.stream
        WHERE o.link IS NULL AND v.kind = 'possible_duplicate' AND v.decided_at IS NULL
          AND o.customer = ANY(v.customers) AND starts_with(v.subject, s.system || '.' || s.name || '/')
    );

-- What a steward settled about sameness; remembered for ever, outranks every key.
CREATE TABLE decision (
    stream integer NOT NULL,
    external_id text NOT NULL,
    customer bigint NOT NULL,
    same boolean NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    PRIMARY KEY (stream, external_id, customer)
);

-- Every change of state and every synchronization event, without personal values. An event of a batch
-- takes its time, run and configuration from it: at a first load there are as many events as records.
-- `fields` is null where an event concerns all that its claim says.
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    batch bigint,
    at timestamptz,
    run bigint,
    configuration integer,
    kind text NOT NULL,
    stream integer,
    link bigint,
    customer bigint,
    fields text,             -- canonical fields concerned, comma-separated
    detail text,
    digest text              -- salted digest of what was sent or read
);
CREATE INDEX event_customer ON event (customer) WHERE customer IS NOT NULL;
CREATE INDEX event_run ON event (run) WHERE run IS NOT NULL;
CREATE INDEX event_batch ON event USING brin (batch);

CREATE VIEW audit_event AS
SELECT e.id, coalesce(e.at, b.at) AS at, coalesce(e.run, b.run) AS run, e.batch,
    coalesce(e.configuration, b.configuration) AS configuration, e.kind, e.stream, e.link, e.customer, e.fields,
    e.detail, e.digest
FROM event e LEFT JOIN batch b ON b.number = e.batch;

-- Records read for a plan, or told by a notification, until they are absorbed.
CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream integer NOT NULL,
    external_id text NOT NULL,
    record text NOT NULL,
    mark bigint NOT NULL,
    received_at timestamptz NOT NULL,
    plan bigint
);
CREATE INDEX inbox_stream ON inbox (stream, id);
CREATE UNIQUE INDEX inbox_plan ON inbox (plan, stream, external_id) WHERE plan IS NOT NULL;

-- The exact effects of a run that was not made. Only `detail` of plan_customer holds personal values,
-- as the records of the inbox do; all but the row of `plan` goes when the plan is done with.
CREATE TABLE plan (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL,
    configuration integer NOT NULL REFERENCES configuration,
    mark bigint NOT NULL,    -- batch that had committed last: the inbox mark
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL,     -- reading, open, applied, discarded
    document text NOT NULL,
    decided_at timestamptz
);

-- A customer of a plan, named by its id or, while it has none, by its first record.
CREATE TABLE plan_customer (
    plan bigint NOT NULL,
    number integer NOT NULL,
    identity text NOT NULL,
    digest text NOT NULL,
    detail text,
    applied boolean NOT NULL DEFAULT false,
    PRIMARY KEY (plan, number)
);

-- Which records of the inbox make up which customer of the plan.
CREATE TABLE plan_record (
    plan bigint NOT NULL,
    stream integer NOT NULL,
    external_id text NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (plan, stream, external_id)
);

-- Digests of the patches that a plan foresees.
CREATE TABLE plan_patch (
    plan bigint NOT NULL,
    number integer NOT NULL,
    stream integer NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (plan, number, stream, digest)
);
