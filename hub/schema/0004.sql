-- What people did at the hub, chained: each entry's hash is over the one before.
CREATE TABLE hub_deeds (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    who text NOT NULL,
    word text NOT NULL,
    about text NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX hub_deeds_about ON hub_deeds (about, word);
-- How far persons and small groups are shown: what works council and employer have agreed on.
CREATE TABLE council (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    pseudonyms boolean NOT NULL,
    smallest_group int NOT NULL,
    may_reveal text[] NOT NULL,
    deed bigint NOT NULL
);
-- One thing to review for the whole fleet: what versions of a script send to one destination with one
-- kind of account.
CREATE TABLE fleet_cases (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    family int NOT NULL,
    name text NOT NULL,
    destination text NOT NULL,
    account text NOT NULL,
    assigned_to text,
    assigned_at timestamptz
);
CREATE UNIQUE INDEX fleet_cases_once ON fleet_cases (family, name, destination, account);
