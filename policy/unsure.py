"""What of a situation nobody could tell though no stage failed, in words (pure)."""

from core.attribution import Certainty
from core.situation import Situation
from core.vocabulary.unread import unread_text
from destinations.networks import is_placed
from policy.inputs import (
    ADVISORIES,
    COUNTRY,
    DESTINATION,
    FILES,
    FINDINGS,
    HABITS,
    LLM,
    NETWORK,
    PACKAGES,
    PAST,
    PEERS,
    RESOURCES,
    SCRIPT,
    WHOLE_DAY,
    WHOLE_HOUR,
    Inputs,
    hidden_by,
    hidden_in,
)


def missing_in(s: Situation, asked: Inputs) -> Inputs:
    """Return what is not known of a situation, of what rules that look at `asked` would miss."""
    hidden = hidden_by(s.degraded) if s.degraded else 0
    # A past that no rule asks for is missed by nobody.
    hidden &= ~PAST | asked
    if s.findings:
        hidden |= hidden_in(s.findings)
    if s.destination.other_names:
        # Each of its names is judged by itself: what it means is known.
        hidden &= ~DESTINATION
    if asked & COUNTRY and s.destination.country is None:
        hidden |= COUNTRY
    if asked & NETWORK and not is_placed(s.destination.host, s.destination.address):
        hidden |= NETWORK
    if not (s.files_are_all or s.headers_only):
        hidden |= asked & FILES
    if s.sender.certainty is Certainty.LIKELY:
        hidden |= SCRIPT
    hidden |= (unsure_of_script(s) | unsure_of_sums(s)) & asked
    return hidden | unsure_of_peers(s)


def unsure_of_packages(s: Situation) -> Inputs:
    """Return what of its packages nobody knows."""
    if s.history.packages is None:
        return PACKAGES | ADVISORIES
    return 0 if s.history.advised else ADVISORIES


def unsure_of_habits(s: Situation) -> Inputs:
    """What a script does as a rule is not known while it is learnt."""
    habits = s.history.habits
    return HABITS if habits is None or habits.learning is not None else 0


def unsure_of_resources(s: Situation) -> Inputs:
    """What a process uses is known while it lives."""
    known = s.history.cpu_seconds is not None and s.history.memory_bytes is not None
    return 0 if known else RESOURCES


def unsure_of_sums(s: Situation) -> Inputs:
    """Return of which time before nobody counted all that had gone out."""
    volume = s.volume
    return (0 if volume.hour_exact else WHOLE_HOUR) | (0 if volume.day_exact else WHOLE_DAY)


def unsure_of_script(s: Situation) -> Inputs:
    """Return what nobody knows of its packages, its habits, and what its process uses."""
    return unsure_of_packages(s) | unsure_of_habits(s) | unsure_of_resources(s)


def unsure_of_peers(s: Situation) -> Inputs:
    """For whom it sends is known when it sends for nobody else, or when all who were seen are
    certain.
    """
    peers = s.sender.on_behalf
    if peers is None or (peers and all(p.certainty is Certainty.EXACT for p in peers)):
        return 0
    return PEERS


def _habits_in_words(s: Situation) -> str:
    habits = s.history.habits
    return f"its habits: {habits.learning}" if habits and habits.learning else "its habits"


def untold(inputs: Inputs, s: Situation) -> str:
    """Return what a rule with these inputs looks at that nobody could tell."""
    if inputs & (FINDINGS | LLM) and unread_text(s.findings):
        return "part of it could not be read"
    if inputs & SCRIPT and s.sender.certainty is Certainty.LIKELY:
        return "which script sent it"
    if inputs & unsure_of_packages(s):
        return "what it is made of" if s.history.packages is None else "advisories on its packages"
    if inputs & unsure_of_habits(s):
        return _habits_in_words(s)
    if inputs & unsure_of_resources(s):
        return "what its process uses"
    if inputs & unsure_of_sums(s):
        return "how much it had sent there before"
    if inputs & FILES and not s.files_are_all:
        return "which files it holds"
    if inputs & unsure_of_peers(s):
        return "for whom it was sent"
    return "country" if inputs & COUNTRY else "address"
