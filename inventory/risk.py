"""How urgently a person should look at a script: reasons with weights, each a sentence; their sum
is the order (pure).
"""

from collections.abc import Iterator

from core.classification import Category
from core.findings import Confidence
from core.scanned import Grade, OwnerState, Reason, ScannedScript
from core.vocabulary.findings import named
from core.vocabulary.sizes import counted

_MOST_EACH = 40
_STORES = frozenset(
    {
        Category.CLOUD_STORAGE.value,
        Category.PASTE.value,
        Category.MESSAGING.value,
        Category.WEBHOOK.value,
    }
)


def reasons_for(script: ScannedScript) -> tuple[Reason, ...]:
    """Return what speaks for a look at this script, the weightiest first."""
    found = [
        *_packages(script),
        *_secrets(script),
        *_flaws(script),
        *_data(script),
        *_answerable(script),
    ]
    return tuple(sorted(found, key=lambda reason: -reason.points))


def _packages(script: ScannedScript) -> Iterator[Reason]:
    bad = sorted({p.distribution for p in script.packages_at_risk if p.malicious})
    if bad:
        yield Reason(words=f"uses a package known to be malicious: {', '.join(bad[:3])}", points=60)
    weak = sorted({p.distribution for p in script.packages_at_risk if not p.malicious})
    if weak:
        yield Reason(
            words=f"uses {counted(len(weak), 'package')} with known holes: {', '.join(weak[:3])}",
            points=min(_MOST_EACH, 10 + 5 * len(weak)),
        )


def _secrets(script: ScannedScript) -> Iterator[Reason]:
    real = [secret for secret in script.secrets if not secret.test_data]
    sure = [secret for secret in real if secret.confidence is not Confidence.POSSIBLE]
    if sure:
        held = counted(len(sure), "hard-coded password or key", "hard-coded passwords or keys")
        yield Reason(
            words=f"holds {held}",
            points=min(_MOST_EACH, 25 + 5 * len(sure)),
        )
    elif real:
        yield Reason(words="holds what may be a password or key", points=5)


def _flaws(script: ScannedScript) -> Iterator[Reason]:
    grave = {flaw.words for flaw in script.flaws if flaw.grade is Grade.GRAVE}
    other = {flaw.words for flaw in script.flaws if flaw.grade is Grade.MODERATE}
    if grave:
        told = "; ".join(sorted(grave)[:3])
        yield Reason(words=told, points=min(_MOST_EACH, 10 + 5 * len(grave)))
    if other:
        told = "; ".join(sorted(other)[:3])
        yield Reason(words=told, points=min(10, 2 + 2 * len(other)))


def _data(script: ScannedScript) -> Iterator[Reason]:
    if script.personal:
        kinds = named(data.kind for data in script.personal)
        count = sum(data.count for data in script.personal)
        yield Reason(words=f"spells out personal data: {kinds}", points=min(25, 8 + count))
    models = sorted({s.name for s in script.services if s.category == Category.LLM.value})
    if models:
        yield Reason(words=f"calls a language model: {', '.join(models[:3])}", points=10)
    stores = sorted({s.name for s in script.services if s.category in _STORES})
    if stores:
        yield Reason(words=f"can send data to {', '.join(stores[:3])}", points=8)
    if (models or stores) and script.personal:
        yield Reason(words="personal data and a way out stand in one script", points=15)


def _answerable(script: ScannedScript) -> Iterator[Reason]:
    gone = script.owner.state in {OwnerState.GONE, OwnerState.DISABLED}
    if gone:
        yield Reason(words=f"nobody answers for it: {script.owner.why}", points=15)
    if script.started_by:
        kinds = ", ".join(sorted({entry.kind for entry in script.started_by}))
        yield Reason(words=f"runs by itself ({kinds})", points=15 if gone else 5)
    if script.seen_running:
        yield Reason(words="was seen sending", points=5)
    if not script.readable:
        yield Reason(words=f"could not be read: {script.why_unread}", points=5)
    if script.git is not None and script.git.get("file") in {"modified", "untracked"}:
        yield Reason(words="stands in no commit as it is", points=2)
