-- A case that was closed for the whole fleet, by somebody at the hub: it is open again when something new
-- comes, where the reason says so, and when a kind of data is in it that was not.
ALTER TABLE fleet_cases ADD COLUMN IF NOT EXISTS closed_at timestamptz;
ALTER TABLE fleet_cases ADD COLUMN IF NOT EXISTS closed_by text;
ALTER TABLE fleet_cases ADD COLUMN IF NOT EXISTS disposition text;
ALTER TABLE fleet_cases ADD COLUMN IF NOT EXISTS comes_back boolean;
ALTER TABLE fleet_cases ADD COLUMN IF NOT EXISTS closed_kinds text[];
-- How long evidence is kept: what endpoints say that they follow, and up to which month the hub has
-- removed its own.
ALTER TABLE endpoints ADD COLUMN IF NOT EXISTS retention int NOT NULL DEFAULT 0;
CREATE TABLE IF NOT EXISTS removed_months (
    month date PRIMARY KEY,
    at timestamptz NOT NULL,
    records bigint NOT NULL,
    uploads bigint NOT NULL
);
-- Of each chain the entries of those months: their messages are gone, and known to be.
CREATE TABLE IF NOT EXISTS removed_runs (
    chain int NOT NULL REFERENCES chains,
    first bigint NOT NULL,
    last bigint NOT NULL,
    head bytea NOT NULL,
    rows bigint NOT NULL,
    PRIMARY KEY (chain, first)
);
