-- name: get
-- One setting; by setting's primary key.
SELECT value FROM setting WHERE name = %s

-- name: put
-- Keep a setting, unless it is there already.
INSERT INTO setting (name, value) VALUES (%s, %s) ON CONFLICT DO NOTHING

-- name: streams
-- Every stream ever configured, with its number.
SELECT system, name, id FROM stream

-- name: add_stream
-- Number a stream for ever.
INSERT INTO stream (id, system, name)
SELECT coalesce(max(id), 9) + 1, %(system)s, %(name)s FROM stream
ON CONFLICT (system, name) DO NOTHING

-- name: cursor
-- Where to go on reading a stream; by stream's primary key.
SELECT cursor FROM stream WHERE id = %s

-- name: listed
-- Up to which cursor missing records were looked for; by stream's primary key.
SELECT listed FROM stream WHERE id = %s

-- name: keep_listed
-- Missing records were looked for up to where reading stands; by stream's primary key.
UPDATE stream SET listed = cursor WHERE id = %s

-- name: forget_cursor
-- Read a stream from the start again; by stream's primary key.
UPDATE stream SET cursor = NULL, known_since = NULL WHERE id = ANY(%s::integer[])

-- name: is_first
-- Whether a stream is being read for the first time, as it is mapped now; by stream's primary key.
SELECT known_since IS NULL FROM stream WHERE id = %s

-- name: first_done
-- A stream was read to its end; by stream's primary key.
UPDATE stream SET known_since = coalesce(known_since, %s) WHERE id = %s

-- name: forget_digests
-- Let every record of these streams be news; by link (stream, external_id).
UPDATE link SET digest = 0 WHERE stream = ANY(%s::integer[])

-- name: forget_documents
-- Let every document of these streams be news; by document (stream, external_id).
UPDATE document SET read = NULL WHERE stream = ANY(%s::integer[])

-- name: latest
-- The version of the configuration in force; by configuration's primary key.
SELECT version, digest, document::text FROM configuration ORDER BY version DESC LIMIT 1

-- name: version
-- One version of the configuration, as published; by configuration's primary key.
SELECT version, digest, document::text, files::text, published_at FROM configuration WHERE version = %s

-- name: versions
-- All versions of the configuration.
SELECT version, digest, published_at FROM configuration ORDER BY version

-- name: publish
-- Number a new version of the configuration.
INSERT INTO configuration (version, digest, document, files)
SELECT coalesce(max(version), 0) + 1, %s, %s::jsonb, %s::jsonb FROM configuration RETURNING version

-- name: lock
-- One publisher at a time.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/publish', 0))

-- name: reading_failed
-- A stream could not be read, since then; by stream's primary key.
UPDATE stream SET failed_at = coalesce(failed_at, %s), failed_code = %s, failed_reason = %s WHERE id = %s

-- name: writing_failed
-- A stream could not be written to, since then; by stream's primary key.
UPDATE stream SET unwritten_since = coalesce(unwritten_since, %s), unwritten_code = %s, unwritten_reason = %s WHERE id = %s

-- name: writing_done
-- A stream was written to, after it could not be; by stream's primary key.
UPDATE stream SET unwritten_since = NULL, unwritten_code = NULL, unwritten_reason = NULL
WHERE id = %s AND unwritten_since IS NOT NULL

-- name: reading_done
-- A stream was read, after it could not be; by stream's primary key.
UPDATE stream SET failed_at = NULL, failed_code = NULL, failed_reason = NULL WHERE id = %s AND failed_at IS NOT NULL
