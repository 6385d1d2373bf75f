-- Since when a hub has been there without a break, and when one was there last: endpoints that could
-- not be heard are not silent.
CREATE TABLE watched (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL,
    at timestamptz NOT NULL
);
