"""What the gate knows of the packages of a script."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.package_risks import PackageRisks
from app.scripts import ScriptKeeper
from attribution.identity.composition import Composition
from attribution.identity.distributions import Installed
from attribution.identity.imports import Imports
from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.vocabulary.packages import PackageState
from inventory.advisories.kept import import_advisories

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SHA = "a" * 64
SENDER = Attribution(
    certainty=Certainty.EXACT,
    method="fake",
    script=Script(path="/work/job.py", sha256=SHA, launched_as=LaunchedAs.FILE, name="job.py"),
)
VULNERABLE, MALICIOUS, NOT_ALLOWED = PackageState


def advise(folder: Path, **versions: str) -> None:
    """Import advisories: name → one version; names that begin with `bad` are malicious."""
    lines = [
        {
            "id": f"{'MAL' if name.startswith('bad') else 'PYSEC'}-{name}",
            "affected": [{"package": {"name": name, "ecosystem": "PyPI"}, "versions": [version]}],
        }
        for name, version in versions.items()
    ]
    source = folder.parent / "x.jsonl"
    source.write_text("\n".join(map(json.dumps, lines)))
    import_advisories(source, folder, NOW)


class Attributor:
    """Knows a script that imports some of what is installed for it."""

    def __init__(self, imported: tuple[str, ...], *installed: str, readable: bool = True) -> None:
        found = tuple(Installed(name=n, version=v) for n, v in (i.split() for i in installed))
        by_name = {d.name: d for d in found}
        imports = Imports(third_party=imported) if readable else None
        self.found = Composition(
            imports=imports, distributions=found, used=tuple((n, by_name.get(n)) for n in imported)
        )

    def imports(self, _: Attribution) -> Imports | None:
        return self.found.imports

    def composition(self, _: Attribution) -> Composition:
        return self.found


def keeper(folder: Path, attributor: Attributor, *allowed: str) -> ScriptKeeper:
    made: Any = attributor
    found = ScriptKeeper(made, None, PackageRisks(folder), lambda: frozenset(allowed))
    found.seen(SENDER)
    return found


@pytest.mark.parametrize(
    ("imported", "installed", "allowed", "expected"),
    [
        (("weak",), ("weak 1.0",), (), {VULNERABLE}),
        (("weak",), ("weak 2.0",), (), set()),
        ((), ("weak 1.0",), (), set()),
        ((), ("bad 1.0",), (), {MALICIOUS}),
        (("good",), ("good 1.0", "other 1.0"), ("good",), set()),
        (("good", "own"), ("good 1.0",), ("good",), set()),
        (("other",), ("good 1.0", "other 1.0"), ("good",), {NOT_ALLOWED}),
        (("weak", "bad"), ("weak 1.0", "bad 1.0"), ("x",), {VULNERABLE, MALICIOUS, NOT_ALLOWED}),
    ],
)
def test_a_script_is_judged_by_what_it_imports(
    tmp_path: Path,
    imported: tuple[str, ...],
    installed: tuple[str, ...],
    allowed: tuple[str, ...],
    expected: set[PackageState],
) -> None:
    """Holes count where the package is imported; a malicious one counts wherever it
    is installed.
    """
    advise(tmp_path / "advisories", weak="1.0", bad="1.0")
    found = keeper(tmp_path / "advisories", Attributor(imported, *installed), *allowed)

    assert found.packages(SHA) == (frozenset(expected), True)


def test_nothing_is_said_of_what_nobody_knows(tmp_path: Path) -> None:
    """Without its source, its advisories or the script itself, a version is not
    said to be clean.
    """
    folder = tmp_path / "advisories"
    assert keeper(folder, Attributor(("weak",), "weak 1.0")).packages(SHA) == (frozenset(), False)
    advise(folder, weak="1.0")
    unread = keeper(folder, Attributor((), "weak 1.0", readable=False))
    assert unread.packages(SHA) == (None, False)
    assert unread.packages("b" * 64) == (None, False)
    assert unread.packages(None) == (None, False)
    (folder / "index.json").write_text("{")
    assert keeper(folder, Attributor(("weak",), "weak 1.0")).packages(SHA)[1] is False


def test_newer_advisories_count_for_scripts_that_were_met_before(tmp_path: Path) -> None:
    """What is imported while a gate runs counts as soon as any script is met."""
    folder = tmp_path / "advisories"
    advise(folder, other="1.0")
    found = keeper(folder, Attributor(("weak",), "weak 1.0"))
    assert found.packages(SHA) == (frozenset(), True)
    advise(folder, weak="1.0")
    found.seen(SENDER)

    assert found.packages(SHA) == (frozenset({VULNERABLE}), True)


def test_what_is_installed_is_gone_through_only_where_something_is_malicious(
    tmp_path: Path,
) -> None:
    """Each request asks, on the event loop, and hundreds of packages may be installed."""

    class Counted(tuple[tuple[str, str], ...]):
        looks = 0

        def __iter__(self) -> Any:
            Counted.looks += 1
            return super().__iter__()

    folder = tmp_path / "advisories"
    installed = Counted((f"p{n}", "1.0") for n in range(3))
    advise(folder, p1="1.0")
    risks = PackageRisks(folder)
    risks.learn(tuple(installed))
    before = Counted.looks
    assert risks.states((("p1", "1.0"),), installed, frozenset()) == {VULNERABLE}
    assert Counted.looks == before
    advise(folder, bad="1.0")
    worse = Counted((*installed, ("bad", "1.0")))
    risks.learn(tuple(worse))
    assert risks.states((), worse, frozenset()) == {MALICIOUS}
    assert risks.states((), installed, frozenset()) == set()
