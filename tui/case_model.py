"""What is known of the call to a language model that a request was: a section of a case. Pure."""

from core.classification import CostBasis, Destination, LlmCall, TokensBasis
from core.vocabulary.sizes import counted, joined, number
from tui.case_account import account_told
from tui.rows import Row, Section, known, maybe
from tui.wording import safe, service_name


def model_section(llm: LlmCall | None, place: Destination, *, went: bool) -> Section:
    """Return the call, its tokens and its cost; no rows where it was none. `went`: it left."""
    if llm is None:
        return Section("Language model", ())
    tools = [safe(tool, 100) for tool in llm.tools[:8]]
    model = f"{safe(llm.model or 'not named', 200)} · {safe(llm.operation, 60)}"
    files = counted(len(llm.attachments), "file") if llm.attachments else None
    return Section(
        "Language model",
        known(
            Row("Provider", _provider(llm, place)),
            Row("Model", model),
            Row("Tokens", _tokens(llm, went=went)),
            Row("Cost", _cost(llm, went=went)),
            Row("Account", account_told(place.account)),
            maybe("Project", _project(llm)),
            maybe("Answer", None if llm.response_id is None else safe(llm.response_id, 200)),
            maybe("Tier", None if llm.tier is None else safe(llm.tier, 40)),
            Row("Tools", joined(tools)) if tools else None,
            maybe("Attached", files),
            maybe("Key", _key(llm), "quiet"),
        ),
    )


def _provider(llm: LlmCall, place: Destination) -> str:
    name = service_name(place.service, place.host)
    if llm.provider is None:
        return f"{name}: a model's interface, of no provider that is known"
    theirs = service_name(llm.provider, place.host)
    return name if theirs == name else f"{theirs}, at {name}"


def _project(llm: LlmCall) -> str | None:
    named = [name for name in (llm.organisation, llm.project) if name]
    return ", ".join(named) or None


def _key(llm: LlmCall) -> str | None:
    told = [word for word in (llm.key_fingerprint, llm.key_class) if word]
    return ", ".join(told) or None


def _tokens(llm: LlmCall, *, went: bool) -> str:
    sides = ((llm.input_tokens, "in"), (llm.output_tokens, "out"))
    if llm.tokens_basis is TokensBasis.COUNTED:
        return _COUNTED
    told = ", ".join(f"{number(tokens)} {side}" for tokens, side in sides if tokens is not None)
    if not told or llm.tokens_basis is not TokensBasis.ESTIMATED:
        return told or (_NOT_KNOWN if went else _NONE_LEFT)
    band = f" {safe(llm.tokens_band, 20)}" if llm.tokens_band else ""
    return f"{told} (estimated{band})"


_NOT_KNOWN, _NONE_LEFT = "not known", "none: nothing of it has left"
_COUNTED = "none new: an earlier record counts this answer"
_COST_FROM = {
    CostBasis.STATED: ", stated by the provider",
    CostBasis.TABLE: ", from the price table",
}


def _cost(llm: LlmCall, *, went: bool) -> str:
    if llm.cost_basis is CostBasis.LOCAL:
        return "none: a model of your own"
    if llm.cost_basis is CostBasis.COUNTED:
        return _COUNTED
    if llm.cost_usd is None:
        return _NOT_KNOWN if went else _NONE_LEFT
    lacks = joined([safe(words, 80) for words in llm.cost_left_out])
    left_out = f"; without {lacks}" if lacks else ""
    return f"{safe(llm.cost_usd, 30)} US dollars{_COST_FROM.get(llm.cost_basis, '')}{left_out}"
