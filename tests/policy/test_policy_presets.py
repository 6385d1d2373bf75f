"""The presets do what their names promise."""

import pytest
from policy_samples import found, llm, llm_destination, on_headers, sender, situation, to

import policy
from core.attribution import Certainty
from core.classification import Category
from core.decision import Verdict
from core.findings import Confidence, Finding
from core.situation import ScriptHistory, Situation
from policy.loading import load_bytes, preset_names, preset_text

CLEAN_LLM = situation(llm=llm(), destination=llm_destination())
CREDENTIAL = found("secret", detector="aws-access-key", confidence=Confidence.CERTAIN)
UNREADABLE = Finding(
    kind="not_inspected",
    detector="decoding",
    confidence=Confidence.CERTAIN,
    count=1,
    distinct=1,
    note="encrypted",
)
LEDGER = found("iban", 15000, records=15000)
PATIENTS = found("health_id", 40, records=40)

OUTCOMES: dict[str, list[tuple[Situation, str | None, str]]] = {
    "watch-everything": [
        (situation(destination=to(None, upload=False)), None, "allow"),
        (CLEAN_LLM, None, "allow"),
        (
            situation(LEDGER, destination=to("onedrive", "personal")),
            "watch-personal-cloud",
            "watch",
        ),
        (situation(LEDGER, destination=to(None)), "watch-sensitive-data", "watch"),
        (situation(CREDENTIAL), "watch-credentials", "watch"),
        (situation(UNREADABLE), "watch-what-cannot-be-read", "watch"),
        (situation(found("email", test_data=True), destination=to(None)), None, "allow"),
        (situation(degraded=("classifier: late",)), None, "watch"),
    ],
    "no-personal-cloud": [
        (situation(LEDGER, destination=to("onedrive", "personal")), "no-personal-cloud", "block"),
        (situation(destination=to("dropbox", "other_tenant")), "no-personal-cloud", "block"),
        (situation(destination=to("dropbox", "personal", upload=False)), None, "allow"),
        (situation(destination=to("dropbox", "corporate")), None, "allow"),
        (
            situation(LEDGER, destination=to("dropbox", "corporate")),
            "watch-sensitive-data",
            "watch",
        ),
        (
            situation(destination=to("pastebin", "anonymous", category=Category.PASTE)),
            "no-anonymous-sharing",
            "block",
        ),
        (situation(request_bytes=200_000), "on_unknown_account", "block"),
        (situation(request_bytes=2000), None, "allow"),
        (situation(LEDGER, request_bytes=200_000), "on_unknown_account", "block"),
        (CLEAN_LLM, None, "allow"),
    ],
    "protect-personal-data": [
        (situation(PATIENTS, destination=llm_destination(), llm=llm()), "no-health-data", "block"),
        (situation(LEDGER, destination=to("onedrive", "personal")), "hold-many-records", "hold"),
        (
            situation(found("iban"), llm=llm(), destination=llm_destination()),
            "hide-identifiers-from-models",
            "redact",
        ),
        (situation(found("iban"), destination=to(None)), "warn-of-identifiers", "warn"),
        (situation(LEDGER, destination=to("sharepoint", "corporate")), "own-accounts", "watch"),
        (situation(CREDENTIAL, destination=to(None)), "no-credentials", "block"),
        (situation(CREDENTIAL, destination=to("s3", "corporate")), "watch-sensitive-data", "watch"),
        (situation(found("email"), destination=to(None)), "watch-sensitive-data", "watch"),
        (situation(destination=to(None)), None, "allow"),
        (
            situation(destination=to(None), degraded=("classifier: late",)),
            "no-credentials",
            "block",
        ),
    ],
    "llm-with-corporate-keys-only": [
        (situation(llm=llm(), destination=llm_destination("corporate")), "own-account", "allow"),
        (
            situation(found("email"), llm=llm(), destination=llm_destination("corporate")),
            "own-account-with-sensitive-data",
            "watch",
        ),
        (
            situation(CREDENTIAL, llm=llm(), destination=llm_destination("corporate")),
            "own-models-with-credentials",
            "block",
        ),
        (CLEAN_LLM, "foreign-key", "block"),
        (
            situation(llm=llm(provider=None), destination=to(None, upload=False)),
            "foreign-key",
            "block",
        ),
        (situation(LEDGER, destination=to(None)), "watch-sensitive-data", "watch"),
        (situation(destination=to(None)), None, "allow"),
    ],
    "lockdown": [
        (
            situation(sender=sender(None), destination=to("s3", "corporate")),
            "no-unknown-senders",
            "block",
        ),
        (situation(UNREADABLE), "nothing-unreadable", "block"),
        (situation(LEDGER, destination=to("s3", "corporate")), "nothing-sensitive", "block"),
        (situation(destination=to("s3", "corporate")), "nothing-else", "block"),
        (
            situation(destination=to("s3", "corporate"), history=ScriptHistory(approved=True)),
            "approved",
            "watch",
        ),
        (
            situation(
                destination=to("s3", "corporate"),
                history=ScriptHistory(approved=True, changed_since_approval=True),
            ),
            "nothing-else",
            "block",
        ),
        (
            situation(
                destination=to("s3", "corporate"),
                history=ScriptHistory(approved=True),
                degraded=("classifier: late",),
            ),
            "nothing-unreadable",
            "block",
        ),
        (CLEAN_LLM, "nothing-else", "block"),
    ],
}


def test_every_preset_has_expected_outcomes() -> None:
    """No preset ships untested."""
    assert set(OUTCOMES) == set(preset_names())


@pytest.mark.parametrize(
    ("name", "given", "rule", "verdict"),
    [(name, *outcome) for name, outcomes in OUTCOMES.items() for outcome in outcomes],
)
def test_a_preset_does_what_it_says(
    name: str, given: Situation, rule: str | None, verdict: str
) -> None:
    """Whoever switches a preset on gets what its description promises."""
    decision = policy.preset(name).decide(given)
    assert (decision.rule, decision.verdict) == (rule, verdict)


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_no_preset_lets_findings_pass_in_silence(name: str) -> None:
    """Whatever sensitive thing leaves, somebody can see that it did."""
    for kind in ("email", "iban", "secret", "health_id", "organisation_word", "not_inspected"):
        for account in ("personal", "corporate", "unknown", "other_tenant", "anonymous"):
            for destination in (to("dropbox", account), llm_destination(account), to(None)):
                decision = policy.preset(name).decide(
                    situation(found(kind), destination=destination)
                )
                assert decision.verdict is not Verdict.ALLOW, (kind, destination)


def test_personal_clouds_are_refused_before_the_body() -> None:
    """Not one byte of a file reaches a personal account."""
    given = on_headers(situation(destination=to("onedrive", "personal")))
    decision = policy.preset("no-personal-cloud").decide_on_headers(given)
    assert decision is not None
    assert decision.verdict is Verdict.BLOCK


def test_own_keys_are_told_by_account_or_fingerprint() -> None:
    """Either way of naming the organisation's access works."""
    text = preset_text("llm-with-corporate-keys-only")
    text = text.replace("accounts: {}", "accounts: {}\n  key_fingerprints: [00112233aabbccdd]")
    asked = load_bytes(text.encode(), "f")
    own = situation(llm=llm(key_fingerprint="00112233aabbccdd"), destination=llm_destination())
    assert asked.decide(own).rule == "own-account"
    likely = sender(certainty=Certainty.LIKELY)
    foreign = situation(
        llm=llm(key_fingerprint="f" * 16), destination=llm_destination(), sender=likely
    )
    assert asked.decide(foreign).verdict is Verdict.BLOCK
