"""A mail server on loopback: takes messages, with a password where one is asked for."""

import base64
import socket
import threading
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BufferedRWPair


class MailServer:
    """Speaks as much SMTP as a client needs that sends one message a connection."""

    def __init__(
        self, password: str = "", refuses: str = "", goodbye: str | None = "221 bye"
    ) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self._password, self._refuses, self._goodbye = password, refuses, goodbye
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(20)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError), connection.makefile("rwb") as file:
                self._talk(file)

    def _talk(self, file: BufferedRWPair) -> None:
        def say(text: str) -> None:
            file.write(text.encode() + b"\r\n")
            file.flush()

        say("220 mail.example")
        while line := file.readline().strip().decode():
            word = line.split()[0].upper()
            if word in {"EHLO", "HELO"}:
                say("250-mail.example\r\n250 AUTH PLAIN" if self._password else "250 mail.example")
            elif word == "AUTH":
                given = base64.b64decode(line.split()[-1]).split(b"\0")[-1].decode()
                say("235 yes" if given == self._password else "535 no, not with " + given)
            elif word == "RCPT":
                refused = bool(self._refuses) and self._refuses in line
                self.recipients += [] if refused else [line.split(":", 1)[1].strip("<> ")]
                say("550 nobody" if refused else "250 yes")
            elif word == "DATA":
                say("354 go on")
                self._take(file)
                say("250 taken")
            elif word == "QUIT":
                if self._goodbye is not None:
                    say(self._goodbye)
                return
            else:
                say("250 yes")

    def _take(self, file: BufferedRWPair) -> None:
        text = b""
        while (line := file.readline()) != b".\r\n":
            text += line
        message = message_from_bytes(text, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
