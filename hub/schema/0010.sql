-- How many months the hub keeps of what it took; what was removed stays as sums, by chain.
CREATE TABLE IF NOT EXISTS own_months (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    months int NOT NULL,
    deed bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS past_sums (
    chain int NOT NULL REFERENCES chains,
    day date NOT NULL,
    place int NOT NULL,
    destination int NOT NULL,
    kinds int NOT NULL,
    outcome int NOT NULL,
    account int NOT NULL,
    review boolean NOT NULL,
    records bigint NOT NULL,
    went bigint NOT NULL,
    bytes_went bigint NOT NULL,
    found bigint NOT NULL,
    rows_hit bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (chain, place, destination, kinds, outcome, account, review, day)
);
CREATE INDEX IF NOT EXISTS past_sums_by_place ON past_sums (place);
-- Which sender which entry of them was: an erasure that comes later finds its sums by it.
CREATE TABLE IF NOT EXISTS removed_places (
    chain int NOT NULL REFERENCES chains,
    place int NOT NULL,
    seqs int8multirange NOT NULL,
    PRIMARY KEY (chain, place)
);
