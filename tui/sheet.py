"""A sheet: what one tab beside the queue shows, as values. The app fills them; text in them need
not be inert yet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from core.case_words import quoted
from tui.rows import Row, Section
from tui.wording import safe

TABS: Mapping[str, str] = MappingProxyType(
    {
        "review": "Queue",
        "overview": "Overview",
        "scripts": "Scripts",
        "destinations": "Destinations",
        "llm": "LLM use",
        "users": "People",
        "rules": "Rules",
        "evidence": "Evidence",
        "health": "Health",
    }
)
"""The tabs by their names in the registry; the first is the queue, the others are sheets."""


NOTHING_YET = "Nothing yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a table."""

    cells: tuple[str, ...]
    tone: str = "plain"
    filter: str = ""
    """The filter that shows its cases; nothing where it has none."""
    name: str = ""
    """What it is about, where it can be switched: the id of a rule."""
    script: str = ""
    """The path of the script that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Lines under one heading."""

    title: str
    columns: tuple[str, ...]
    """The first is as wide as it may be; a name with a space before it stands at the right."""
    lines: tuple[Line, ...]
    empty: str = NOTHING_YET


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One tab: facts, then tables."""

    facts: tuple[Row, ...] = ()
    tables: tuple[Table, ...] = ()
    more: Callable[[], "Sheet"] | None = None
    """Where something is still to be read for it: reads on, and gives it with what is known then.
    May block on the disk; raises OutgateError.
    """

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line of every table, in order."""
        return tuple(line for table in self.tables for line in table.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """Reads sheets, and switches what can be switched. Each call may block on the disk; raises
    OutgateError.
    """

    read: Callable[[str, datetime], Sheet]
    """Name of the tab, and the time now."""
    switch_rule: Callable[[str], str] | None = None
    """Switches a rule on or off; returns what was done, in words."""
    rule_page: Callable[[str, datetime], Sequence[Section]] | None = None
    """Id of a rule, the time now → its page. May take seconds."""


def filter_for(prefix: str, value: str) -> str:
    """Return the filter line that shows the cases of one name, closed ones too."""
    return f"all {prefix}:{quoted(safe(value, 100))}"
