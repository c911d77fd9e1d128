-- What a source without a clock shows at its first reading may be of any age: such a claim has no time, and
-- is older than every claim that has one. Until here it had the time of its reading, and won over all others.
ALTER TABLE claim ALTER COLUMN at DROP NOT NULL;

-- When a stream was first read to its end, as it is mapped now: what changes later changed since then.
ALTER TABLE stream ADD COLUMN known_since timestamptz;
UPDATE stream SET known_since = read_at;

-- What a record said stays as it was said; only whether it still counts may change.
CREATE TRIGGER said_stays BEFORE UPDATE OF link, stamp, basis, seen, at, fields, cleared ON claim
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE claim ENABLE ALWAYS TRIGGER said_stays;
