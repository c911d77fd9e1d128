-- Merges of customers, each with the records that went along, so that it can be taken back. A merge is never
-- forgotten; `undone` is the batch that took it back.
CREATE TABLE merge (
    customer bigint NOT NULL,
    into_customer bigint NOT NULL,
    batch bigint NOT NULL,
    undone bigint,
    PRIMARY KEY (customer, batch)
);
CREATE INDEX merge_into ON merge (into_customer) WHERE undone IS NULL;
CREATE TABLE merge_link (
    customer bigint NOT NULL,
    batch bigint NOT NULL,
    link bigint NOT NULL,
    PRIMARY KEY (customer, batch, link)
);
CALL append_only('merge_link');
