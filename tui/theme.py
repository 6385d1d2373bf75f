"""Calm colours with four meanings: allowed, held, blocked, unknown.

Each also has a word and a sign elsewhere.
"""

from textual.theme import Theme

MEANINGS_DARK = {
    "allowed": "#7fb8a8",
    "held": "#e3b45f",
    "blocked": "#ea7f74",
    "unknown": "#b8a1e3",
}
MEANINGS_LIGHT = {
    "allowed": "#1f6f5c",
    "held": "#8a5a00",
    "blocked": "#b3261e",
    "unknown": "#5e3fa3",
}


def _scrollbar(bar: str, ground: str) -> dict[str, str]:
    bars = dict.fromkeys(("scrollbar", "scrollbar-hover", "scrollbar-active"), bar)
    grounds = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
    return bars | dict.fromkeys((*grounds, "scrollbar-corner-color"), ground)


# Grounds are nearly grey: terminals of 256 colours turn bluish darks into black, and panels would
# be lost.
DARK = Theme(
    name="outgate-dark",
    dark=True,
    primary="#7ea7cf",
    secondary="#8d9bab",
    accent="#7ea7cf",
    warning=MEANINGS_DARK["held"],
    error=MEANINGS_DARK["blocked"],
    success=MEANINGS_DARK["allowed"],
    foreground="#d6dce3",
    background="#141618",
    surface="#1b1e20",
    panel="#272b2e",
    variables={
        **MEANINGS_DARK,
        "quiet": "#8d99a6",
        "cursor-row": "#38414a",
        **_scrollbar("#464d54", "#141618"),
    },
)
LIGHT = Theme(
    name="outgate-light",
    dark=False,
    primary="#27588a",
    secondary="#5b6671",
    accent="#27588a",
    warning=MEANINGS_LIGHT["held"],
    error=MEANINGS_LIGHT["blocked"],
    success=MEANINGS_LIGHT["allowed"],
    foreground="#1c2126",
    background="#fbfbf9",
    surface="#f3f3f0",
    panel="#e8e8e4",
    variables={
        **MEANINGS_LIGHT,
        "quiet": "#5b6671",
        "cursor-row": "#d5e2ef",
        **_scrollbar("#b3b9bf", "#fbfbf9"),
    },
)
DEFAULTS = {**MEANINGS_DARK, "quiet": "#8d99a6", "cursor-row": "#38414a"}
"""For themes that are not ours, so that every meaning still has a colour."""
