"""What the question before an approval of a script says, and the answer to it: on one machine, and
for all machines of a fleet.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a dialog asks: its heading, what follows from it, its button."""

    title: str
    effect: str
    button: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWords:
    """All that is asked and answered."""

    approve: Question
    unread: Question
    """Of a version that nobody can read."""
    withdraw: Question
    approved: str
    approved_unread: str
    withdrawn: str
    digits: int
    """So many of a version's SHA-256 are told: what is compared with a file elsewhere, all."""


HERE = ApprovalWords(
    approve=Question(
        title="Approve this version?",
        effect="Rules that ask for approved scripts let this very version pass, from now on. A "
        "changed file has to be approved again.",
        button="Approve this version",
    ),
    unread=Question(
        title="Approve this version unread?",
        effect="Nobody can read here what it does. The evidence will say “approved unread”. Rules "
        "that ask for approved scripts let it pass from now on.",
        button="Approve it unread",
    ),
    withdraw=Question(
        title="Take the approval back?",
        effect="Rules that ask for approved scripts stop this version from now on. What passed "
        "already stays passed.",
        button="Take the approval back",
    ),
    approved="Approved.",
    approved_unread="Approved unread.",
    withdrawn="Taken back. This version is stopped from now on.",
    digits=16,
)
_BY_HASH = Question(
    title="Approve this version on all machines?",
    effect="By its hash: no source leaves its machine, so read it there or in your repository "
    "first. Rules that ask for approved scripts let it pass wherever the sender is certain.",
    button="Approve on all machines",
)
ALL_MACHINES = ApprovalWords(
    approve=_BY_HASH,
    unread=_BY_HASH,
    withdraw=Question(
        title="Take the approval back on all machines?",
        effect="Rules that ask for approved scripts stop this version on every machine, also where "
        "it was approved there. What passed already stays passed.",
        button="Take it back on all machines",
    ),
    approved="Approved for all machines: they follow at their next check-in.",
    approved_unread="Approved for all machines: they follow at their next check-in.",
    withdrawn="Taken back for all machines: they follow at their next check-in.",
    digits=64,
)
