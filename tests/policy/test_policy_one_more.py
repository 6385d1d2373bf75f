"""One more condition: who writes it like its neighbours, where CONTRIBUTING says, has it whole.

Each test works on a copy of the house, so that what is forgotten there fails there.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

READ = (
    "policy/reads.py",
    "LLM_TOOLS = Read(\n",
    'LLM_PROJECT = _call("llm.project", lambda call: call.project)\n',
)
FIELD = (
    "policy/conditions.py",
    "    tools: Annotated[Listed[Text] | None, Asks(reads.LLM_TOOLS",
    "    project: Annotated[Listed[Text] | None, Asks(reads.LLM_PROJECT, matching)] = None\n",
)
CASE = (
    "policy/policy_tests.py",
    "    tools: Several[Text] = Field(default=[])\n",
    "    project: Text | None = None\n",
)
CHAPTER = ("docs/policy.md", "`llm: {}` means any such call.", "`project` is the provider's own. ")
CASES = ("docs/policy.md", "| `volume`, before this request", "| and of `llm` | `project` |\n")
EVERYTHING = (READ, FIELD, CASE, CHAPTER, CASES)

DECIDES = """
from dataclasses import replace
from policy_samples import llm, policy, situation
asked = policy("  - {id: r, when: {llm: {project: falcon-*}}, then: block}\\n")
given = [situation(llm=llm(project=name)) for name in ("other", "Falcon-9", "other", None)]
print([asked.decide(s).rule for s in given])
late = [replace(s, degraded=("llm: late",)) for s in given]
print([asked.decide(s).rule for s in late])
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a copy of what a condition touches."""
    for folder in ("core", "destinations", "policy", "tests/policy", "tests/fakes"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "policy.md", tmp_path / "docs")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def write(house: Path, *entries: tuple[str, str, str]) -> None:
    """Put each text before the line, or the words, that it is to stand before."""
    for file, before, text in entries:
        path = house / file
        old = path.read_text(encoding="utf-8")
        assert old.count(before) == 1, (file, before)
        path.write_text(old.replace(before, text + before), encoding="utf-8")


def run(house: Path, *command: str) -> str:
    """Run Python on the copy; return what it says."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=house,
        env={"PYTHONPATH": f"{house}:{house / 'tests' / 'fakes'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def failures_and_passes(house: Path, chosen: str) -> tuple[set[str], set[str]]:
    """Run the tests of these names in the copy; return those that failed and those that passed."""
    files = [f"tests/policy/test_policy_{name}.py" for name in ("compiled", "reads", "docs")]
    files.append("tests/policy/test_policy_contradictions.py")
    told = run(
        house,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "-k",
        chosen,
        *files,
    )
    passed = set(re.findall(r"^PASSED \S+::(\S+)", told, re.MULTILINE))
    failed = set(re.findall(r"^(?:FAILED|ERROR) (?:\S+::)?(\S+)", told, re.MULTILINE))
    assert passed or failed, told
    return failed, passed


def test_a_condition_written_like_its_neighbours_works(house: Path) -> None:
    """It decides, also after requests that differ in nothing else; unknown, `on_error` answers."""
    write(house, *EVERYTHING)
    assert run(house, "-c", DECIDES).splitlines() == [
        "[None, 'r', None, None]",
        "[None, 'r', None, 'r']",
    ]


def test_the_tests_pick_a_new_condition_up_by_themselves(house: Path) -> None:
    """Nobody writes a test for what every condition must do."""
    write(house, *EVERYTHING)
    failed, passed = failures_and_passes(
        house, "llm-project or explained or case_can_state or decide_as_they"
    )
    assert failed == set()
    assert {name for name in passed if name.endswith("[llm-project]")} >= {
        "test_every_condition_makes_a_difference[llm-project]",
        "test_one_request_is_never_taken_for_another[llm-project]",
        "test_a_read_looks_at_nothing_but_its_inputs[llm-project]",
        "test_what_is_read_is_in_the_record_or_said_not_to_be[llm-project]",
        "test_listed_values_are_all_that_can_be_read[llm-project]",
        "test_no_condition_goes_with_its_own_opposite[llm-project]",
        "test_two_conditions_that_some_request_fulfils_do_not_clash[llm-project]",
    }
    assert {
        "test_rules_decide_as_they_read",
        "test_every_condition_is_explained_in_its_chapter[llm]",
    } <= passed


@pytest.mark.parametrize(
    ("forgotten", "chosen", "complaint"),
    [
        (CHAPTER, "explained", "test_every_condition_is_explained_in_its_chapter[llm]"),
        (CASES, "case_can_state", "test_every_fact_that_a_case_can_state_is_named"),
        (CASE, "llm-project", "test_every_condition_makes_a_difference[llm-project]"),
    ],
)
def test_what_was_forgotten_is_told(
    house: Path, forgotten: tuple[str, str, str], chosen: str, complaint: str
) -> None:
    """A condition that the page does not explain, or that no case can state, does not land."""
    write(house, *(entry for entry in EVERYTHING if entry is not forgotten))
    assert complaint in failures_and_passes(house, chosen)[0]


ANNOTATED = "Annotated[Listed[Text] | None, Asks(reads.LLM_PROJECT, matching)]"


@pytest.mark.parametrize(
    ("instead", "complaint"),
    [
        ("Listed[Text] | None", "LlmCondition.project does not say what it asks"),
        (ANNOTATED.replace("Listed[Text]", "complex"), "complex'>: add one to BY_TYPE"),
    ],
    ids=["asks nothing", "new type"],
)
def test_half_a_condition_is_refused(house: Path, instead: str, complaint: str) -> None:
    """A field that asks nothing cannot be defined; one of a new type must first be drawn."""
    write(house, *EVERYTHING)
    path = house / "policy" / "conditions.py"
    path.write_text(path.read_text(encoding="utf-8").replace(ANNOTATED, instead))
    assert complaint in run(house, "-c", "import policy_strategies; policy_strategies.policies()")


def test_contributing_names_these_files_and_no_other() -> None:
    """What the table promises is what is touched here."""
    (row,) = re.findall(r"^\| policy condition \| (.*) \|$", CONTRIBUTING, re.MULTILINE)
    assert set(re.findall(r"`([^`]+\.\w+)`", row)) == {file for file, _, _ in EVERYTHING}
