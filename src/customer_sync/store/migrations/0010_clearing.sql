-- What a payout carries is found by it, and payouts of which something changed since they were last looked at
-- by the batch that changed it: neither costs more as the ledger grows.
CREATE INDEX document_payout ON document (payout) WHERE payout IS NOT NULL;
CREATE INDEX document_carried ON document (stream, stamp) WHERE payout IS NOT NULL OR type = 'payout';

-- Up to which batch the payouts of a stream's documents were looked at.
ALTER TABLE stream ADD COLUMN cleared bigint NOT NULL DEFAULT 0;
