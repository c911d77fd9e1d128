-- Since when and why a stream cannot be written to, until it is: what waits for it says nothing of the cause.
ALTER TABLE stream ADD COLUMN unwritten_since timestamptz;
ALTER TABLE stream ADD COLUMN unwritten_code text;
ALTER TABLE stream ADD COLUMN unwritten_reason text;
