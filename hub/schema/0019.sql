-- How it came about that a record is as it is: how sure its sender is, how its hold ended, by which
-- rule, and which model was asked. Of records that somebody should see; others have none (0).
CREATE TABLE IF NOT EXISTS hows (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    certain text NOT NULL,
    ending text NOT NULL,
    rule text NOT NULL,
    model text NOT NULL,
    UNIQUE (certain, ending, rule, model)
);
ALTER TABLE records ADD COLUMN IF NOT EXISTS how int NOT NULL DEFAULT 0;
-- What the list of cases reads: of each sender, place and account all of them, and when each was last.
CREATE TABLE IF NOT EXISTS how_sent (
    place int NOT NULL,
    destination int NOT NULL,
    account int NOT NULL,
    how int NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (place, destination, account, how)
) WITH (fillfactor = 70);
-- The same of months that were removed, by chain.
CREATE TABLE IF NOT EXISTS past_hows (
    chain int NOT NULL REFERENCES chains,
    place int NOT NULL,
    destination int NOT NULL,
    account int NOT NULL,
    how int NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (chain, place, destination, account, how)
);
CREATE INDEX IF NOT EXISTS past_hows_by_place ON past_hows (place);
-- Of each chain up to which entry it is known: what older hubs take, and what was taken before, is
-- read later, from the messages.
ALTER TABLE chains ADD COLUMN IF NOT EXISTS hows_to bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS chains_without_hows ON chains (number)
    WHERE kind = 'records' AND state <> 'superseded' AND hows_to < last;
-- The desk's list: made anew by the next who looks.
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS certain text NOT NULL DEFAULT '';
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS endings text[] NOT NULL DEFAULT '{}';
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS rules text[] NOT NULL DEFAULT '{}';
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS models text[] NOT NULL DEFAULT '{}';
DELETE FROM desk_state;
DELETE FROM desk_cases;
-- Hubs that do not know of it would leave it of what is erased, or of a month that goes.
DROP TRIGGER IF EXISTS known_past ON sums;
CREATE TRIGGER known_past BEFORE DELETE ON sums
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_older_hub('19');
DROP TRIGGER IF EXISTS known_past ON removed_months;
CREATE TRIGGER known_past BEFORE INSERT ON removed_months
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_older_hub('19');
