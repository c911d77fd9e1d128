-- name: is_foreign
-- Does the schema hold tables, and none of ours? By the catalogue's indexes.
SELECT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm'))
    AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'schema_version')
FROM pg_namespace n WHERE n.nspname = %s

-- name: claim
-- The first workspace to come here keeps the schema; by setting's primary key.
INSERT INTO setting (name, value) VALUES ('workspace', %s) ON CONFLICT DO NOTHING

-- name: owner
-- Whose schema this is; by setting's primary key.
SELECT value FROM setting WHERE name = 'workspace'
