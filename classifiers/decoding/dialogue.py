"""Answers in a conversation: a short message is what the question before it asks for."""

from classifiers.decoding.decode_state import Reading
from classifiers.payload import Path, Segment
from classifiers.personal.tables.keyed import is_placeholder
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.confirming import confirms, is_short_value

_MOST = 2_000
_LONGEST_ANSWER, _LONGEST_QUESTION = 120, 400
_LAST_WORDS = 8
_SPEAKS = frozenset(
    "messages contents input turns conversation history dialog dialogue prompt".split()
)
_CONSENTS_TEXT = """
yes no ok okay sure please thanks maybe ja nein bitte gerne oui non merci si sí não nao sim tak nie
nee doe per claro certo vale i do don't not none nothing correct right exactly
"""
_CONSENTS = frozenset(_CONSENTS_TEXT.split())
"""First words of answers that tell nothing of what was asked."""
_ENDS = ("?", ":", "…", "？")


def name_answers(reading: Reading, root: object, first: int) -> None:
    """Give the answers among the segments from the first on the name of what was asked for."""
    segments = reading.payload.segments
    if not isinstance(root, dict) or _SPEAKS.isdisjoint(root) or not _asks(segments, first):
        return
    asked: Segment | None = None
    for at in range(first, len(segments)):
        segment = segments[at]
        text = segment.text.strip()
        if (
            asked is not None
            and len(text) <= _LONGEST_ANSWER
            and _follows(asked.path, segment.path)
        ):
            label = _label(asked.text)
            if label and _answers(label, text):
                segments[at] = segment._replace(key=label)
        if len(text) <= len(_ENDS):
            continue
        asks = text.endswith(_ENDS)
        if (asks or asked is not None) and _turn(segment.path) is not None:
            asked = segment if asks else None


def _asks(segments: list[Segment], first: int) -> bool:
    """Return whether any text from the first on ends as a question does, of so many as are read."""
    if len(segments) > _MOST:
        return False
    return True in [segment[0].rstrip().endswith(_ENDS) for segment in segments[first:]]


def _turn(path: Path) -> int | None:
    """Return where the number of the message stands in a path that holds one."""
    return next((at for at, part in enumerate(path) if isinstance(part, int)), None)


def _follows(asked: Path, answer: Path) -> bool:
    at = _turn(asked)
    if at is None or at != _turn(answer) or asked[:at] != answer[:at]:
        return False
    return int(answer[at]) - int(asked[at]) == 1


def _label(question: str) -> str | None:
    """Return the words of a question that say what it asks for."""
    words = question[-_LONGEST_QUESTION:].strip().rstrip("?:… ？").replace("\n", " . ").split()
    label = " ".join(words[-_LAST_WORDS:])
    return label if is_telling(label) else None


def _answers(label: str, text: str) -> bool:
    if text.split()[0].strip(",.!").casefold() in _CONSENTS:
        return False
    return not is_placeholder(text) and confirms(label, [text]) and is_short_value(label, text)
