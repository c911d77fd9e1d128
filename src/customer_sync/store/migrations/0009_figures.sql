-- What the books say of customers, as golden values: computed from the journal, claimed by no source.
ALTER TABLE customer
    ADD COLUMN balance text,
    ADD COLUMN overdue text,
    ADD COLUMN credit_available text,
    ADD COLUMN credit_state text,
    ADD COLUMN orders text,
    ADD COLUMN first_order text,
    ADD COLUMN last_order text,
    ADD COLUMN lifetime_value text;

-- They are no accountant's to write: a correction is an entry.
CREATE OR REPLACE FUNCTION guard_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id THEN
        RAISE EXCEPTION 'the number of a customer cannot be changed'
            USING HINT = 'change its values; two customers that are one are merged by customer-sync reviews';
    END IF;
    IF (NEW.retired_into, NEW.created, NEW.stamp) IS DISTINCT FROM (OLD.retired_into, OLD.created, OLD.stamp) THEN
        RAISE EXCEPTION 'retired_into, created and stamp are kept by Customer Sync'
            USING HINT = 'change the other columns';
    END IF;
    IF (NEW.balance, NEW.overdue, NEW.credit_available, NEW.credit_state, NEW.orders, NEW.first_order, NEW.last_order,
        NEW.lifetime_value)
        IS DISTINCT FROM (OLD.balance, OLD.overdue, OLD.credit_available, OLD.credit_state, OLD.orders, OLD.first_order,
        OLD.last_order, OLD.lifetime_value) THEN
        RAISE EXCEPTION 'balance, overdue and the like are computed from the books'
            USING HINT = 'post what is missing there; the figures follow';
    END IF;
    RETURN NEW;
END $$;

-- Up to which batch, entry and day something that follows the books was brought up to date, and by which version.
CREATE TABLE follower (
    name text PRIMARY KEY,
    batch bigint NOT NULL,
    entry bigint NOT NULL,
    day date NOT NULL,
    version integer NOT NULL
);

-- Open documents by the day they are due: who becomes overdue, or is to be reminded.
CREATE INDEX document_due ON document (coalesce(due_date, date)) WHERE settled < abs(amount);
