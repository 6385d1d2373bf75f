"""Evidence is read for a scan without leaving a trace."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented_day import place, record, sender

from core.classification import Category
from evidence import open_evidence
from evidence.at_rest import scripts_seen

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def written(path: Path) -> dict[str, tuple[int, int]]:
    return {p.name: (p.stat().st_size, p.stat().st_mtime_ns) for p in path.parent.iterdir()}


@pytest.mark.parametrize("gate_runs", [True, False])
def test_scripts_are_told_and_no_file_changes(tmp_path: Path, gate_runs: bool) -> None:
    """Whether a gate runs or not: what it saw is told, by path and hash, and nothing is written."""
    path = tmp_path / "evidence.db"
    evidence = open_evidence(path)
    sent = record(AT, sender("bot.py"), place("a.example", None, Category.OTHER))
    evidence.writer.open(sent, lambda problem: None)
    evidence.writer.close_record(sent, lambda problem: None)
    evidence.close()
    again = open_evidence(path) if gate_runs else None
    before = written(path)

    seen = scripts_seen(path)
    assert seen == {"/srv/jobs/bot.py": AT, "9f2c41d8" * 8: AT}
    assert {name: told for name, told in written(path).items() if "gate" not in name} == {
        name: told for name, told in before.items() if "gate" not in name
    }
    if again is not None:
        again.close()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(100)])
def test_what_is_no_evidence_tells_nothing(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be read is not evidence that nothing ran."""
    path = tmp_path / "evidence.db"
    path.write_bytes(content)

    assert scripts_seen(path) is None
    assert [p.name for p in tmp_path.iterdir()] == ["evidence.db"]
