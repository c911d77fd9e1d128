-- Documents as they are read: what of them is news, what waits, what the source allocates, what is deferred.

-- read: digest of the record as it was last read; null: whatever comes is news. shown: batch in which that was.
-- presence: 0 live, 1 gone, 2 out of scope, as of links. aside: what it said last, where it is not what is posted.
ALTER TABLE document
    ADD COLUMN read bigint,
    ADD COLUMN shown bigint NOT NULL DEFAULT 0,
    ADD COLUMN presence smallint NOT NULL DEFAULT 0,
    ADD COLUMN aside text;
-- What waits is looked at again by its reason; `document_waiting` knew it by state, and no change that is set aside.
CREATE INDEX document_aside ON document (stream, reason, customer_ref) WHERE reason IS NOT NULL;
DROP INDEX document_waiting;

-- What sources allocate, as they say it now: also to what is not known yet. No amount: as much as both have.
CREATE TABLE given (
    document bigint NOT NULL,
    stream integer NOT NULL,
    external_id text NOT NULL,
    amount numeric(20, 4),
    PRIMARY KEY (document, stream, external_id)
);
CREATE INDEX given_other ON given (stream, external_id);

-- Deferred lines of entries: what is recognised on which account, day by day from the first to the last.
CREATE TABLE schedule (
    entry bigint NOT NULL,
    line integer NOT NULL,
    document bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    amount numeric(20, 4) NOT NULL,
    functional numeric(20, 4) NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL,
    date date NOT NULL,
    PRIMARY KEY (entry, line)
);
CREATE INDEX schedule_document ON schedule (document);
CALL append_only('schedule');

-- Which month of a schedule is recognised by which entry.
CREATE TABLE recognition (
    entry bigint NOT NULL,
    line integer NOT NULL,
    until date NOT NULL,
    made bigint NOT NULL,
    PRIMARY KEY (entry, line, until)
);
CALL append_only('recognition');

-- The day on which something of a schedule is next to be recognised; gone when all of it is, or its entry reversed.
CREATE TABLE schedule_due (
    entry bigint NOT NULL,
    line integer NOT NULL,
    due date NOT NULL,
    PRIMARY KEY (entry, line)
);
CREATE INDEX schedule_due_day ON schedule_due (due);

-- Which document an event concerns.
ALTER TABLE event ADD COLUMN document bigint;
CREATE OR REPLACE VIEW audit_event AS
SELECT e.id, coalesce(e.at, b.at) AS at, coalesce(e.run, b.run) AS run, e.batch,
    coalesce(e.configuration, b.configuration) AS configuration, e.kind, e.stream, e.link, e.customer, e.fields,
    e.detail, e.digest, e.document
FROM event e LEFT JOIN batch b ON b.number = e.batch;

-- By which version of the configuration all that is set aside of a stream of documents was last looked at.
ALTER TABLE stream ADD COLUMN looked integer;
