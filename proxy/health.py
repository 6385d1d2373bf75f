"""The gate's own health: a few counters, and the answer to a request for the gate itself."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mitmproxy import http

from core.duties import OWNER
from proxy import failures
from proxy.own_ends import OURSELVES
from proxy.parts import Parts

HEALTH_HOST = OURSELVES
"""A request for this host, in the clear through the gate, is answered by the gate."""


STRICT = "durable on the disk before anything leaves"
BESIDE = (
    "durable before a client has its answer; when the gate is killed, records of requests that are"
    " under way can be lost (strict_evidence: true rules that out)"
)
"""When evidence is durable, in words for `status`."""


@dataclass(slots=True, kw_only=True)
class Health:
    """Counters since the start. Holds no payload."""

    parts: Parts
    requests: int = 0
    connections: int = 0
    hook_failures: int = 0
    """Own hooks that failed; each refused its request."""
    strict: bool = False
    """Evidence is durable before anything leaves."""
    refused_certificates: int = 0
    """TLS handshakes that clients ended because they do not trust our certificate."""
    passed_undecrypted: int = 0
    """Connections that an exception of the policy let pass unread."""
    senders: Callable[[], Mapping[str, int]] | None = None
    """Counts of attributions by certainty and method."""

    def failed(self, stage: str, error: BaseException, reference: str | None = None) -> str:
        """Count and log a failure of the gate's own; return the reference to it."""
        self.hook_failures += 1
        return failures.tell(stage, error, reference)

    def answer(self, beside: Mapping[str, Any] | None = None) -> http.Response:
        """Return the health as an HTTP answer, with what was asked for `beside` it."""
        told = json.dumps({**self.values(), **(beside or {})})
        return http.Response.make(200, told.encode(), {"content-type": "application/json"})

    def values(self) -> dict[str, Any]:
        """Return the health as JSON values."""
        failure = (
            self.parts.evidence.failure
            or OWNER.failure
            or getattr(self.parts.policy, "error", None)
        )
        problem = OWNER.unwell if failure is None else failure.for_officer()
        return {
            "outgate": "gate",
            "running": True,
            "healthy": problem is None,
            "problem": problem,
            "trouble": [*OWNER.trouble, *OWNER.unfinished],
            "evidence": STRICT if self.strict else BESIDE,
            "pid": os.getpid(),
            "policy": self.parts.policy.version,
            "contact": self.parts.policy.organisation.contact,
            "requests": self.requests,
            "connections": self.connections,
            "hook_failures": self.hook_failures,
            "refused_certificates": self.refused_certificates,
            "passed_undecrypted": self.passed_undecrypted,
            "runs_missed": sum(getattr(one, "missed", 0) for one in self.parts.collectors),
            "evidence_backlog": self.parts.evidence.backlog,
            "peak_memory_kib": _peak_memory_kib(),
            "attribution": dict(self.senders()) if self.senders is not None else {},
        }


def _peak_memory_kib() -> int | None:
    """Return the largest resident size of this process so far; None where nobody tells."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak
