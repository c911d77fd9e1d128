-- A customer's number is its name for ever: links, claims and documents point at it. What the product keeps
-- beside the values is not an accountant's to change either.
CREATE FUNCTION guard_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id THEN
        RAISE EXCEPTION 'the number of a customer cannot be changed'
            USING HINT = 'change its values; two customers that are one are merged by customer-sync reviews';
    END IF;
    IF (NEW.retired_into, NEW.created, NEW.stamp) IS DISTINCT FROM (OLD.retired_into, OLD.created, OLD.stamp) THEN
        RAISE EXCEPTION 'retired_into, created and stamp are kept by Customer Sync'
            USING HINT = 'change the other columns';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER customer_guarded BEFORE UPDATE ON customer FOR EACH ROW
    WHEN (current_setting('customer_sync.absorbing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION guard_customer();
