-- What is only ever added to stays as it was written, whoever asks: the program, its owner, plain SQL.
-- A migration declares such a table by one line, `CALL append_only('NAME');`, beside its CREATE TABLE (and
-- one for each of its partitions). The role that commands act as gets no right to change it, and does not
-- own it, so it cannot switch the trigger off.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % is refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'what was written stays; a correction is a new row';
END $$;

-- By statement, so adding costs nothing; always, so that a session in replica mode is refused as well.
CREATE PROCEDURE append_only(relation regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', relation);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', relation);
END $$;

CALL append_only('setting');
CALL append_only('configuration');
CALL append_only('batch');
CALL append_only('golden_change');
CALL append_only('event');

-- An edit is noted with the rights of the owner: accountants need none on the notes, and no search path.
ALTER FUNCTION note_ledger_edit() SECURITY DEFINER;
ALTER FUNCTION note_ledger_edit() SET search_path FROM CURRENT;
