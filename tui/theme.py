"""Calm colours with four meanings: allowed, held, blocked, unknown. Each also has a word and a sign elsewhere."""

from textual.theme import Theme

MEANINGS_DARK = {"allowed": "#7fb8a8", "held": "#e3b45f", "blocked": "#ea7f74", "unknown": "#b8a1e3"}
MEANINGS_LIGHT = {"allowed": "#1f6f5c", "held": "#8a5a00", "blocked": "#b3261e", "unknown": "#5e3fa3"}

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
    background="#13171c",
    surface="#181d23",
    panel="#20272f",
    variables={**MEANINGS_DARK, "quiet": "#8d99a6", "cursor-row": "#2b3947", "footer-key": "#7ea7cf"},
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
    variables={**MEANINGS_LIGHT, "quiet": "#5b6671", "cursor-row": "#d5e2ef", "footer-key": "#27588a"},
)
DEFAULTS = DARK.variables
"""For themes that are not ours, so that every meaning still has a colour."""
