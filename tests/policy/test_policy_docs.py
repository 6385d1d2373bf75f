"""The documentation: every example in it works, and it names everything there is."""

import re
from pathlib import Path

import pytest

import policy
from policy.loading import load_bytes, preset_names
from policy.policy_tests import run_cases

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if not e.startswith("cases:")])
def test_every_example_loads(example: str) -> None:
    """What the page shows can be copied."""
    load_bytes(example.encode(), "docs/policy.md")


def test_the_example_of_cases_passes(tmp_path: Path) -> None:
    """The page's own expectations come true."""
    (example,) = [e for e in EXAMPLES if e.startswith("cases:")]
    (tmp_path / "cases.yaml").write_text(example)
    assert all(
        r.passed for r in run_cases(policy.preset("no-personal-cloud"), tmp_path / "cases.yaml")
    )


def test_the_page_names_every_word_of_the_format() -> None:
    """Nothing can be written that the page does not explain."""
    words = set(preset_names())
    for definition in policy.schema()["$defs"].values():
        words |= set(definition.get("properties", ()))
    optional = {"requester", "storage_reads", "policy"}
    assert {w for w in words - optional if w not in PAGE} == set()
