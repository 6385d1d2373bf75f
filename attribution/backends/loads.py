"""How the program of a process came to be it, as the kernel's events and a look at its beginning
tell.
"""

from dataclasses import dataclass

from attribution.backends.beginnings import Beginning


@dataclass(slots=True, eq=False)
class Load:
    """One for a program and all that are forked from it."""

    at: float | None
    """When it was loaded (Unix time); None when that was before the first event."""
    begun: Beginning | None = None
    """What it began with; None while that was not told."""
    chained: bool = False
    """True where its process had been another program since it was forked."""
    parent: int | None = None
    """What its process was forked from, where that was heard."""
    bereft: bool = False
    """True where one further above, of which its process was a mere fork, had ended by then."""

    @property
    def may_have_been_held(self) -> bool:
        """True where one that has ended may have traced it until its exec stood still: of a program
        that asks its parent to trace it, and of one that lets go by its end, nobody tells. Whoever
        is held stands still at least once, and its parent has ended.
        """
        begun = self.begun
        if begun is None or begun.line is None or begun.stops == 0:
            return False
        return self.bereft or self.parent not in {None, begun.parent}
