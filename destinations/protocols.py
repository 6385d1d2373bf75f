"""Services without a host of their own: known at any host by what is spoken there."""

from core.classification import Category
from destinations.service import NEVER, WRITE, Refusal, Service
from destinations.signals import opaque

AGENT = Service("a2a", "Agent2Agent", Category.OTHER, (), NEVER, opaque, Refusal.AS_ASKED)
"""Calls of other agents: neither models nor tool servers, but they carry the same content."""

COLLECTOR = Service(
    "otlp", "OpenTelemetry collector", Category.OBSERVABILITY, (), WRITE, opaque, Refusal.AS_ASKED
)
"""Self-hosted collectors of OpenTelemetry, Langfuse and LangSmith."""

PROTOCOLS: tuple[Service, ...] = (AGENT, COLLECTOR)
