"""Places in the heads of forms and mails that are no content: each function puts a text there."""

import base64
from collections.abc import Callable, Mapping

from made_up_traffic import exchange

from core.exchange import Exchange

type Place = Callable[[str], Exchange]


def form(
    *, front: str = "", behind: str = "", mark: str = "b0undary", head: str = "", says: str = ""
) -> Exchange:
    """A form of one field."""
    says = says or 'form-data; name="note"'
    part = f"--{mark}\r\nContent-Disposition: {says}\r\n{head}\r\nhello\r\n"
    body = f"{front}{part}--{mark}--\r\n{behind}"
    return exchange(body.encode(), f"multipart/form-data; boundary={mark}")


def mail(
    *, head: str = "", front: str = "", behind: str = "", part: str = "", mark: str = "BOUND"
) -> Exchange:
    """A mail with one part."""
    part = part or "Content-Type: text/plain\r\n"
    text = (
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: hi\r\nMIME-Version: 1.0\r\n"
        f'{head}Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n{front}\r\n'
        f"--{mark}\r\n{part}\r\nhello\r\n--{mark}--\r\n{behind}"
    )
    return exchange(text.encode(), "message/rfc822")


def word(text: str, how: str = "B") -> str:
    """An encoded word of mail headers."""
    quoted = "".join(f"={byte:02X}" for byte in text.encode())
    return f"=?utf-8?{how}?{base64.b64encode(text.encode()).decode() if how == 'B' else quoted}?="


def percent(text: str) -> str:
    """Each letter by its number."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def halves(text: str, name: str = "filename") -> str:
    """A parameter in two numbered pieces."""
    half = len(text) // 2
    return f'{name}*0="{text[:half]}"; {name}*1="{text[half:]}"'


def forwarded(text: str) -> str:
    """A part that is a mail of its own."""
    return (
        "Content-Type: message/rfc822\r\n\r\n"
        f"From: x@y.example\r\nSubject: {text}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    )


def mailbox(text: str) -> Exchange:
    """A mailbox whose first line says more than an address."""
    return exchange(
        f"From {text} Mon Jan 1\nFrom: a@b.example\nTo: c@d.example\nMIME-Version: 1.0\n\nhi\n",
        "application/mbox",
    )


_NAMED = 'form-data; name="f"; '
_FILE = "Content-Disposition: attachment; "
PLACES: Mapping[str, Place] = {
    "form: in front of the parts": lambda t: form(front=f"{t}\r\n"),
    "form: behind the parts": lambda t: form(behind=t),
    "form: boundary": lambda t: form(mark=t),
    "form: header": lambda t: form(head=f"X-Note: {t}\r\n"),
    "form: header, twice": lambda t: form(head=f"X-Note: {t}\r\nX-Note: a\r\n"),
    "form: header, folded": lambda t: form(head=f"X-Note:\r\n {t}\r\n"),
    "form: header, encoded": lambda t: form(head=f"Content-Description: {word(t)}\r\n"),
    "form: name of a header": lambda t: form(head=f"X-{t}: a\r\n"),
    "form: line that is no header": lambda t: form(head=f"{t}\r\n"),
    "form: field": lambda t: form(says=f'form-data; name="{t}"'),
    "form: field, encoded": lambda t: form(says=f'form-data; name="{word(t)}"'),
    "form: parameter": lambda t: form(says=f'{_NAMED}note="{t}"'),
    "form: disposition": lambda t: form(says=f'{t}; name="f"'),
    "form: behind the parameters": lambda t: form(says=f'form-data; name="f" {t}'),
    "form: file": lambda t: form(says=f'{_NAMED}filename="{t}.txt"'),
    "form: file, encoded": lambda t: form(says=f'{_NAMED}filename="{word(t)}"'),
    "form: file, quoted": lambda t: form(says=f'{_NAMED}filename="{word(t, "Q")}"'),
    "form: file, percent": lambda t: form(says=f'{_NAMED}filename="{percent(t)}.txt"'),
    "form: file, extended": lambda t: form(says=f"{_NAMED}filename*=utf-8''{percent(t)}"),
    "form: file, in pieces": lambda t: form(says=_NAMED + halves(t)),
    "form: file, two names": lambda t: form(says=f"{_NAMED}filename=a; filename*=utf-8''{t}.txt"),
    "form: type": lambda t: form(head=f"Content-Type: {t}/x\r\n"),
    "form: parameter of a type": lambda t: form(head=f"Content-Type: text/plain; note={t}\r\n"),
    "form: charset": lambda t: form(head=f"Content-Type: text/plain; charset={t}\r\n"),
    "form: transfer encoding": lambda t: form(head=f"Content-Transfer-Encoding: 8bit ({t})\r\n"),
    "form: length": lambda t: form(head=f"Content-Length: {t}\r\n"),
    "mail: in front of the parts": lambda t: mail(front=t),
    "mail: behind the parts": lambda t: mail(behind=t),
    "mail: boundary": lambda t: mail(mark=t),
    "mail: header": lambda t: mail(head=f"X-Note: {word(t)}\r\n"),
    "mail: name of a header": lambda t: mail(head=f"X-{t}: a\r\n"),
    "mail: signature": lambda t: mail(head=f"DKIM-Signature: {t}\r\n"),
    "mail: comment on a date": lambda t: mail(
        head=f"Date: Mon, 1 Jan 2026 00:00:00 +0000 ({t})\r\n"
    ),
    "mail: line of a header": lambda t: mail(head=f" {t}\r\n"),
    "mail: header of a part": lambda t: mail(part=f"X-Note: {t}\r\n"),
    "mail: name in a type": lambda t: mail(part=f'Content-Type: text/plain; name="{t}"\r\n'),
    "mail: file": lambda t: mail(part=f'{_FILE}filename="{word(t)}"\r\n'),
    "mail: file, in pieces": lambda t: mail(part=f"{_FILE}{halves(t)}\r\n"),
    "mail: transfer encoding": lambda t: mail(part=f"Content-Transfer-Encoding: {t}\r\n"),
    "mail: subject of a forwarded one": lambda t: mail(part=forwarded(t)),
    "mail: first line of a mailbox": mailbox,
}
