-- Certificates are counted for each endpoint, so that none is given ever more of them.
CREATE INDEX IF NOT EXISTS certificates_by_endpoint ON certificates (endpoint, made_at);
