-- The desk's list is sorted by rows.
CREATE INDEX IF NOT EXISTS desk_cases_by_rows ON desk_cases (most_rows DESC);
-- Certificates are counted for each endpoint, so that none is given ever more of them.
CREATE INDEX IF NOT EXISTS certificates_by_endpoint ON certificates (endpoint, made_at);
