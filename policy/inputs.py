"""What a decision is made from, as bits: any of it may not be there yet, or never be found out."""

from collections.abc import Iterable

from core.findings import Finding
from core.vocabulary.unread import unread_text

type Inputs = int

(
    SENDER,
    SCRIPT,
    PEERS,
    DESTINATION,
    REQUEST,
    ACCOUNT,
    COUNTRY,
    NETWORK,
    SIZE,
    SECRETS,
    NAMES,
    VALUES,
    LLM,
    HISTORY,
    IMPORTS,
    VOLUME,
    CLOCK,
    UNREAD,
    PACKAGES,
    ADVISORIES,
    FILES,
    HABITS,
    RESOURCES,
    WHOLE_HOUR,
    WHOLE_DAY,
) = (1 << n for n in range(25))
"""Who sends; which script that is, for certain; for whom it sends; where to; what the request's
head says beside its host; whose account; which country; which network; how large; credentials,
names and addresses, all other content; the call of a language model; what
is known of the script; what it imports; what had gone out before; what time it is; what kinds of
things stand in it that cannot be read; which packages it is made of; which of these have holes;
which files of the sender's it holds; what its script does as a rule; what its process uses; that
all was counted that had gone out in the hour, and in the day, before.
"""

FINDINGS = SECRETS | NAMES | VALUES

PLACE = COUNTRY | NETWORK
"""What the address that is connected to tells: it is looked up where rules ask."""

OF_DESTINATION = DESTINATION | REQUEST | ACCOUNT | PLACE
"""Who lets pass for one of these trusts the destination."""

PAST = (
    HISTORY | IMPORTS | VOLUME | PACKAGES | ADVISORIES | HABITS | RESOURCES | WHOLE_HOUR | WHOLE_DAY
)
"""What no record holds: the evidence is asked for it."""

UNTOLD = (PLACE | SCRIPT | PEERS | PACKAGES | ADVISORIES | HABITS | RESOURCES | FILES) | (
    WHOLE_HOUR | WHOLE_DAY
)
"""What may stay unknown though no stage failed."""

NOT_YET = FINDINGS | LLM | SIZE | UNREAD | FILES
"""What the headers do not tell."""

NEVER = NOT_YET | ACCOUNT | REQUEST
"""Of a connection that passes undecrypted not even the request's path is seen."""

_HIDES: dict[str, Inputs] = {
    **dict.fromkeys(("attribution", "line", "answer", "tokens", "prices", "labels"), 0),
    **dict.fromkeys(("secrets", "credentials"), SECRETS),
    **dict.fromkeys(("personal data", "personal", "tables"), NAMES | VALUES),
    "history": PAST,
    "names": NAMES,
    "files": FILES,
    "documents": FINDINGS | UNREAD,
    "llm": LLM,
    "accounts": ACCOUNT,
    "destination": DESTINATION,
}
"""What the failure of a stage leaves unknown; a stage not named here leaves all content unknown."""


def hidden_by(degraded: Iterable[str]) -> Inputs:
    """Return what failed stages, each as `stage: why`, leave unknown."""
    hidden = 0
    for stage in degraded:
        hidden |= _HIDES.get(stage.partition(":")[0].strip(), FINDINGS | LLM | UNREAD)
    return hidden


def hidden_in(findings: Iterable[Finding]) -> Inputs:
    """Return what parts that were not read leave unknown: any finding, where text may stand in
    them; the call of a language model, too, where it is the body itself that was not read.
    """
    unread = unread_text(findings)
    if not unread:
        return 0
    return FINDINGS | LLM if any("body" in f.where for f in unread) else FINDINGS
