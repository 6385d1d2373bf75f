"""Tells the person at this machine's desktop, by the program `notify-send`."""

import html
import os
import shutil
import subprocess
from dataclasses import dataclass

from exports.notices.notice import Notice
from exports.outbox.collectors import NotDeliveredError

_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """Implements `Channel` for a desktop that heeds D-Bus notifications."""

    program: str = "notify-send"

    def tell(self, one: Notice) -> None:
        """Show it. Raises NotDeliveredError."""
        path = shutil.which(self.program)
        if path is None:
            raise NotDeliveredError(
                f"There is no {self.program} here.", remedy="Install libnotify, or use another way."
            )
        # Desktops read a little HTML in the body.
        line = (one.title, html.escape(one.lines(), quote=False))
        command = [path, "--app-name=Outgate", "--urgency=critical", "--", *line]
        try:
            done = subprocess.run(
                command,
                timeout=_SECONDS,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(os.environ),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotDeliveredError(
                f"The desktop did not take it: {type(error).__name__}."
            ) from None
        if done.returncode:
            raise NotDeliveredError(
                "The desktop did not take it.",
                remedy="A service has no desktop: use mail or a web hook there.",
            )
