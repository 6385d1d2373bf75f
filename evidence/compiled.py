"""SQL text made of the tables by `python -m evidence.compiling`: do not edit."""

CREATE = (
    (
        'CREATE TABLE cases ( id INTEGER NOT NULL, "key" VARCHAR NOT NULL, status VARCHAR NOT'
        " NULL, disposition VARCHAR, until_us BIGINT, first_us BIGINT NOT NULL, last_us "
        "BIGINT NOT NULL, count INTEGER NOT NULL, risk INTEGER NOT NULL, people INTEGER NOT "
        "NULL, verdict VARCHAR NOT NULL, script VARCHAR NOT NULL, script_path VARCHAR, "
        "script_sha256 VARCHAR, user VARCHAR, host VARCHAR NOT NULL, service VARCHAR, "
        "category VARCHAR NOT NULL, account_kind VARCHAR NOT NULL, kinds VARCHAR NOT NULL, "
        "users VARCHAR NOT NULL, outcomes VARCHAR NOT NULL, rules VARCHAR NOT NULL, models "
        "VARCHAR NOT NULL, most_values INTEGER NOT NULL, most_records INTEGER, bytes_sent "
        "BIGINT NOT NULL, left_count INTEGER NOT NULL, last_record VARCHAR NOT NULL, degraded"
        " INTEGER NOT NULL, degraded_us BIGINT, closed VARCHAR, inside BLOB NOT NULL, PRIMARY"
        ' KEY (id), UNIQUE ("key") )'
    ),
    ("CREATE INDEX cases_by_risk ON cases (status, risk, last_us)"),
    ("CREATE INDEX cases_by_status ON cases (status, last_us)"),
    ("CREATE INDEX cases_by_time ON cases (last_us)"),
    ("CREATE INDEX cases_by_until ON cases (until_us) WHERE until_us IS NOT NULL"),
    (
        "CREATE TABLE checkpoints ( seq INTEGER NOT NULL, at_us BIGINT NOT NULL, why VARCHAR "
        "NOT NULL, records INTEGER NOT NULL, reviews INTEGER NOT NULL, public BLOB NOT NULL, "
        "records_frontier BLOB NOT NULL, reviews_frontier BLOB NOT NULL, note VARCHAR NOT "
        "NULL, PRIMARY KEY (seq) )"
    ),
    (
        "CREATE TABLE days ( day INTEGER NOT NULL, destination VARCHAR NOT NULL, account "
        "VARCHAR NOT NULL, outcome VARCHAR NOT NULL, first_hour INTEGER NOT NULL, last_hour "
        "INTEGER NOT NULL, exchanges INTEGER NOT NULL, sent INTEGER NOT NULL, bytes BIGINT "
        "NOT NULL, found BIGINT NOT NULL, tokens BIGINT NOT NULL, cost_micro_usd BIGINT NOT "
        "NULL, least INTEGER DEFAULT 0 NOT NULL, PRIMARY KEY (day, destination, account, "
        "outcome) ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE entries ( seq INTEGER NOT NULL, id VARCHAR NOT NULL, at_us BIGINT NOT "
        "NULL, case_id INTEGER, prev BLOB NOT NULL, hash BLOB NOT NULL, salt BLOB, cuts BLOB,"
        " body BLOB NOT NULL, PRIMARY KEY (seq), UNIQUE (id) )"
    ),
    ("CREATE INDEX entries_by_case ON entries (case_id, seq) WHERE case_id IS NOT NULL"),
    ("CREATE INDEX entries_by_time ON entries (at_us)"),
    (
        "CREATE TABLE erased ( seq INTEGER NOT NULL, cuts BLOB NOT NULL, sealed BLOB NOT "
        "NULL, PRIMARY KEY (seq) )"
    ),
    (
        "CREATE TABLE hours ( hour INTEGER NOT NULL, script VARCHAR NOT NULL, destination "
        "VARCHAR NOT NULL, account VARCHAR NOT NULL, kinds VARCHAR NOT NULL, outcome VARCHAR "
        "NOT NULL, exchanges INTEGER NOT NULL, sent INTEGER NOT NULL, bytes BIGINT NOT NULL, "
        "found BIGINT NOT NULL, tokens BIGINT NOT NULL, cost_micro_usd BIGINT NOT NULL, least"
        " INTEGER DEFAULT 0 NOT NULL, PRIMARY KEY (hour, script, destination, account, kinds,"
        " outcome) ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE lots ( first INTEGER NOT NULL, last INTEGER NOT NULL, closed BLOB NOT "
        "NULL, PRIMARY KEY (first) )"
    ),
    (
        "CREATE TABLE marks ( mark BIGINT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (mark, "
        "seq) ) WITHOUT ROWID"
    ),
    ('CREATE TABLE meta ( "key" VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY ("key") )'),
    (
        "CREATE TABLE open_exchanges ( slot INTEGER NOT NULL, id VARCHAR NOT NULL, gate "
        "VARCHAR NOT NULL, body VARCHAR NOT NULL, seal BLOB, PRIMARY KEY (slot) )"
    ),
    ("CREATE TABLE past ( cut INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (cut) )"),
    (
        "CREATE TABLE review_entries ( seq INTEGER NOT NULL, id VARCHAR NOT NULL, at_us "
        "BIGINT NOT NULL, case_key VARCHAR NOT NULL, action VARCHAR NOT NULL, script VARCHAR,"
        " script_sha256 VARCHAR, prev BLOB NOT NULL, hash BLOB NOT NULL, body VARCHAR NOT "
        "NULL, record_id VARCHAR, hold_key VARCHAR, PRIMARY KEY (seq), UNIQUE (id) )"
    ),
    ("CREATE INDEX review_entries_by_case ON review_entries (case_key, seq)"),
    (
        "CREATE INDEX review_entries_by_hold_key ON review_entries (hold_key, seq) WHERE "
        "hold_key IS NOT NULL"
    ),
    (
        "CREATE INDEX review_entries_by_record ON review_entries (record_id, seq) WHERE "
        "record_id IS NOT NULL"
    ),
    ("CREATE INDEX review_entries_by_script ON review_entries (script, seq)"),
    (
        "CREATE TABLE scripts ( script VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, first_us "
        "BIGINT NOT NULL, last_us BIGINT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY "
        "(script, sha256) ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE traffic ( script VARCHAR NOT NULL, destination VARCHAR NOT NULL, bucket"
        " INTEGER NOT NULL, exchanges INTEGER NOT NULL, bytes BIGINT NOT NULL, tokens BIGINT "
        "NOT NULL, cost_micro_usd BIGINT NOT NULL, least INTEGER DEFAULT 0 NOT NULL, PRIMARY "
        "KEY (script, destination, bucket) ) WITHOUT ROWID"
    ),
)
INSERT_ENTRY = (
    (
        "INSERT INTO entries (seq, id, at_us, case_id, prev, hash, salt, cuts, body) VALUES "
        "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    ("seq", "id", "at_us", "case_id", "prev", "hash", "salt", "cuts", "body"),
)
INSERT_ERASED = (
    ("INSERT OR REPLACE INTO erased (seq, cuts, sealed) VALUES (?, ?, ?)"),
    ("seq", "cuts", "sealed"),
)
INSERT_MARK = (
    ("INSERT OR IGNORE INTO marks (mark, seq) VALUES (?, ?)"),
    ("mark", "seq"),
)
INSERT_OPEN = (
    ("INSERT OR REPLACE INTO open_exchanges (slot, id, gate, body, seal) VALUES (?, ?, ?, ?, ?)"),
    ("slot", "id", "gate", "body", "seal"),
)
INSERT_LOT = (
    ("INSERT OR REPLACE INTO lots (first, last, closed) VALUES (?, ?, ?)"),
    ("first", "last", "closed"),
)
INSERT_REVIEW = (
    (
        "INSERT INTO review_entries (seq, id, at_us, case_key, action, script, script_sha256,"
        " prev, hash, body, record_id, hold_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    (
        "seq",
        "id",
        "at_us",
        "case_key",
        "action",
        "script",
        "script_sha256",
        "prev",
        "hash",
        "body",
        "record_id",
        "hold_key",
    ),
)
INSERT_CHECKPOINT = (
    (
        "INSERT INTO checkpoints (seq, at_us, why, records, reviews, public, "
        "records_frontier, reviews_frontier, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    (
        "seq",
        "at_us",
        "why",
        "records",
        "reviews",
        "public",
        "records_frontier",
        "reviews_frontier",
        "note",
    ),
)
UPSERT_CASE = (
    (
        'INSERT INTO cases ("key", status, disposition, until_us, first_us, last_us, count, '
        "risk, people, verdict, script, script_path, script_sha256, user, host, service, "
        "category, account_kind, kinds, users, outcomes, rules, models, most_values, "
        "most_records, bytes_sent, left_count, last_record, degraded, degraded_us, closed, "
        "inside) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        ' ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("key") DO UPDATE SET status = '
        "excluded.status, disposition = excluded.disposition, until_us = excluded.until_us, "
        "first_us = excluded.first_us, last_us = excluded.last_us, count = excluded.count, "
        "risk = excluded.risk, people = excluded.people, verdict = excluded.verdict, script ="
        " excluded.script, script_path = excluded.script_path, script_sha256 = "
        "excluded.script_sha256, user = excluded.user, host = excluded.host, service = "
        "excluded.service, category = excluded.category, account_kind = "
        "excluded.account_kind, kinds = excluded.kinds, users = excluded.users, outcomes = "
        "excluded.outcomes, rules = excluded.rules, models = excluded.models, most_values = "
        "excluded.most_values, most_records = excluded.most_records, bytes_sent = "
        "excluded.bytes_sent, left_count = excluded.left_count, last_record = "
        "excluded.last_record, degraded = excluded.degraded, degraded_us = "
        "excluded.degraded_us, closed = excluded.closed, inside = excluded.inside"
    ),
    (
        "key",
        "status",
        "disposition",
        "until_us",
        "first_us",
        "last_us",
        "count",
        "risk",
        "people",
        "verdict",
        "script",
        "script_path",
        "script_sha256",
        "user",
        "host",
        "service",
        "category",
        "account_kind",
        "kinds",
        "users",
        "outcomes",
        "rules",
        "models",
        "most_values",
        "most_records",
        "bytes_sent",
        "left_count",
        "last_record",
        "degraded",
        "degraded_us",
        "closed",
        "inside",
    ),
)
UPSERT_CASE_WITH_ID = (
    (
        'INSERT INTO cases (id, "key", status, disposition, until_us, first_us, last_us, '
        "count, risk, people, verdict, script, script_path, script_sha256, user, host, "
        "service, category, account_kind, kinds, users, outcomes, rules, models, most_values,"
        " most_records, bytes_sent, left_count, last_record, degraded, degraded_us, closed, "
        "inside) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        ' ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("key") DO UPDATE SET status = '
        "excluded.status, disposition = excluded.disposition, until_us = excluded.until_us, "
        "first_us = excluded.first_us, last_us = excluded.last_us, count = excluded.count, "
        "risk = excluded.risk, people = excluded.people, verdict = excluded.verdict, script ="
        " excluded.script, script_path = excluded.script_path, script_sha256 = "
        "excluded.script_sha256, user = excluded.user, host = excluded.host, service = "
        "excluded.service, category = excluded.category, account_kind = "
        "excluded.account_kind, kinds = excluded.kinds, users = excluded.users, outcomes = "
        "excluded.outcomes, rules = excluded.rules, models = excluded.models, most_values = "
        "excluded.most_values, most_records = excluded.most_records, bytes_sent = "
        "excluded.bytes_sent, left_count = excluded.left_count, last_record = "
        "excluded.last_record, degraded = excluded.degraded, degraded_us = "
        "excluded.degraded_us, closed = excluded.closed, inside = excluded.inside"
    ),
    (
        "id",
        "key",
        "status",
        "disposition",
        "until_us",
        "first_us",
        "last_us",
        "count",
        "risk",
        "people",
        "verdict",
        "script",
        "script_path",
        "script_sha256",
        "user",
        "host",
        "service",
        "category",
        "account_kind",
        "kinds",
        "users",
        "outcomes",
        "rules",
        "models",
        "most_values",
        "most_records",
        "bytes_sent",
        "left_count",
        "last_record",
        "degraded",
        "degraded_us",
        "closed",
        "inside",
    ),
)
UPSERT_SCRIPT = (
    (
        "INSERT INTO scripts (script, sha256, first_us, last_us, count) VALUES (?, ?, ?, ?, "
        "?) ON CONFLICT (script, sha256) DO UPDATE SET first_us = min(scripts.first_us, "
        "excluded.first_us), last_us = max(scripts.last_us, excluded.last_us), count = "
        "(scripts.count + excluded.count)"
    ),
    ("script", "sha256", "first_us", "last_us", "count"),
)
UPSERT_TRAFFIC = (
    (
        "INSERT INTO traffic (script, destination, bucket, exchanges, bytes, tokens, "
        "cost_micro_usd, least) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (script, "
        "destination, bucket) DO UPDATE SET exchanges = (traffic.exchanges + "
        "excluded.exchanges), bytes = (traffic.bytes + excluded.bytes), tokens = "
        "(traffic.tokens + excluded.tokens), cost_micro_usd = (traffic.cost_micro_usd + "
        "excluded.cost_micro_usd), least = (traffic.least + excluded.least)"
    ),
    ("script", "destination", "bucket", "exchanges", "bytes", "tokens", "cost_micro_usd", "least"),
)
UPSERT_HOUR = (
    (
        "INSERT INTO hours (hour, script, destination, account, kinds, outcome, exchanges, "
        "sent, bytes, found, tokens, cost_micro_usd, least) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?) ON CONFLICT (hour, script, destination, account, kinds, outcome) DO "
        "UPDATE SET exchanges = (hours.exchanges + excluded.exchanges), sent = (hours.sent + "
        "excluded.sent), bytes = (hours.bytes + excluded.bytes), found = (hours.found + "
        "excluded.found), tokens = (hours.tokens + excluded.tokens), cost_micro_usd = "
        "(hours.cost_micro_usd + excluded.cost_micro_usd), least = (hours.least + "
        "excluded.least)"
    ),
    (
        "hour",
        "script",
        "destination",
        "account",
        "kinds",
        "outcome",
        "exchanges",
        "sent",
        "bytes",
        "found",
        "tokens",
        "cost_micro_usd",
        "least",
    ),
)
UPSERT_DAY = (
    (
        "INSERT INTO days (day, destination, account, outcome, first_hour, last_hour, "
        "exchanges, sent, bytes, found, tokens, cost_micro_usd, least) VALUES (?, ?, ?, ?, ?,"
        " ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, destination, account, outcome) DO UPDATE "
        "SET first_hour = min(days.first_hour, excluded.first_hour), last_hour = "
        "max(days.last_hour, excluded.last_hour), exchanges = (days.exchanges + "
        "excluded.exchanges), sent = (days.sent + excluded.sent), bytes = (days.bytes + "
        "excluded.bytes), found = (days.found + excluded.found), tokens = (days.tokens + "
        "excluded.tokens), cost_micro_usd = (days.cost_micro_usd + excluded.cost_micro_usd), "
        "least = (days.least + excluded.least)"
    ),
    (
        "day",
        "destination",
        "account",
        "outcome",
        "first_hour",
        "last_hour",
        "exchanges",
        "sent",
        "bytes",
        "found",
        "tokens",
        "cost_micro_usd",
        "least",
    ),
)
