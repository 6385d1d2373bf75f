"""What is kept of scripts."""

from typing import Any

from app.scripts import ScriptKeeper
from attribution.identity.composition import Composition
from attribution.identity.imports import Imports
from core.attribution import Attribution, Certainty, LaunchedAs, Script

SENDER = Attribution(
    certainty=Certainty.EXACT,
    method="fake",
    script=Script(path="/work/job.py", sha256="a" * 64, launched_as=LaunchedAs.FILE, name="job.py"),
)


class Attributor:
    """Knows what a script is made of while its process lives."""

    def __init__(self) -> None:
        self.alive = False
        self.asked = 0

    def imports(self, _: Attribution) -> Imports | None:
        return Imports(third_party=("pandas",), standard=("csv",)) if self.alive else None

    def composition(self, _: Attribution) -> Composition | None:
        self.asked += 1
        found = Imports(third_party=("pandas",), standard=("csv",))
        return Composition(imports=found, distributions=()) if self.alive else None


def test_a_process_that_was_gone_too_soon_does_not_hide_what_its_version_imports() -> None:
    """Once another process of the same version is met its imports are known, and looked up once."""
    attributor: Any = Attributor()
    keeper = ScriptKeeper(attributor, None)
    keeper.seen(SENDER)
    assert keeper.imports("a" * 64) == frozenset()
    attributor.alive = True
    keeper.seen(SENDER)
    keeper.seen(SENDER)

    assert keeper.imports("a" * 64) == {"pandas", "csv"}
    assert attributor.asked == 2
