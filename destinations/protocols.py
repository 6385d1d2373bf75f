"""Services without a host of their own: known at any host by what is spoken there."""

from core.classification import Category
from destinations.service import NEVER, WRITE, Refusal, Service
from destinations.signals import opaque

AGENT = Service("a2a", "Agent2Agent", Category.LLM, (), NEVER, opaque, Refusal.AS_ASKED)
"""Calls of other agents: behind them stands a model, and they carry what models are told."""

COLLECTOR = Service(
    "otlp", "OpenTelemetry collector", Category.OBSERVABILITY, (), WRITE, opaque, Refusal.AS_ASKED
)
"""Self-hosted collectors of OpenTelemetry, Langfuse and LangSmith."""

PROTOCOLS: tuple[Service, ...] = (AGENT, COLLECTOR)
