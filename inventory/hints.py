"""Traces of writing by a language model in a program's comments and texts: hints, never facts
(pure).

They are words that models and their tools leave behind. Their absence says nothing at all.
"""

from collections.abc import Iterator, Sequence

from core.scanned import Hint
from inventory.contents import Piece

_MOST = 5
_LONGEST_LINE = 400
_MADE = tuple(
    "generated written created authored produced refactored drafted erstellt geschrieben "
    "généré".split()
)
_BY = (" by ", " with ", " using ", " from ", " von ", " mit ", " par ", " avec ")
_TOOLS = (
    *(
        "chatgpt gpt-3 gpt-4 gpt-5 copilot claude gemini codex cursor windsurf codeium tabnine"
    ).split(),
    *"aider deepseek codewhisperer grok perplexity llama mistral devin llm".split(),
    *("amazon q", "an ai", "ai assistant", "artificial intelligence", "language model"),
)
_SAYINGS = (
    ("as an ai language model", "speaks as a language model"),
    ("certainly! here", "an answer's opening words"),
    ("sure! here", "an answer's opening words"),
    ("sure, here's", "an answer's opening words"),
    ("here is the updated code", "an answer's opening words"),
    ("here's the updated", "an answer's opening words"),
    ("here is the complete", "an answer's opening words"),
    ("here's a python script", "an answer's opening words"),
    ("i hope this helps", "an answer's closing words"),
    ("let me know if you", "an answer's closing words"),
    ("feel free to adjust", "an answer's closing words"),
    ("rest of your code", "a place left for the reader's own code"),
    ("rest of the code remains", "a place left for the reader's own code"),
    ("existing code ...", "a place left for the reader's own code"),
    ("existing code...", "a place left for the reader's own code"),
    ("your existing code here", "a place left for the reader's own code"),
    ("replace with your actual", "a value left for the reader to fill in"),
    ("replace this with your", "a value left for the reader to fill in"),
    ("my knowledge cutoff", "speaks as a language model"),
)
_FENCES = ("```python", "```py")


def hints_in(pieces: Sequence[Piece]) -> tuple[Hint, ...]:
    """Return what may tell of a model, at most five."""
    found: dict[str, Hint] = {}
    for piece in pieces:
        if piece.is_code and _is_worth_reading(piece.text.lower()):
            for line, words in _of_text(piece.text):
                found.setdefault(words, Hint(words=words, place=piece.place(line)))
                if len(found) >= _MOST:
                    return tuple(found.values())
    return tuple(found.values())


def _is_worth_reading(lower: str) -> bool:
    """False for nearly all programs: none of the words stands anywhere in them."""
    if any(saying in lower for saying, _ in _SAYINGS) or any(f in lower for f in _FENCES):
        return True
    made = "co-authored-by:" in lower or any(word in lower for word in _MADE)
    return made and any(tool in lower for tool in _TOOLS)


def _of_text(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        lower = line[:_LONGEST_LINE].lower()
        tool = _says_made_by(lower)
        if tool is not None:
            yield number, f"says that {tool} made it"
        if lower.lstrip().startswith(_FENCES):
            yield number, "a fence as chats put around code"
        for saying, words in _SAYINGS:
            if saying in lower:
                yield number, words
                break


def _says_made_by(lower: str) -> str | None:
    if "co-authored-by:" in lower:
        rest = lower.partition("co-authored-by:")[2]
        return next((tool for tool in _TOOLS if tool in rest), None)
    is_remark = (
        "#" in lower or '"""' in lower or "'''" in lower or not any(s in lower for s in "=()[]{}")
    )
    if not is_remark:
        return None
    for made in _MADE:
        at = lower.find(made)
        if at < 0:
            continue
        rest = lower[at + len(made) : at + len(made) + 80] + " "
        for by in _BY:
            if by in rest:
                named = rest.partition(by)[2]
                tool = next((t for t in _TOOLS if t in named[:40]), None)
                if tool is not None:
                    return tool
    return None
