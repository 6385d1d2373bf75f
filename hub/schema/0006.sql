-- Hunts that were saved: whatever endpoints tell of from now on is held against them.
CREATE TABLE hunts (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version text,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    note text NOT NULL,
    ended_at timestamptz,
    ended_by text
);
CREATE TABLE hunt_hits (
    hunt int NOT NULL REFERENCES hunts,
    package int NOT NULL,
    script int NOT NULL,
    endpoint int NOT NULL REFERENCES endpoints,
    at timestamptz NOT NULL,
    PRIMARY KEY (hunt, package, script, endpoint)
);
