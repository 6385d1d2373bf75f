"""A stranger adds one secret rule, in one row of a table: tried in a copy of the house."""

from pathlib import Path

import pytest
from scratch_copy import ScratchCopy, passed

TABLE = '    ("anthropic-admin-key", "anthropic", '
CONTRACT = "tests/classifiers/credentials/test_credentials_rules.py"
KEY = "acme_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG"
FOUND = f"""
from datetime import UTC, datetime

from classifiers.engine import Engine, EngineSetup
from core.exchange import Exchange
from core.organisation import Organisation

text = b"take {KEY} for it, not {KEY[:-1]}"
sent = Exchange(id="x", at=datetime.now(UTC), scheme="https", host="files.example", port=443,
                method="POST", path="/in", headers=(("content-type", "text/plain"),),
                body=text, body_bytes=len(text))
engine = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
for found in engine.classify(sent).findings:
    print(found.kind, found.detector, found.count, found.confidence)
"""


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
    done = house.python("-c", FOUND)
    assert done.stdout.splitlines() == ["secret acme-api-key 1 certain"], done.stderr
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
