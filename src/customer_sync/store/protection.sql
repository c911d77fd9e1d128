-- name: rights
-- What the run-time role should be able to do with each table and sequence, and what it can; by the
-- catalogue's indexes. Nobody empties a table; only the named ones lose rows; what is only added to is told
-- by its trigger; an identity's own sequence needs no right.
SELECT relname, relkind = 'S', wanted, ARRAY(
        SELECT p FROM unnest(CASE WHEN relkind = 'S' THEN ARRAY['USAGE', 'SELECT', 'UPDATE']
            ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] END) p
        WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege(%(role)s, oid, p) ELSE has_table_privilege(%(role)s, oid, p) END)
FROM (
    SELECT c.oid, c.relname, c.relkind, CASE
        WHEN c.relkind = 'S' THEN ARRAY['USAGE', 'SELECT']
        WHEN c.relname = ANY(%(locked)s) THEN ARRAY['SELECT', 'UPDATE']
        WHEN c.relkind IN ('v', 'm') OR c.relname = 'schema_version' OR c.relname = ANY(%(kept)s) THEN ARRAY['SELECT']
        WHEN EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only') THEN ARRAY['SELECT', 'INSERT']
        WHEN c.relname = ANY(%(losing)s) THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']
        ELSE ARRAY['SELECT', 'INSERT', 'UPDATE'] END AS wanted
    FROM pg_class c
    WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
                      AND c.relkind = 'S')
) relation ORDER BY relname

-- name: unguarded
-- Tables that are declared as only added to, and whose trigger is missing or switched off.
SELECT name FROM unnest(%s::text[]) name
WHERE NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = to_regclass(quote_ident(name)) AND t.tgname = 'append_only' AND t.tgenabled = 'A')

-- name: owned
-- Tables that who runs commands owns, or could come to own as a member of their owner.
SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p')
  AND pg_has_role(current_user, relowner, 'MEMBER') ORDER BY relname

-- name: who
-- As whom commands act, and whether that is the owner of a schema; by the catalogue's indexes.
SELECT current_user::text, (SELECT pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = %s)
