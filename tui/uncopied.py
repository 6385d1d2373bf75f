"""Text that a person reads and the mouse does not take along: copying evidence is egress."""

from textual.containers import VerticalScroll
from textual.widgets import Static


class Uncopied(Static):
    """Such a text; markup in it is not read."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(markup=False)


class Lines(VerticalScroll, can_focus=False, inherit_bindings=False):
    """What scrolls it; the keys are the screen's."""

    ALLOW_SELECT = False
