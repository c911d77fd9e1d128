-- What scored matching compares: every record in the form it is compared in, the hashed keys by which records that are
-- worth comparing meet, and how many records carry a value, which says what sharing it is worth.
CREATE TABLE profile (
    link bigint PRIMARY KEY,
    packed text NOT NULL
);
CREATE TABLE candidate_key (
    key bigint NOT NULL,
    link bigint NOT NULL,
    PRIMARY KEY (key, link)
);
CREATE TABLE term (
    term bigint PRIMARY KEY,
    records bigint NOT NULL
) WITH (fillfactor = 80);
-- By which version of profiles all records can be compared; no row: not all of them can.
CREATE TABLE profiled (version text PRIMARY KEY);

-- What is asked about a customer.
CREATE INDEX review_open_customers ON review USING gin (customers) WHERE decided_at IS NULL;

-- A customer that may be another one is created nowhere until that is decided.
CREATE OR REPLACE VIEW ripe_outbound AS
SELECT o.* FROM outbound o
WHERE NOT EXISTS (
        SELECT 1 FROM attempt a WHERE a.outbound = o.id AND a.outcome IN ('sent', 'unknown')
    ) AND NOT EXISTS (
        SELECT 1 FROM link l JOIN reject r ON r.stream = l.stream AND r.external_id = l.external_id
        WHERE l.id = o.link AND r.whole AND r.stage = 'map' AND r.resolved_at IS NULL
    ) AND NOT EXISTS ( -- a record there may be this customer: who decides that also decides this
        SELECT 1 FROM review v JOIN stream s ON s.id = o.stream
        WHERE o.link IS NULL AND v.kind = 'possible_duplicate' AND v.decided_at IS NULL
          AND v.customers @> ARRAY[o.customer] AND starts_with(v.subject, s.system || '.' || s.name || '/')
    ) AND NOT EXISTS (
        SELECT 1 FROM review v
        WHERE o.link IS NULL AND v.kind = 'duplicate_customer' AND v.decided_at IS NULL
          AND v.customers @> ARRAY[o.customer]
    );
