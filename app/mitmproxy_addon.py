"""Outgate inside someone's own mitmproxy: `mitmdump -s app/mitmproxy_addon.py` (see docs/addon.md).

mitmproxy's own authority, addons and listeners stay; Outgate's hooks attribute, classify, decide
and record.
"""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.home import open_home
from app.settings import load_settings
from app.wiring import attributor_of, classifier_of, engine_setup, evidence_of, policy_of, pool_of
from proxy.standalone import StandaloneAddon, fixed_options


class OutgateAddon(StandaloneAddon):
    """Builds Outgate's parts when mitmproxy has started, and closes them when it ends."""

    def load(self, loader: Any) -> None:
        """Set the options without which a decision would come too late."""
        fixed_options()

    async def running(self) -> None:
        """Build the parts and begin to inspect."""
        home = open_home()
        settings = load_settings(home.settings)
        policy = policy_of(home, None)
        self._evidence = evidence_of(home, settings)
        setup = engine_setup(home, policy, names=settings.names_in_prose)
        self._pool = pool_of(setup, settings)
        self._attributor = attributor_of(home, settings)
        self.begin(
            attributor=self._attributor,
            classifier=classifier_of(setup),
            pool=self._pool,
            counter=self._pool,
            redaction=self._pool,
            policy=policy,
            evidence=self._evidence.writer,
        )

    async def done(self) -> None:
        """Write what is left and stop the workers."""
        with contextlib.suppress(AttributeError):  # mitmproxy ended before it was running
            await self._pool.close()
            self._attributor.close()
            await asyncio.to_thread(self._evidence.writer.stop)


addons = [OutgateAddon()]
