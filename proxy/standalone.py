"""Our hooks inside someone else's mitmproxy, whose options and other addons are theirs."""

import asyncio
from collections.abc import Awaitable

from mitmproxy import ctx, http, tls
from mitmproxy.connection import Client

from core.ports import (
    Attributor,
    Classifier,
    ClassifierPool,
    EvidenceWriter,
    Policy,
    RedactionPool,
    TokenCounter,
)
from proxy import refusals
from proxy.addon import GateAddon
from proxy.connect_to import Routes
from proxy.health import Health
from proxy.inspection import Inspection
from proxy.mitmproxy_patches.applied import everywhere
from proxy.parts import Limits, Parts
from proxy.upstreams import Upstreams


def fixed_options() -> None:
    """Connect to servers late: nothing may touch a destination before a decision."""
    everywhere()
    ctx.options.update(connection_strategy="lazy")


class StandaloneAddon(GateAddon):
    """Refuses everything until `begin` has been called."""

    def __init__(self) -> None:
        self._begun = False

    def begin(
        self,
        *,
        attributor: Attributor,
        classifier: Classifier,
        pool: ClassifierPool,
        policy: Policy,
        evidence: EvidenceWriter,
        counter: TokenCounter | None = None,
        redaction: RedactionPool | None = None,
    ) -> None:
        """Inspect with these parts from now on; bodies are held whole, however large."""
        parts = Parts(
            attributor=attributor,
            classifier=classifier,
            pool=pool,
            policy=policy,
            evidence=evidence,
            counter=counter,
            redaction=redaction,
        )
        loop, health = asyncio.get_running_loop(), Health(parts=parts)
        inspection = Inspection(parts, Limits(), loop, health)
        super().__init__(inspection, Upstreams(Routes(), None, policy))
        self._begun = True

    async def client_connected(self, client: Client) -> None:
        """Attribute once the parts are there."""
        if self._begun:
            await super().client_connected(client)

    async def client_disconnected(self, client: Client) -> None:
        """Forget what was attributed."""
        if self._begun:
            await super().client_disconnected(client)

    async def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Let nothing pass undecrypted before the parts are there."""
        if self._begun:
            await super().tls_clienthello(data)

    def requestheaders(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Refuse what comes before the parts are there."""
        if self._begun:
            return super().requestheaders(flow)
        flow.response = refusals.presumed()
        return None
