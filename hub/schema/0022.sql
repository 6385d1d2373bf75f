-- What a version of a script is made of, on any machine, is read where somebody approves it.
CREATE INDEX IF NOT EXISTS had_by_script ON had (script);
