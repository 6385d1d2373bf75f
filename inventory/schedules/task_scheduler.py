"""Tasks of the Windows Task Scheduler: XML, in the system's folder without an
ending, or exported.
"""

from collections.abc import Iterator
from xml.etree import ElementTree

from core.scanned import StartedBy
from inventory.commands import of_words

_SPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_NAMED = {"t": _SPACE}
_MARK = "windows/2004/02/mit/task"


class _TaskScheduler:
    kind = "Task Scheduler"
    endings: tuple[str, ...] = (".xml",)
    folders: tuple[str, ...] = ("System32/Tasks", "System32\\Tasks")

    def wants(self, folder: str, name: str) -> bool:
        return name.endswith(".xml") or "System32/Tasks" in folder.replace("\\", "/")

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        task = _task(text)
        if task is None:
            return
        account = _text(task, "t:Principals/t:Principal/t:UserId") or _text(
            task, "t:Principals/t:Principal/t:GroupId"
        )
        for action in task.iterfind("t:Actions/t:Exec", _NAMED):
            command, arguments = _text(action, "t:Command"), _text(action, "t:Arguments")
            folder = _text(action, "t:WorkingDirectory") or None
            words = [command.strip('"'), *_split(arguments)]
            for started in of_words(words, folder):
                yield StartedBy(
                    kind=self.kind,
                    file=path,
                    when=_when(task),
                    account=account or None,
                    target=started.target,
                    interpreter=started.interpreter,
                    folder=started.folder,
                    enabled=_text(task, "t:Settings/t:Enabled").lower() != "false",
                )


def _task(text: str) -> ElementTree.Element | None:
    """Return the task; None for other XML. What declares entities is refused unread."""
    if _MARK not in text[:4096] or "<!" in text:
        return None
    body = text[text.find("<Task") :]
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - holds no declaration, see above
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path, "", _NAMED) or "").strip()


def _split(arguments: str) -> list[str]:
    """Split as Windows does for plain cases: quotes hold words together, backslashes are
    themselves.
    """
    words, word, quoted, begun = [], "", False, False
    for sign in arguments:
        if sign == '"':
            quoted, begun = not quoted, True
        elif sign.isspace() and not quoted:
            if word or begun:
                words.append(word)
            word, begun = "", False
        else:
            word += sign
    return [*words, word] if word or begun else words


def _when(task: ElementTree.Element) -> str:
    triggers = task.find("t:Triggers", _NAMED)
    told = []
    for trigger in triggers if triggers is not None else ():
        name = trigger.tag.rpartition("}")[2].removesuffix("Trigger")
        start = _text(trigger, "t:StartBoundary")[:16].replace("T", " ")
        every = next(
            (
                e.tag.rpartition("}")[2].removeprefix("ScheduleBy")
                for e in trigger
                if "ScheduleBy" in e.tag
            ),
            name,
        )
        again = _text(trigger, "t:Repetition/t:Interval")
        told.append(
            " ".join(
                part for part in (every.lower(), f"from {start}" if start else "", again) if part
            )
        )
    return ", ".join(told) or "when asked for"


READER = _TaskScheduler()
