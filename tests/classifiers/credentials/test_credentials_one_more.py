"""A stranger adds one secret rule, in one row of a table: tried in a copy of the house."""

import json
from pathlib import Path

import pytest
from scratch_copy import ScratchCopy, passed

TABLE = '    ("anthropic-admin-key", "anthropic", '
CONTRACT = "tests/classifiers/credentials/test_credentials_rules.py"
KEY = "acme_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG"
SENT = {
    "url": "https://files.example/in",
    "method": "POST",
    "headers": [{"name": "content-type", "value": "text/plain"}],
    "postData": {"mimeType": "text/plain", "text": f"take {KEY} for it, not {KEY[:-1]}"},
}


def with_rule(folder: Path, pattern: str, floor: str = "3.5") -> ScratchCopy:
    """Return a copy with one more row."""
    house = ScratchCopy.of(folder, "classifiers")
    row = f'    ("acme-api-key", None, r"{pattern}", {floor}),\n'
    house.put("classifiers/credentials/rules/issued.py", TABLE, row)
    return house


def test_one_row_is_all_that_a_new_rule_takes(tmp_path: Path) -> None:
    """What it describes is found by its name, and what is shorter is not; nothing else is
    touched.
    """
    house = with_rule(tmp_path, "acme_[A-Za-z0-9]{32}")
    recording = tmp_path / "sent.har"
    answer = {"status": 200, "headers": [], "content": {"text": ""}}
    entries = [{"request": SENT, "response": answer}]
    recording.write_text(json.dumps({"log": {"entries": entries}}))
    done = house.outgate("inspect", "--no-names", "--format", "jsonl", str(recording))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert [(f["kind"], f["detector"], f["count"]) for f in found] == [
        ("secret", "acme-api-key", 1)
    ]
    assert KEY not in done.stdout + done.stderr
    assert passed(house.pytest(CONTRACT, "-k", "acme")) == 1


@pytest.mark.parametrize(
    ("pattern", "floor"),
    [
        ("acme_[a-f0-9]{32}", "4.5"),
        ("acme_$[A-Za-z0-9]{32}", "3.0"),
        ("acme", "3.0"),
    ],
    ids=["never so random", "ends before it begins", "a word"],
)
def test_a_rule_that_finds_nothing_is_red(tmp_path: Path, pattern: str, floor: str) -> None:
    """A pattern that no real secret fits turns a test red."""
    done = with_rule(tmp_path, pattern, floor).pytest(CONTRACT, "-k", "acme")
    assert "1 failed" in done.stdout or "1 error" in done.stdout
