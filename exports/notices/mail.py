"""Tells people by mail, over SMTP."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from exports.notices.notice import Notice, PartlyDeliveredError
from exports.outbox.collectors import TIMEOUT_S, NotDeliveredError


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Implements `Channel` over one mail server."""

    host: str
    port: int
    encryption: str
    """`starttls`, `tls` or `none`."""
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None
    """PEM file of a private authority that the server may be verified with."""

    def tell(self, one: Notice) -> None:
        """Send it. What the server has taken stays taken, however it says goodbye. Raises
        NotDeliveredError, PartlyDeliveredError.
        """
        try:
            server = self._connected()
            try:
                if self.user:
                    server.login(self.user, self.password)
                refused = server.send_message(self._message(one))
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()
            finally:
                server.close()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # The words of a server may quote what it was sent.
            raise NotDeliveredError(
                f"The mail server did not take it: {type(error).__name__}.",
                remedy="Check its address, its encryption, user and password.",
            ) from None
        if refused:
            raise PartlyDeliveredError(
                f"The mail server refused {len(refused)} of the recipients; the others have it."
            )

    def _connected(self) -> smtplib.SMTP:
        if self.encryption == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=self._tls())
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        if self.encryption == "starttls":
            try:
                server.starttls(context=self._tls())
            except BaseException:
                server.close()
                raise
        return server

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.authority is not None:
            context.load_verify_locations(self.authority)
        return context

    def _message(self, one: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"Outgate: {one.title}"
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        message["Message-ID"] = f"<{one.id}@outgate.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(one.lines() + "\n")
        return message
