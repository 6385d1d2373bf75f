-- Who may speak: endpoints, their certificates, and the tokens by which they came.
CREATE TABLE endpoints (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    name text NOT NULL,
    grouped text NOT NULL,
    version text NOT NULL DEFAULT '',
    enrolled_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    revoked_at timestamptz,
    clock_off_s int NOT NULL DEFAULT 0,
    -- Versions of the orders that it follows, and why not newer ones.
    policy int NOT NULL DEFAULT 0,
    approvals int NOT NULL DEFAULT 0,
    trouble text
);
CREATE TABLE certificates (
    serial text PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    made_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE TABLE tokens (
    hash bytea PRIMARY KEY,
    grouped text NOT NULL,
    made_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used_at timestamptz,
    endpoint int REFERENCES endpoints
);

-- What was witnessed: one row for each chain of each endpoint, locked while an upload is taken.
CREATE TABLE chains (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    kind text NOT NULL,
    chain text NOT NULL,
    branch int NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'good',
    last bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL,
    frontier bytea NOT NULL DEFAULT '',
    key bytea,
    -- Up to where the endpoint removed records whose time was over, by its chain of acts.
    cut bigint NOT NULL DEFAULT 0,
    cut_head bytea,
    cut_frontier bytea,
    made_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    UNIQUE (chain, branch)
);
CREATE INDEX chains_by_endpoint ON chains (endpoint, kind);
-- Runs of entries that were gone before they could be shipped.
CREATE TABLE gaps (
    chain int NOT NULL REFERENCES chains,
    first bigint NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (chain, first)
);

CREATE SEQUENCE upload_numbers;
CREATE TABLE uploads (
    number bigint NOT NULL DEFAULT nextval('upload_numbers'),
    received timestamptz NOT NULL,
    chain int NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    prev bytea NOT NULL,
    head bytea NOT NULL,
    blob bytea NOT NULL,
    PRIMARY KEY (number, received)
) PARTITION BY RANGE (received);
ALTER TABLE uploads ALTER COLUMN blob SET STORAGE EXTERNAL;
CREATE INDEX uploads_by_place ON uploads (chain, last);

-- Words that many rows share.
CREATE TABLE scripts (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 bytea NOT NULL UNIQUE,
    name text NOT NULL,
    family int NOT NULL
);
CREATE INDEX scripts_by_family ON scripts (family);
CREATE TABLE people (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE destinations (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE kindsets (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kinds text[] NOT NULL UNIQUE
);
CREATE TABLE words (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word text NOT NULL UNIQUE
);
-- One sender on one endpoint: a version of a script at a path, run by a person.
CREATE TABLE places (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    path text NOT NULL,
    script int,
    person int
);
CREATE UNIQUE INDEX places_once ON places (endpoint, path, coalesce(script, 0), coalesce(person, 0));
CREATE INDEX places_by_script ON places (script);

CREATE TABLE records (
    seq bigint NOT NULL,
    received timestamptz NOT NULL,
    at timestamptz NOT NULL,
    bytes bigint NOT NULL,
    chain int NOT NULL,
    place int NOT NULL,
    destination int NOT NULL,
    kinds int NOT NULL,
    outcome int NOT NULL,
    account int NOT NULL,
    found int NOT NULL,
    rows_hit int NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    went boolean NOT NULL,
    review boolean NOT NULL,
    PRIMARY KEY (chain, seq, received)
) PARTITION BY RANGE (received);
CREATE INDEX records_by_place ON records (place, at);
CREATE INDEX records_by_destination ON records (destination, at);
CREATE INDEX records_by_time ON records USING brin (at);

-- What records add up to, by day: what overviews read.
CREATE TABLE sums (
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
    PRIMARY KEY (place, destination, kinds, outcome, account, review, day)
);
CREATE INDEX sums_by_destination ON sums (destination);

CREATE TABLE acts (
    chain int NOT NULL,
    seq bigint NOT NULL,
    at timestamptz,
    word text NOT NULL,
    who text,
    case_key text,
    sha256 bytea,
    disposition text,
    body text NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX acts_by_case ON acts USING hash (case_key);
CREATE INDEX acts_by_script ON acts (sha256) WHERE sha256 IS NOT NULL;
-- Erasures that an endpoint told of, and how far the hub has come with them.
CREATE TABLE erasures (
    chain int NOT NULL,
    seq bigint NOT NULL,
    endpoint int NOT NULL REFERENCES endpoints,
    told_at timestamptz NOT NULL,
    done_at timestamptz,
    swept_at timestamptz,
    entries bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (chain, seq)
);

-- What versions of scripts are made of, by the word of an endpoint (not chained).
CREATE TABLE packages (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    UNIQUE (name, version)
);
CREATE TABLE had (
    package int NOT NULL,
    script int NOT NULL,
    endpoint int NOT NULL REFERENCES endpoints,
    imported boolean NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (package, script, endpoint)
);
CREATE TABLE made_of (
    endpoint int NOT NULL REFERENCES endpoints,
    script int NOT NULL,
    told_at timestamptz NOT NULL,
    known boolean NOT NULL,
    PRIMARY KEY (endpoint, script)
);

CREATE TABLE alarms (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    chain text NOT NULL DEFAULT '',
    kind text NOT NULL,
    words text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times int NOT NULL DEFAULT 1,
    ended_at timestamptz,
    ended_by text,
    note text
);
CREATE UNIQUE INDEX alarms_once ON alarms (endpoint, chain, kind) WHERE ended_at IS NULL;
CREATE TABLE quarantine (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    endpoint int NOT NULL REFERENCES endpoints,
    chain text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    head bytea NOT NULL,
    why text NOT NULL,
    blob bytea NOT NULL
);
CREATE UNIQUE INDEX quarantine_once ON quarantine (endpoint, chain, first, last, head);

-- What travels back: policies and approvals, signed by the organisation's key.
CREATE TABLE orders (
    kind text NOT NULL,
    version int NOT NULL,
    grouped text NOT NULL DEFAULT '',
    percent int NOT NULL DEFAULT 100,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    body bytea NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (kind, version)
);
