"""What could not be found out, or is not there yet, as bits: conditions that look at it cannot be told."""

from collections.abc import Callable, Iterable

from core.situation import Situation

(
    SECRETS, NAMES, VALUES, LLM, ACCOUNT, BYTES, DESTINATION, REQUEST, COUNTRY, HISTORY, IMPORTS, SCRIPT,
    PEERS,
) = (1 << n for n in range(13))  # fmt: skip
"""Bits for what could not be found out, or is not there yet."""

UNTOLD = COUNTRY | SCRIPT | PEERS
"""Not failed, and yet not known when everything is in: the country; which script sent it, for certain; and for whom."""

FINDINGS = SECRETS | NAMES | VALUES
"""Credentials; people's names and addresses; all other content."""

NOT_YET = FINDINGS | LLM | BYTES
NEVER = NOT_YET | ACCOUNT | REQUEST
"""Of a connection that passes undecrypted: not even the request's path is seen, or whether it stores anything."""
_HIDES = {
    **dict.fromkeys(
        ("attribution", "line", "history", "volume", "answer", "tokens", "prices", "labels"), 0
    ),
    **dict.fromkeys(("secrets", "credentials"), SECRETS),
    **dict.fromkeys(("personal data", "personal", "tables"), NAMES | VALUES),
    "names": NAMES,
    "documents": FINDINGS,
    "llm": LLM,
    "accounts": ACCOUNT,
    "destination": DESTINATION,
}
"""What the failure of a stage leaves unknown; a stage not named here leaves all content unknown."""

type Truth = bool | None
type Test = Callable[[Situation, int], Truth]


def hidden_by(degraded: Iterable[str]) -> int:
    """Return what failed stages, each as `stage: why`, leave unknown."""
    hidden = 0
    for stage in degraded:
        hidden |= _HIDES.get(stage.partition(":")[0].strip(), FINDINGS | LLM)
    return hidden
