-- Hunts look for more than packages: `about` says over what. What was found is a sender of an endpoint,
-- and how often.
CREATE TABLE IF NOT EXISTS totals_to_make (endpoint int PRIMARY KEY REFERENCES endpoints);
CREATE INDEX IF NOT EXISTS totals_by_destination ON totals (destination);
ALTER TABLE hunts ADD COLUMN IF NOT EXISTS about text NOT NULL DEFAULT 'packages';
CREATE TABLE IF NOT EXISTS hunt_sightings (
    hunt int NOT NULL REFERENCES hunts,
    endpoint int NOT NULL REFERENCES endpoints,
    place int NOT NULL,
    records bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (hunt, endpoint, place)
);
-- Settings are ordered, too: what endpoints say that they follow.
ALTER TABLE endpoints ADD COLUMN IF NOT EXISTS settings int NOT NULL DEFAULT 0;
-- Endpoints that came by a certificate of the organisation's own: one for each name in it, so that who
-- was revoked does not come back by another certificate of that name.
CREATE TABLE IF NOT EXISTS own_certificates (
    subject text PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    at timestamptz NOT NULL
);
-- Authorities for inspection that machines were given, for the day on which one is lost.
CREATE TABLE IF NOT EXISTS inspection_certificates (
    serial text PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    made_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS inspection_by_endpoint ON inspection_certificates (endpoint);
-- The newest records of a case are found by their senders; what goes to a destination, by totals.
DROP INDEX IF EXISTS records_by_destination;
