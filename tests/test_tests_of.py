"""Who changes a file finds its tests: by name, by theme, and by what imports what."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import tests_of
from families import with_each
from tests_of import about, chosen, module_of, sources, theme_of, within

TESTS = sorted(path for path in sources() if tests_of.is_test(path) and path.count("/") > 1)
MODULES = {module_of(path) for path in sources()}


@with_each("path", TESTS)
def test_a_test_has_the_name_of_a_module_or_of_a_theme(path: str) -> None:
    """A test file is `tests/FOLDER/test_FOLDER_MODULE.py`, or its theme stands in
    `tests/themes.toml`; never both.
    """
    assert (about(path, MODULES) is None) is (theme_of(path) is not None), (
        "give it the name of the module that it is about, or its theme a line in the table"
    )


def test_every_theme_has_its_tests_and_its_modules() -> None:
    """No line of the table is about tests or modules that are gone."""
    named = {(tests_of.package_of(path), path) for path in TESTS if theme_of(path) is not None}
    lines = sum(len(themes) for themes in tests_of._themes().values())
    assert len(named) == lines
    gone = {name for _, path in named for name in theme_of(path) or () if name not in MODULES}
    assert gone == set()


@pytest.mark.parametrize(
    ("changed", "test", "rank"),
    [
        ("proxy/request_head.py", "tests/proxy/test_proxy_request_head.py", 1),
        ("proxy/request_head.py", "tests/proxy/test_proxy_hostile.py", 2),
        (
            "classifiers/workers/pool.py",
            "tests/classifiers/test_classifiers_pool.py",
            1,
        ),
        ("attribution/line/frames.py", "tests/attribution/test_attribution_line.py", 2),
        ("core/text.py", "tests/core/test_core_text.py", 1),
        ("evidence/chain.py", "tests/evidence/test_evidence_writer.py", 4),
        ("tests/tui/conftest.py", "tests/tui/test_tui_holds.py", 1),
        ("tests/fakes/reading.py", "tests/evidence/test_evidence_store.py", 3),
        ("tests/fakes/policy_samples.py", "tests/policy/test_policy_decide.py", 3),
        ("docs/policy.md", "tests/policy/test_policy_docs.py", 0),
        ("tests/core/test_core_text.py", "tests/core/test_core_text.py", 0),
    ],
)
def test_the_tests_of_a_change_are_found(changed: str, test: str, rank: int) -> None:
    """The nearest tests come first: changed ones, those of the same name, a theme's, importers."""
    found = {one.path: one.rank for one in chosen([changed])}
    assert found[test] <= rank


def test_what_has_nothing_to_do_with_a_change_is_not_run() -> None:
    """A change of the review's words runs no test of certificates."""
    found = {one.path for one in chosen(["tui/wording.py"])}
    assert not any(path.startswith(("tests/certs/", "tests/classifiers/")) for path in found)


def test_imports_are_found_wherever_they_stand() -> None:
    """At the top, inside a function, of a module or of what is in it, by its full name or from
    beside it.
    """
    text = "import a.b\nfrom c import d\ndef f():\n    from .e import g\n    from . import h\n"
    found = set(tests_of.imports_of(ast.parse(text), "p.q", False))
    assert {"a.b", "c", "c.d", "p.e", "p.e.g", "p.h"} <= found
    assert "p.q.e" not in found


@pytest.mark.parametrize("damaged", ["", "[", '{"a.py": 1}'])
def test_only_what_changed_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    """What is kept is what was read, of this text: another text is read, whatever its time says."""
    kept = tmp_path / "deep" / "imports"
    texts = {"a.py": "import x.y", "b/__init__.py": "from . import c"}
    first = tests_of.read_imports(kept, texts)
    assert [names for _, names in first.values()] == [["x.y"], ["b", "b.c"]]
    read: list[str] = []

    def reading(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
        read.append(ast.unparse(tree))
        yield "new"

    monkeypatch.setattr(tests_of, "imports_of", reading)
    assert tests_of.read_imports(kept, texts) == first and read == []
    assert tests_of.read_imports(kept, {**texts, "a.py": "import z.y"})["a.py"][1] == ["new"]
    assert read == ["import z.y"]
    kept.write_text(damaged)
    assert tests_of.read_imports(kept, texts)["a.py"][1] == ["new"]


def test_what_does_not_fit_the_time_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far tests are left out first; those of the same name are always run."""
    monkeypatch.setattr(tests_of, "seconds_of", lambda path: 50.0)
    tests = [tests_of.Chosen(path=f"t{n}", rank=n, why="") for n in (0, 1, 2, 3, 4)]
    fit, left = within(tests, 60)
    assert [test.rank for test in fit] == [0, 1]
    assert [test.rank for test in left] == [2, 3, 4]
