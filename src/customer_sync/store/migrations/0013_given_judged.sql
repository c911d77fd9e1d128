-- What a source allocates to a document that cannot be settled so, or is not there, is told: found by its own small index.
-- judged: the other is known, and stands on the other side.
ALTER TABLE given ADD COLUMN judged boolean NOT NULL DEFAULT false;
CREATE INDEX given_unjudged ON given (document) WHERE NOT judged;
