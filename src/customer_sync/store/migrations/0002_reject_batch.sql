-- The batch that set a record aside last: what it was doubtful about may have changed in a later one.
ALTER TABLE reject ADD COLUMN batch bigint;
