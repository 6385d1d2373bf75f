"""Style sheets are read once for all tests of screens, not once for each screen."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@contextmanager
def styles_read_once() -> Iterator[None]:
    """The same style sheets with the same colours give the same rules in each test: Textual keeps
    64 of them, of one screen, and has more.
    """
    read = Stylesheet._parse_rules
    kept: dict[tuple[Hashable, ...], list[RuleSet]] = {}

    def parse(sheet: Stylesheet, *told: Hashable, **named: Hashable) -> list[RuleSet]:
        key = (told, *sorted(named.items()), *sheet._variables.items())
        if key not in kept:
            kept[key] = read(sheet, *told, **named)  # type: ignore[arg-type]
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse)
        yield
