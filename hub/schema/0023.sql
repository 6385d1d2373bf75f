-- What became of an answer at the endpoint: `done`, `asked` (a second person has to say the same), or
-- `refused`, and why. Nothing where the endpoint has not said so, as older ones never do.
ALTER TABLE holds ADD COLUMN IF NOT EXISTS became text;
ALTER TABLE holds ADD COLUMN IF NOT EXISTS became_why text NOT NULL DEFAULT '';
