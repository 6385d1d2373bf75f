-- What a version of a script is made of, on any machine, is read where somebody approves it.
CREATE INDEX IF NOT EXISTS had_by_script ON had (script);
-- Of each chain up to which entry its rows are what a hub of this schema reads in the entries: those that
-- older hubs wrote are read again, beside other work. Whoever changes what hub/facts.py reads adds a
-- step that makes it 0.
ALTER TABLE chains ADD COLUMN IF NOT EXISTS rows_to bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS chains_to_read_again ON chains (number)
    WHERE kind = 'records' AND state <> 'superseded' AND rows_to < last;
