"""What entries of language model providers share."""

from core.classification import Category
from destinations.service import Keys, Llm, LlmKind, Refusal, Service, Site
from destinations.signals import Reader, opaque

UPLOAD = r"(?:POST|PUT|PATCH) .*/(?:files|uploads|vector_stores|knowledge|cachedContents)"
"""Requests that store files with a provider, whatever its dialect."""
OPENAI_PATHS = (
    r"/(?:[\w.-]+/)*(?:chat/completions|completions|embeddings|responses|messages|models)\b"
)
"""Paths of the OpenAI dialect, for hosts that also serve other things."""


def api(
    service_id: str,
    name: str,
    sites: tuple[Site, ...],
    refusal: Refusal,
    prices: str | None = None,
    *,
    account: Reader = opaque,
    kind: LlmKind = LlmKind.API,
    keys: Keys = Keys(),  # noqa: B008 - a frozen value
    family: str | None = None,
    organisation_headers: tuple[str, ...] = (),
    project_headers: tuple[str, ...] = (),
) -> Service:
    """Return the entry of a provider called with a key; `prices` is its id in genai-prices."""
    return Service(
        service_id,
        name,
        Category.LLM,
        sites,
        UPLOAD,
        account,
        refusal,
        family=family,
        keys=keys,
        organisation_headers=organisation_headers,
        project_headers=project_headers,
        llm=Llm(kind=kind, prices=prices),
    )
