-- How far each stream to another system has come, by chain: entries are numbered within their chain,
-- and nowhere else, so nothing that is committed late can be missed.
CREATE TABLE streams (
    name text NOT NULL,
    chain int NOT NULL REFERENCES chains,
    last bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (name, chain)
);
