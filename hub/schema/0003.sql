-- Requests that endpoints hold for a person, and what was said of them here: signed by the
-- organisation's key, for this endpoint and this request alone.
CREATE TABLE holds (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint int NOT NULL REFERENCES endpoints,
    record text NOT NULL,
    told_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    over_at timestamptz,
    script text NOT NULL,
    sha256 text NOT NULL,
    person text NOT NULL,
    place text NOT NULL,
    account text NOT NULL,
    kinds text[] NOT NULL,
    found bigint NOT NULL,
    bytes bigint NOT NULL,
    rule text NOT NULL,
    reason text NOT NULL,
    approved boolean,
    who text,
    note text,
    answered_at timestamptz,
    body bytea,
    signature bytea,
    UNIQUE (endpoint, record)
);
CREATE INDEX holds_open ON holds (ends_at) WHERE over_at IS NULL;
