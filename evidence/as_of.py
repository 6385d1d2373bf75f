"""What was known of a script at some time in the past: when it had first been seen, and what had been approved by then."""

from datetime import datetime

from core.situation import ScriptHistory
from core.text import printable
from evidence.store import Store
from evidence.times import from_micros, micros


class Past:
    """Reads the scripts and reviews once; answers for any time."""

    def __init__(self, store: Store) -> None:
        """Read what there is. Raises EvidenceError."""
        approvals = """SELECT at_us, script, script_sha256, action FROM review_entries
            WHERE action IN ('approve_script', 'withdraw_script') AND script_sha256 IS NOT NULL ORDER BY seq"""
        with store.reading() as connection:
            first = connection.execute("SELECT script, min(first_us) FROM scripts GROUP BY script")
            self._first: dict[str, int] = {str(row[0]): int(row[1]) for row in first}
            self._acts: dict[str, list[tuple[int, str, bool]]] = {}
            for at_us, script, sha256, action in connection.execute(approvals):
                self._acts.setdefault(str(script), []).append(
                    (int(at_us), str(sha256), action == "approve_script")
                )

    def script(self, script: str, sha256: str | None, at: datetime) -> ScriptHistory:
        """Return what a gate would have known at this time; what a script imports is not in the evidence."""
        script, now = printable(script), micros(at)
        first = self._first.get(script)
        decided = {digest: yes for when, digest, yes in self._acts.get(script, ()) if when <= now}
        approved = None if sha256 is None else decided.get(sha256)
        return ScriptHistory(
            first_seen=None if first is None or first >= now else from_micros(first),
            approved=approved,
            changed_since_approval=approved is None and any(decided.values()),
        )
