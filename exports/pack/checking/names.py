"""Names of a pack's files, and what a pack may hold at most."""

import re

SEAL = "statement.dsse.json"
RECORDS, CHECKPOINTS, PROOFS = "records.jsonl", "checkpoints.json", "proofs.json"
REPORTS = "report.html", "report.pdf"
TABLE, COVERAGE = "records.csv", "coverage.json"
NEEDED = (RECORDS, CHECKPOINTS, *REPORTS, TABLE, COVERAGE, "verify.py", "INDEX.md")
FURTHER = re.compile(
    r"records(?:\.[a-z0-9]{1,20}){1,3}|policy/[A-Za-z0-9_-]{1,80}\.yaml|scripts/[0-9a-f]{64}\.py\.txt"
)
"""Names of all else that Outgate puts into a pack."""
ORIGIN = "outgate/"
"""Before the chain's id: in whose name a checkpoint is signed."""
RECORD, OBSERVATION = "outgate.record/1", "outgate.observation/1"
WINDOWS = {
    *("evidence_gap", "gate_lost", "clock_jumped", "key_changed", "witness_missed", "erased"),
    *("expired", "expired_apart", "sums_expired", "acts_expired", "migrated", "rebuilt"),
    *("capture_ended", "capture_passed", "capture_window"),
}
"""Events of the gate that the coverage has to tell."""
APART = ("records_that_cannot_be_read", "acts_that_cannot_be_read", "scripts_without_seal")
"""What the coverage says that follows from no record here."""
NOT_SHOWN = (
    "Not recomputed here, so only as true as the one who signed: report.html%s, report.pdf,"
    " INDEX.md, scripts/, exports in more formats, and in records.csv the columns %s."
)
TYPE = "application/vnd.in-toto+json"
STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "urn:outgate:evidence-pack:1"
PLACE = {"id", "seq", "prev", "hash"}
"""What tells an entry's place in its chain; how it is hashed by parts may stand with it."""
LATER = "what was recorded or done after it, exports too, is not in this pack."
MOST_SIGNATURES = 200
CHUNK = 1 << 16
MOST_BYTES = 1 << 28
"""Of one file that is read at once, or of one line: a false pack may unpack to far more."""
ERASED = b'{"erased":true,"id":"'
"""All that is left of an entry that was erased whole; the entry after it holds its hash."""

EMPTIED = {"erased": "entries", "expired_apart": "entries", "acts_expired": "acts"}
"""Events that tell of entries of which that is all, and which of their facts does."""

NOBODY = (
    b'{"ancestry":[],"candidates":[],"certainty":"unknown","exe":null,"is_python":null,'
    b'"line":null,"method":"none","name":null,"pid":null,"reason":"erased","script":null,'
    b'"script_process":null,"started_at":null,"started_by":null,"user":null}'
)
STAND_INS = (b'"excerpt":"","fingerprints":[]', b'"where":[]', b'"files":[]', NOBODY)
"""All that may stand where a part was erased: no hash covers it."""
