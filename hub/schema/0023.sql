-- What became of an answer at the endpoint: `done`, `asked` (a second person has to say the same), or
-- `refused`, and why. Nothing where the endpoint has not said so, as older ones never do.
ALTER TABLE holds ADD COLUMN IF NOT EXISTS became text;
ALTER TABLE holds ADD COLUMN IF NOT EXISTS became_why text NOT NULL DEFAULT '';
-- How many records of the desk's list had each outcome, and how many of those left, whole or in part; in the
-- order of the outcomes. Empty in rows that an older hub puts there.
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS times bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS lefts bigint[] NOT NULL DEFAULT '{}';
DELETE FROM desk_state;
