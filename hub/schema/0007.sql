-- Restored from a backup at these times: certificates of before then that the backup does not know are
-- taken again, by the authority's signature.
CREATE TABLE restorations (
    at timestamptz PRIMARY KEY,
    who text NOT NULL,
    note text NOT NULL
);
