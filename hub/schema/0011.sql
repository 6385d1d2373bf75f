-- Hubs that do not know what is kept of removed months would make sums anew without it, or remove
-- months without keeping it. Each session of a hub says which schema the hub knows; where that is
-- too old, such a change is refused, and what was asked for waits for a hub that knows.
ALTER TABLE hub_schema ADD COLUMN IF NOT EXISTS least int NOT NULL DEFAULT 0;
CREATE OR REPLACE FUNCTION refuse_older_hub() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF coalesce(nullif(current_setting('outgate.hub', true), '')::int, 0) < TG_ARGV[0]::int THEN
        RAISE EXCEPTION 'an older hub than the database needs; update it' USING ERRCODE = '55000';
    END IF;
    RETURN NULL;
END
$body$;
DROP TRIGGER IF EXISTS known_past ON sums;
CREATE TRIGGER known_past BEFORE DELETE ON sums
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_older_hub('11');
DROP TRIGGER IF EXISTS known_past ON removed_months;
CREATE TRIGGER known_past BEFORE INSERT ON removed_months
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_older_hub('11');
