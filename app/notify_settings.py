"""The setting `notify`: ways to tell people that something needs them, each by a name."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

from core.errors import SettingsError
from core.text import printable

_WEB = frozenset({"webhook", "slack", "teams"})
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
type Encryption = Literal["starttls", "tls", "none"]
type Told = Literal["held", "high-risk", "evidence"]


class NotifyBy(BaseModel):
    """One way. What is secret stands in a file or a variable, never here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Literal["desktop", "mail", "webhook", "slack", "teams", "syslog"]
    about: tuple[Told, ...] = ("held", "high-risk", "evidence")
    """What is told this way."""
    address: str = ""
    """`https://…` of a web hook, `HOST` or `HOST:PORT` of a mail server, `syslog+tls://HOST` of a
    collector; of syslog nothing means this machine's.
    """
    address_file: Path | None = None
    """File with the address, where that is a secret itself."""
    address_env: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    encryption: Encryption = "starttls"
    user: str = ""
    secret_file: Path | None = None
    """File with the password of a mail server, or the key that signs a web hook."""
    secret_env: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "NotifyBy":
        named = bool(self.address or self.address_file or self.address_env)
        if self.to in _WEB | {"mail"} and not named:
            raise ValueError(f"{self.to} needs address, address_file or address_env")
        if self.to == "mail" and not (self.sender and self.recipients):
            raise ValueError("mail needs sender and recipients")
        if self.to == "mail" and any(map(_breaks_a_line, (self.sender, *self.recipients))):
            raise ValueError("an address of mail is one line of text")
        if not self.about:
            raise ValueError("about names held, high-risk or evidence")
        if self.address:
            check_address(self.to, self.address)
        return self


def _breaks_a_line(text: str) -> bool:
    return not text.isprintable() or "@" not in text


def check_address(to: str, address: str) -> None:
    """Raise ValueError where this is no address of such a way; its words never quote it."""
    from exports.outbox.collectors import check_host, read_address

    if to in _WEB:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"the address of {to} begins with https://")
        check_host(parts.hostname)
        if not (address.isascii() and address.isprintable() and " " not in address):
            raise ValueError(f"the address of {to} is one line without spaces")
        _ = parts.port
    elif to == "syslog":
        from exports.notices.system_log import UNANSWERED

        if not read_address(address, UNANSWERED).scheme.startswith("syslog"):
            raise ValueError(
                "the address of syslog begins with syslog+tls://, syslog+tcp:// or syslog+udp://"
            )
    elif to == "mail":
        check_host(mail_place(address, "starttls")[0])


def mail_place(address: str, encryption: Encryption) -> tuple[str, int]:
    """Return host and port of a mail server. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = address, str(_PORTS[encryption])
    if not host.strip("[]").replace(".", "").replace("-", "").replace(":", "").isalnum():
        raise ValueError("the address of mail is HOST or HOST:PORT")
    return host.strip("[]"), int(port)


def address_of(way: NotifyBy, name: str) -> str:
    """Return the address, wherever it stands. Raises SettingsError, which does not quote it."""
    found = way.address or _secret(way.address_file, way.address_env, name, "address")
    try:
        if found:
            check_address(way.to, found)
    except ValueError as error:
        raise SettingsError(
            f"notify.{printable(name, 40)}: {error}.", remedy="See docs/settings.md."
        ) from None
    return found


def secret_of(way: NotifyBy, name: str) -> str:
    """Return the password or key; nothing where none is named. Raises SettingsError."""
    return _secret(way.secret_file, way.secret_env, name, "secret")


def _secret(path: Path | None, variable: str, name: str, what: str) -> str:
    if variable:
        found = os.environ.get(variable, "").strip()
        if not found:
            raise SettingsError(
                f"notify.{printable(name, 40)}: the variable {printable(variable, 60)} is not set.",
                remedy="Set it where the gate starts.",
            )
        return found
    if path is None:
        return ""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise SettingsError(
                f"{path} can be read by others than its owner.", remedy=f"chmod 600 {path}"
            )
        found = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Cannot read {path} ({type(error).__name__}).",
            remedy=f"It holds the {what} on one line.",
        ) from None
    if not found or not found.isprintable():
        raise SettingsError(f"{path} does not hold a {what} on one line.")
    return found
