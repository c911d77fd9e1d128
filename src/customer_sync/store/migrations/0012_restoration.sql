-- What a record that came in by a run is to show again, now that the run is undone: {field: value} as it was
-- before us, and as it is by us. Holds personal values, and lives no longer than its outbound (kind restore).
CREATE TABLE restoration (
    link bigint PRIMARY KEY,
    patch text NOT NULL,
    expected text NOT NULL
);

-- Links whose claims count: what is set apart counts no more, unless nothing else is left to tell of the customer.
CREATE VIEW telling_link AS
SELECT l.id, l.customer FROM link l
WHERE l.state <> 3
   OR NOT EXISTS (SELECT 1 FROM link o WHERE o.customer = l.customer AND o.state <> 3 AND o.stream > 9);
