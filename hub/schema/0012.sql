-- The cases of the desk, added up from sums now and then: made anew from those at any time, so it
-- need not outlast a crash. Pages, filters and orders are read from it alone.
CREATE UNLOGGED TABLE IF NOT EXISTS desk_cases (
    number int PRIMARY KEY,
    family int NOT NULL,
    name text NOT NULL,
    destination text NOT NULL,
    account text NOT NULL,
    endpoints bigint NOT NULL,
    open_on bigint NOT NULL,
    records bigint NOT NULL,
    bytes bigint NOT NULL,
    found bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    outcomes text[] NOT NULL,
    newest text NOT NULL,
    kindsets text[] NOT NULL,
    closed_here boolean NOT NULL,
    disposition text,
    assigned_to text,
    comments bigint NOT NULL,
    -- What the review calls them, as filters compare it.
    kinds text[] NOT NULL,
    is_open boolean NOT NULL,
    verdict text NOT NULL,
    folded text[] NOT NULL,
    folded_kinds text[] NOT NULL
);
CREATE INDEX IF NOT EXISTS desk_cases_in_order
    ON desk_cases (closed_here, open_on DESC, last_at DESC, number);
CREATE UNLOGGED TABLE IF NOT EXISTS desk_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    entries bigint NOT NULL,
    deeds bigint NOT NULL,
    made bigint NOT NULL,
    at timestamptz NOT NULL,
    took_ms int NOT NULL,
    asked_at timestamptz NOT NULL
);
-- What is erased is not listed either, whichever hub erases it: sums are made anew then. The lock is
-- that of whoever makes the list.
CREATE OR REPLACE FUNCTION forget_desk_cases() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(1330070595);
    DELETE FROM desk_state;
    DELETE FROM desk_cases;
    RETURN NULL;
END
$body$;
DROP TRIGGER IF EXISTS desk_forgets ON sums;
CREATE TRIGGER desk_forgets AFTER DELETE ON sums
    FOR EACH STATEMENT EXECUTE FUNCTION forget_desk_cases();
