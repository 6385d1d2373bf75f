"""Where logs, traces and figures are sent on, those of prompts and answers of models among them."""

from core.classification import Category
from destinations.service import WRITE, Keys, Refusal, Service, at
from destinations.signals import opaque


def _collector(
    service_id: str,
    name: str,
    *hosts: str,
    aliases: tuple[str, ...] = (),
    keys: Keys = Keys(),  # noqa: B008 - a frozen value
) -> Service:
    return Service(
        service_id,
        name,
        Category.OBSERVABILITY,
        at(*hosts),
        WRITE,
        opaque,
        Refusal.AS_ASKED,
        aliases=aliases,
        keys=keys,
    )


_ANYWHERE = Keys(anywhere=True)
_NEW_RELIC = Keys(domains=("newrelic.com", "nr-data.net"))
_DATADOG = Keys(headers=("dd-api-key", "dd-application-key"))
_HONEYCOMB = Keys(headers=("x-honeycomb-team",))
_POSTHOG = ("*.i.posthog.com", "app.posthog.com", "us.posthog.com", "eu.posthog.com")

TELEMETRY: tuple[Service, ...] = (
    _collector("sentry", "Sentry", "sentry.io", "*.sentry.io", keys=_ANYWHERE),
    _collector(
        "datadog",
        "Datadog",
        "*.datadoghq.com",
        "*.datadoghq.eu",
        "*.ddog-gov.com",
        keys=_DATADOG,
    ),
    _collector("posthog", "PostHog", *_POSTHOG, keys=_ANYWHERE),
    _collector(
        "honeycomb", "Honeycomb", "api.honeycomb.io", "api.eu1.honeycomb.io", keys=_HONEYCOMB
    ),
    _collector(
        "newrelic",
        "New Relic",
        "*.newrelic.com",
        "*.nr-data.net",
        aliases=("new-relic",),
        keys=_NEW_RELIC,
    ),
    _collector(
        "grafana-cloud", "Grafana Cloud", "*.grafana.net", aliases=("grafana",), keys=_ANYWHERE
    ),
    _collector("splunk-cloud", "Splunk Cloud", "*.splunkcloud.com", "*.signalfx.com"),
    _collector("logz", "Logz.io", "*.logz.io"),
    _collector("better-stack", "Better Stack", "in.logs.betterstack.com", "*.betterstackdata.com"),
    _collector("mixpanel", "Mixpanel", "api.mixpanel.com"),
    _collector("segment", "Segment", "api.segment.io"),
    _collector("wandb", "Weights & Biases", "api.wandb.ai"),
    _collector("statsig", "Statsig", "statsigapi.net", "*.statsigapi.net"),
    _collector("google-analytics", "Google Analytics", "www.google-analytics.com"),
    _collector("amplitude", "Amplitude", "api2.amplitude.com", "api.amplitude.com"),
    _collector("scarf", "Scarf", "*.scarf.sh"),
    _collector("rollbar", "Rollbar", "api.rollbar.com"),
    _collector("bugsnag", "BugSnag", "notify.bugsnag.com"),
)

_LANGFUSE = Keys(domains=("langfuse.com",))
_LANGSMITH = Keys(domains=("langchain.com",))
_LOGFIRE = (
    "logfire-us.pydantic.dev",
    "logfire-eu.pydantic.dev",
    "logfire-api.pydantic.dev",
)
_TRACELOOP = ("api.traceloop.com", "api-staging.traceloop.com", "api.traceloop.dev")

PROMPT_TRACES: tuple[Service, ...] = (
    _collector(
        "langfuse", "Langfuse", "cloud.langfuse.com", "*.cloud.langfuse.com", keys=_LANGFUSE
    ),
    _collector(
        "langsmith",
        "LangSmith",
        "api.smith.langchain.com",
        "*.api.smith.langchain.com",
        keys=_LANGSMITH,
    ),
    _collector("traceloop", "Traceloop", *_TRACELOOP),
    _collector("braintrust", "Braintrust", "api.braintrust.dev"),
    _collector("honeyhive", "HoneyHive", "api.honeyhive.ai"),
    _collector("arize", "Arize", "app.phoenix.arize.com", "otlp.arize.com", "*.arize.com"),
    _collector("logfire", "Pydantic Logfire", *_LOGFIRE),
    _collector("agentops", "AgentOps", "api.agentops.ai", "otlp.agentops.ai"),
    _collector("weave", "W&B Weave", "trace.wandb.ai"),
    _collector(
        "datadog-llm",
        "Datadog LLM Observability",
        "llmobs-intake.datadoghq.com",
        "*.llmobs-intake.datadoghq.com",
    ),
    _collector("crewai-telemetry", "CrewAI telemetry", "telemetry.crewai.com"),
    _collector("helicone-log", "Helicone logging", "api.helicone.ai", "us.api.helicone.ai"),
    _collector("comet-opik", "Comet Opik", "api.comet.com", "www.comet.com"),
    _collector("agno-telemetry", "Agno telemetry", "os-api.agno.com", "api.agno.com"),
    _collector("parea", "Parea AI", "api.parea.ai"),
    _collector("galileo", "Galileo", "api.galileo.ai"),
    _collector("literal", "Literal AI", "api.literalai.com", "cloud.getliteral.ai"),
    _collector("trulens", "TruLens", "cloud.trulens.org"),
    _collector("langwatch", "LangWatch", "api.langwatch.ai", "app.langwatch.ai"),
    _collector("promptlayer", "PromptLayer", "api.promptlayer.com"),
    _collector("lunary", "Lunary", "app.lunary.ai", "api.lunary.ai"),
)
