-- How much a case should worry, as the review of one machine says it: of each record the people that
-- it tells of and the values of its largest finding; of sums and totals the most in one request. What
-- was taken before counts as none: they say "at least".
ALTER TABLE records ADD COLUMN IF NOT EXISTS people int NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN IF NOT EXISTS most_values int NOT NULL DEFAULT 0;
ALTER TABLE sums ADD COLUMN IF NOT EXISTS most_rows int NOT NULL DEFAULT 0;
ALTER TABLE sums ADD COLUMN IF NOT EXISTS most_people int NOT NULL DEFAULT 0;
ALTER TABLE sums ADD COLUMN IF NOT EXISTS most_values int NOT NULL DEFAULT 0;
ALTER TABLE past_sums ADD COLUMN IF NOT EXISTS most_rows int NOT NULL DEFAULT 0;
ALTER TABLE past_sums ADD COLUMN IF NOT EXISTS most_people int NOT NULL DEFAULT 0;
ALTER TABLE past_sums ADD COLUMN IF NOT EXISTS most_values int NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN IF NOT EXISTS most_rows int NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN IF NOT EXISTS most_people int NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN IF NOT EXISTS most_values int NOT NULL DEFAULT 0;
CREATE OR REPLACE FUNCTION add_to_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO totals (place, destination, kinds, outcome, account, review, records, went,
            bytes_went, found, first_at, last_at, most_rows, most_people, most_values)
        SELECT place, destination, kinds, outcome, account, review, sum(records), sum(went),
            sum(bytes_went), max(a.found), min(first_at), max(last_at), max(most_rows),
            max(most_people), max(most_values)
        FROM added a GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (place, destination, kinds, outcome, account, review) DO UPDATE SET
        records = totals.records + EXCLUDED.records, went = totals.went + EXCLUDED.went,
        bytes_went = totals.bytes_went + EXCLUDED.bytes_went,
        found = greatest(totals.found, EXCLUDED.found),
        first_at = least(totals.first_at, EXCLUDED.first_at),
        last_at = greatest(totals.last_at, EXCLUDED.last_at),
        most_rows = greatest(totals.most_rows, EXCLUDED.most_rows),
        most_people = greatest(totals.most_people, EXCLUDED.most_people),
        most_values = greatest(totals.most_values, EXCLUDED.most_values);
    RETURN NULL;
END
$body$;
CREATE OR REPLACE FUNCTION add_more_to_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE totals t SET records = t.records + m.records, went = t.went + m.went,
        bytes_went = t.bytes_went + m.bytes_went, found = greatest(t.found, m.found),
        first_at = least(t.first_at, m.first_at), last_at = greatest(t.last_at, m.last_at),
        most_rows = greatest(t.most_rows, m.most_rows),
        most_people = greatest(t.most_people, m.most_people),
        most_values = greatest(t.most_values, m.most_values)
    FROM (SELECT n.place, n.destination, n.kinds, n.outcome, n.account, n.review,
                sum(n.records - o.records) AS records, sum(n.went - o.went) AS went,
                sum(n.bytes_went - o.bytes_went) AS bytes_went, max(n.found) AS found,
                min(n.first_at) AS first_at, max(n.last_at) AS last_at,
                max(n.most_rows) AS most_rows, max(n.most_people) AS most_people,
                max(n.most_values) AS most_values
            FROM grown n JOIN before o
                USING (place, destination, kinds, outcome, account, review, day)
            GROUP BY 1, 2, 3, 4, 5, 6) AS m
    WHERE t.place = m.place AND t.destination = m.destination AND t.kinds = m.kinds
        AND t.outcome = m.outcome AND t.account = m.account AND t.review = m.review;
    RETURN NULL;
END
$body$;
CREATE OR REPLACE FUNCTION take_from_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    DELETE FROM totals WHERE place IN (SELECT place FROM gone);
    INSERT INTO totals (place, destination, kinds, outcome, account, review, records, went,
            bytes_went, found, first_at, last_at, most_rows, most_people, most_values)
        SELECT place, destination, kinds, outcome, account, review, sum(records), sum(went),
            sum(bytes_went), max(a.found), min(first_at), max(last_at), max(most_rows),
            max(most_people), max(most_values)
        FROM sums a WHERE place IN (SELECT place FROM gone) GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END
$body$;
-- The desk's list: made anew by the next who looks. A risk below none is not reckoned yet.
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS went bigint NOT NULL DEFAULT 0;
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS most_rows bigint NOT NULL DEFAULT 0;
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS people bigint NOT NULL DEFAULT 0;
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS most_values bigint NOT NULL DEFAULT 0;
ALTER TABLE desk_cases ADD COLUMN IF NOT EXISTS risk int NOT NULL DEFAULT -1;
CREATE INDEX IF NOT EXISTS desk_cases_by_risk
    ON desk_cases (risk DESC, closed_here, open_on DESC, last_at DESC, number);
CREATE INDEX IF NOT EXISTS desk_cases_by_people ON desk_cases (people DESC);
DELETE FROM desk_state;
DELETE FROM desk_cases;
-- Files that were sent, by name and content; and which record sent which. Of each chain up to which
-- entry its files are here: what older hubs take, and what was taken before, is read later.
CREATE TABLE IF NOT EXISTS files (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path text NOT NULL,
    base text NOT NULL,
    sha256 text NOT NULL,
    UNIQUE (path, sha256)
);
CREATE INDEX IF NOT EXISTS files_by_base ON files (base);
CREATE INDEX IF NOT EXISTS files_by_content ON files (sha256 COLLATE "C") WHERE sha256 <> '';
CREATE TABLE IF NOT EXISTS sent_files (
    seq bigint NOT NULL,
    received timestamptz NOT NULL,
    at timestamptz NOT NULL,
    bytes bigint NOT NULL,
    file int NOT NULL REFERENCES files,
    chain int NOT NULL,
    place int NOT NULL,
    destination int NOT NULL,
    kinds int NOT NULL,
    went boolean NOT NULL,
    PRIMARY KEY (chain, seq, file)
);
CREATE INDEX IF NOT EXISTS sent_files_by_file ON sent_files (file);
CREATE INDEX IF NOT EXISTS sent_files_by_time ON sent_files USING brin (received);
ALTER TABLE chains ADD COLUMN IF NOT EXISTS files_to bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS chains_to_read ON chains (number)
    WHERE kind = 'records' AND state <> 'superseded' AND files_to < last;
-- Hubs that do not know of them would leave the names of erased files here.
DROP TRIGGER IF EXISTS known_past ON sums;
CREATE TRIGGER known_past BEFORE DELETE ON sums
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_older_hub('16');
DROP TRIGGER IF EXISTS known_past ON removed_months;
CREATE TRIGGER known_past BEFORE INSERT ON removed_months
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_older_hub('16');
-- Nothing asks for records by their time alone.
DROP INDEX IF EXISTS records_by_time;
