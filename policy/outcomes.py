"""From a rule that decides to the decision: what is really done, in which words and headers."""

from dataclasses import dataclass
from functools import lru_cache

from core.decision import Decision, Mode, Verdict
from core.findings import NOT_INSPECTED
from core.situation import Situation
from policy.compiled import CompiledRule
from policy.wording import sentence

type Headers = tuple[tuple[str, str], ...]

_MAY_HOLD = frozenset({Verdict.HOLD, Verdict.REDACT})
_KEPT = 2048
_NO_KINDS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What stands in every decision of a policy."""

    policy: str
    """Its version."""
    contact: str | None

    def plain(
        self,
        verdict: Verdict,
        reason: str,
        *,
        rule: str | None = None,
        degraded: tuple[str, ...] = (),
        headers: Headers = (),
    ) -> Decision:
        """Return a decision that no compiled rule stands behind."""
        return Decision(
            verdict=verdict,
            rule=rule,
            reason=reason,
            degraded=degraded,
            policy=self.policy,
            headers=headers if verdict is not Verdict.BLOCK else (),
            contact=self.contact,
        )

    def by_rule(
        self, rule: CompiledRule, verdict: Verdict, s: Situation, headers: Headers, why: str = ""
    ) -> Decision:
        """Return what this rule makes of a request; `verdict` is its own or its `on_error`.

        Requests that are alike get the very same decision, which is then written as JSON once only.
        """
        if rule.explains is not None and (told := rule.explains(s)):
            why = f"{why}{told}, "
        kinds = _redacted(rule, s) if really(rule, verdict) is Verdict.REDACT else _NO_KINDS
        return _decision(self, rule, verdict, sentence(s), why, s.degraded, headers, kinds)


@lru_cache(maxsize=_KEPT)
def _decision(
    signature: Signature,
    rule: CompiledRule,
    verdict: Verdict,
    told: str,
    why: str,
    degraded: tuple[str, ...],
    headers: Headers,
    kinds: frozenset[str],
) -> Decision:
    given = really(rule, verdict)
    asked = rule.verdict if rule.verdict is not verdict else None
    because = rule.description or f"rule {rule.id} applies"
    stop = "" if because.endswith(".") else "."
    return Decision(
        verdict=given,
        rule=rule.id,
        # Not `capitalize`: that would lower-case the rest.
        reason=f"{told[0].upper()}{told[1:]}: {why}{because}{stop}",
        degraded=degraded,
        intended=asked if given is verdict else verdict,
        policy=signature.policy,
        headers=(*headers, *headers_of(rule)) if given is not Verdict.BLOCK else (),
        contact=signature.contact,
        hold_seconds=rule.hold_seconds if given in _MAY_HOLD else None,
        redact_kinds=kinds,
        restore=rule.restore,
        on_error=_undoable(rule, given),
    )


def headers_of(rule: CompiledRule) -> Headers:
    """Return the headers that it sets: none while it is only watched."""
    return rule.headers if rule.mode is Mode.ENFORCE else ()


def really(rule: CompiledRule, verdict: Verdict) -> Verdict:
    """Return what is really done: a rule that is only watched does nothing to a request."""
    watched = rule.mode is not Mode.ENFORCE and verdict is not Verdict.ALLOW
    return Verdict.WATCH if watched else verdict


def _undoable(rule: CompiledRule, given: Verdict) -> Verdict:
    """Return what happens when a request cannot be redacted or held as asked.

    By then no other rule can be asked.
    """
    answer = rule.on_error
    if answer is None or answer is given or given not in _MAY_HOLD:
        return Verdict.BLOCK
    return answer


def _redacted(rule: CompiledRule, s: Situation) -> frozenset[str]:
    if rule.redact_kinds is not None:
        return rule.redact_kinds
    return frozenset(f.kind for f in s.findings if f.kind != NOT_INSPECTED)
