-- Of each chain up to which entry it is known whether the gate stopped it only after a part of it had
-- left: what older hubs take, and what was taken before, is read later, from the messages.
ALTER TABLE chains ADD COLUMN IF NOT EXISTS went_to bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS chains_without_went ON chains (number)
    WHERE kind = 'records' AND state <> 'superseded' AND went_to < last;
-- What went past the gate counts as left in the desk's list: made anew by the next who looks.
DELETE FROM desk_state;
