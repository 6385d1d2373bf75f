-- Sums over all days, for what asks not by day: overviews, the list of cases, hunts. The database
-- keeps them beside the sums, whichever hub writes those.
CREATE TABLE IF NOT EXISTS totals (
    place int NOT NULL,
    destination int NOT NULL,
    kinds int NOT NULL,
    outcome int NOT NULL,
    account int NOT NULL,
    review boolean NOT NULL,
    records bigint NOT NULL,
    went bigint NOT NULL,
    bytes_went bigint NOT NULL,
    -- Of the day with the most.
    found bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (place, destination, kinds, outcome, account, review)
) WITH (fillfactor = 70);
CREATE OR REPLACE FUNCTION add_to_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO totals SELECT place, destination, kinds, outcome, account, review, sum(records),
            sum(went), sum(bytes_went), max(a.found), min(first_at), max(last_at)
        FROM added a GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (place, destination, kinds, outcome, account, review) DO UPDATE SET
        records = totals.records + EXCLUDED.records, went = totals.went + EXCLUDED.went,
        bytes_went = totals.bytes_went + EXCLUDED.bytes_went,
        found = greatest(totals.found, EXCLUDED.found),
        first_at = least(totals.first_at, EXCLUDED.first_at),
        last_at = greatest(totals.last_at, EXCLUDED.last_at);
    RETURN NULL;
END
$body$;
CREATE OR REPLACE FUNCTION add_more_to_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE totals t SET records = t.records + m.records, went = t.went + m.went,
        bytes_went = t.bytes_went + m.bytes_went, found = greatest(t.found, m.found),
        first_at = least(t.first_at, m.first_at), last_at = greatest(t.last_at, m.last_at)
    FROM (SELECT n.place, n.destination, n.kinds, n.outcome, n.account, n.review,
                sum(n.records - o.records) AS records, sum(n.went - o.went) AS went,
                sum(n.bytes_went - o.bytes_went) AS bytes_went, max(n.found) AS found,
                min(n.first_at) AS first_at, max(n.last_at) AS last_at
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
    INSERT INTO totals SELECT place, destination, kinds, outcome, account, review, sum(records),
            sum(went), sum(bytes_went), max(a.found), min(first_at), max(last_at)
        FROM sums a WHERE place IN (SELECT place FROM gone) GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END
$body$;
DROP TRIGGER IF EXISTS totals_added ON sums;
CREATE TRIGGER totals_added AFTER INSERT ON sums REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION add_to_totals();
DROP TRIGGER IF EXISTS totals_grown ON sums;
CREATE TRIGGER totals_grown AFTER UPDATE ON sums REFERENCING OLD TABLE AS before NEW TABLE AS grown
    FOR EACH STATEMENT EXECUTE FUNCTION add_more_to_totals();
DROP TRIGGER IF EXISTS totals_gone ON sums;
CREATE TRIGGER totals_gone AFTER DELETE ON sums REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION take_from_totals();
-- What stood in the sums before is added up endpoint by endpoint, beside what goes on: of a hundred
-- million sums that takes minutes, in which nobody could ship. Whoever is listed here waits for it.
CREATE TABLE IF NOT EXISTS totals_to_make (endpoint int PRIMARY KEY REFERENCES endpoints);
INSERT INTO totals_to_make SELECT number FROM endpoints e
    WHERE EXISTS (SELECT 1 FROM chains c WHERE c.endpoint = e.number AND c.last > 0);
