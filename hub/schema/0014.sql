-- What the desk's list is ordered by; and what is emptied whole is emptied in the totals, too.
CREATE INDEX IF NOT EXISTS desk_cases_by_script ON desk_cases ((folded[1]) COLLATE "C");
CREATE INDEX IF NOT EXISTS desk_cases_by_host ON desk_cases ((folded[2]) COLLATE "C");
CREATE INDEX IF NOT EXISTS desk_cases_by_time ON desk_cases (last_at DESC);
CREATE INDEX IF NOT EXISTS desk_cases_by_records ON desk_cases (records DESC);
CREATE OR REPLACE FUNCTION empty_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    DELETE FROM desk_state;
    DELETE FROM desk_cases;
    DELETE FROM totals;
    RETURN NULL;
END
$body$;
DROP TRIGGER IF EXISTS totals_emptied ON sums;
CREATE TRIGGER totals_emptied AFTER TRUNCATE ON sums
    FOR EACH STATEMENT EXECUTE FUNCTION empty_totals();
