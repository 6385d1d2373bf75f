"""The documentation: every example in it works, and it names everything there is."""

import re
from pathlib import Path

import pytest
from policy_strategies import SECTIONS
from pydantic import BaseModel

import policy
from policy import policy_tests
from policy.fields import Strict
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


def words_of(models: list[type[BaseModel]]) -> set[str]:
    """Return the names of all fields of these sections, as they are written in a file."""
    return {f.alias or name for model in models for name, f in model.model_fields.items()}


def named(words: set[str], text: str) -> set[str]:
    """Return those that stand in the text as words of their own: not `port` in “export”."""
    return {word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


def chapter(title: str) -> str:
    """Return what the page says under this heading."""
    found = re.search(rf"^#+ {title}\b.*?\n(.*?)(?=^#|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"there is no chapter {title}"
    return found[1]


def in_code(text: str) -> str:
    """Return what is set in type, as words of a file are."""
    return "\n".join(re.findall(r"```yaml\n.*?```|`[^`\n]+`", text, re.DOTALL))


def test_the_page_names_every_word_of_the_format() -> None:
    """Nothing can be written that the page does not explain."""
    words = set(preset_names())
    for definition in policy.schema()["$defs"].values():
        words |= set(definition.get("properties", ()))
    words -= {"requester", "storage_reads", "policy"}
    assert words - named(words, PAGE) == set()


@pytest.mark.parametrize("subject", SECTIONS)
def test_every_condition_is_explained_in_its_chapter(subject: str) -> None:
    """An officer who looks up what can be asked of a destination finds all of it there."""
    words = words_of([SECTIONS[subject]])
    assert words - named(words, in_code(chapter(subject))) == set()


def test_every_fact_that_a_case_can_state_is_named() -> None:
    """Who writes down expected outcomes finds the words for every request."""
    models = [
        m for m in vars(policy_tests).values() if isinstance(m, type) and issubclass(m, Strict)
    ]
    words = words_of([m for m in models if m.__name__.startswith("Given")])
    assert len(words) > 30
    assert words - named(words, in_code(chapter("Expected outcomes"))) == set()


def test_a_word_inside_another_is_not_named() -> None:
    """The check above can fail: “export” explains no port."""
    assert named({"port", "export", "not"}, "export `no-port` notes") == {"export"}
