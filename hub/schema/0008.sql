-- What the fleet is asked about a person or a value, which each endpoint looks for under its own keys.
-- What was typed is here only sealed, with a key that lies in the hub's folder, and goes when its time
-- is over.
CREATE TABLE requests (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    grouped text NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    note text NOT NULL,
    ends_at timestamptz NOT NULL,
    sealed bytea
);
CREATE TABLE replies (
    request int NOT NULL REFERENCES requests,
    endpoint int NOT NULL REFERENCES endpoints,
    at timestamptz NOT NULL,
    done boolean NOT NULL,
    found bigint NOT NULL,
    entries bigint[] NOT NULL,
    problem text NOT NULL,
    PRIMARY KEY (request, endpoint)
);
