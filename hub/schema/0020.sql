-- Files that an endpoint sent are in the index as far as it has room there: of a chain that is full
-- the rest is read from the messages by whoever hunts.
ALTER TABLE chains ADD COLUMN IF NOT EXISTS files_full boolean NOT NULL DEFAULT false;
-- Endpoints that named more senders than are told apart, whose messages a hunt reads.
CREATE INDEX IF NOT EXISTS places_untold ON places (endpoint)
    WHERE path = 'not told apart' AND script IS NULL AND person IS NULL;
