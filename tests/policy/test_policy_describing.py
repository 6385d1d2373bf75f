"""Rules in words, and advice on what is probably not meant."""

from datetime import date

import pytest
from hypothesis import given, settings
from policy_strategies import known, policies

from examples import most
from policy.compiling import compile_policy
from policy.conditions import condition_of
from policy.describing import advice
from policy.loading import parse, preset_names, preset_text
from policy.rules import PolicyModel


def model(text: str) -> PolicyModel:
    return parse(text.encode(), "f")


TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (
            "{destination: {account: [personal, other_tenant], upload: true, port: 8443}}",
            (
                "destination port 8443, and destination account personal or other_tenant, "
                "and destination upload"
            ),
        ),
        ("{any: [{findings: bank}, {llm: {}}]}", "either findings kinds bank, or any LLM call"),
        ("{not: {script: {approved: false}}}", "not (script approved no)"),
        (
            "{time: {outside: {zone: UTC, days: mon, hours: 08:00-18:00}}}",
            "time outside UTC monday 08:00-18:00",
        ),
        (
            "{findings: {certainty: likely, records_at_least: 5}}",
            "findings records at least 5, and findings certainty likely",
        ),
        ("{attribution: unknown}", "attribution certainty unknown"),
        ("{all: [{findings: {}}]}", "anything found"),
        ("{}", "always"),
    ],
)
def test_rules_can_be_read_on_a_screen(when: str, words: str) -> None:
    """An officer sees what a rule says without opening the file."""
    (rule,) = model(f"rules: [{{id: a, when: {when}, then: block}}]").rules
    assert condition_of(rule.when).words == words


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (
            "[{id: a, description: d, then: watch}, {id: b, description: d, then: block}]",
            [("b", "never reached")],
        ),
        (
            "[{id: a, description: d, until: 2026-11-20, when: {llm: {}}, then: watch}]",
            [("a", "ended on 2026-11-20")],
        ),
        ("[{id: a, description: d, until: 2026-11-21, when: {llm: {}}, then: watch}]", []),
        (
            "[{id: a, when: {llm: {}}, then: watch}]",
            [("a", "no description: who reads its records")],
        ),
        ("[{id: a, when: {llm: {}}, then: warn}]", [("a", "an analyst who is warned")]),
        ("[{id: a, when: {llm: {}}, then: hold}]", [("a", "an analyst who is refused")]),
        ("[{id: a, when: {llm: {}}, then: warn, on_error: block}]", [("a", "who is refused")]),
        ("[{id: a, then: watch, on_error: skip}]", [("a", "who reads its records")]),
        ("[{id: a, then: block, on_error: skip}]", [("a", "who is refused")]),
        (
            (
                "[{id: a, description: d, when: {any: [{destination: {service: dropbx}}]}, then:"
                " hold}]"
            ),
            [("a", "dropbx")],
        ),
        ("[{id: a, description: d, when: {destination: {service: Dropbox}}, then: block}]", []),
        ("[{id: a, description: d, when: {destination: {service: s3}}, then: block}]", []),
        ("[{id: a, description: d, when: {destination: {service: npm}}, then: block}]", []),
        ("[{id: a, description: d, when: {destination: {service: langfuse}}, then: block}]", []),
        (
            "[{id: a, description: d, when: {destination: {service: microsoft}}, then: block}]",
            [("a", "microsoft")],
        ),
        ("[{id: a, enabled: false, then: watch}, {id: b, description: d, then: block}]", []),
        (
            (
                "[{id: a, description: d, then: {headers: {x: y}}}, "
                "{id: b, description: d, then: block}]"
            ),
            [],
        ),
        (
            (
                "[{id: a, description: d, when: {any: [{destination: {upload: true}}, {destination:"
                " {upload: false}}]}, then: watch}, {id: b, description: d, then: block}]"
            ),
            [("b", "rule a above it holds for every request")],
        ),
        (
            (
                "[{id: a, description: d, when: {destination: {category: [llm, paste]}}, then:"
                " watch}, {id: b, description: d, when: {destination: {category: llm, port: 1}},"
                " then: block}]"
            ),
            [("b", "rule a above it holds whenever it does")],
        ),
        (
            (
                "[{id: a, description: d, when: {destination: {category: llm, port: 1}}, then:"
                " watch}, {id: b, description: d, when: {destination: {category: [llm, paste]}},"
                " then: block}]"
            ),
            [],
        ),
        (
            (
                "[{id: a, description: d, when: {destination: {account: personal}, "
                "not: {destination: {account: [personal, unknown]}}}, then: block}]"
            ),
            [
                (
                    "a",
                    (
                        "never holds: no request fulfils destination account personal, and "
                        "not (destination account personal or unknown)"
                    ),
                )
            ],
        ),
    ],
)
def test_what_is_probably_not_meant_is_told(rules: str, told: list[tuple[str, str]]) -> None:
    """A rule that can never hold is found before it is missed."""
    found = advice(model(f"rules: {rules}"), today=TODAY)
    assert [
        (rule, expected in words) for (rule, words), (_, expected) in zip(found, told, strict=True)
    ] == [(rule, True) for rule, _ in told]


@settings(max_examples=most(100), deadline=None)
@given(policies())
def test_no_rule_that_decides_is_called_unreachable(written: PolicyModel) -> None:
    """Who is told that a rule never holds or is never reached may delete it and lose nothing."""
    told = advice(written, today=date.min)
    never = {rule for rule, words in told if "never holds:" in words or "never reached" in words}
    policy = compile_policy(written, "v")
    assert never.isdisjoint({policy.decide(s).rule for s in known()})


def test_an_account_under_a_misspelt_service_is_told() -> None:
    """An organisation's own account is not taken for a stranger's because of a typo."""
    given = model("organisation: {accounts: {dropbx: [a]}}")
    assert advice(given, today=TODAY)[0][0] == "organisation"


@pytest.mark.parametrize("name", ["dropbox", "s3", "aws-s3", "Microsoft", "google", "new-relic"])
def test_accounts_may_be_listed_by_any_name_of_a_service_or_its_family(name: str) -> None:
    """Whoever lists accounts under a name that Outgate reads is not told otherwise."""
    assert advice(model(f"organisation: {{accounts: {{{name}: [a]}}}}"), today=TODAY) == ()


LOOKS_NOT = "rules: [{id: a, description: d, when: {not: {findings: %s}}, then: block}]"
LOOKS_FOR = "rules: [{id: a, description: d, when: {any: [{findings: %s}]}, then: block}]"


@pytest.mark.parametrize(
    ("organisation", "kind", "told"),
    [
        ("{}", "organisation_word", "lists no words"),
        ("{words: [Basalt]}", "organisation_word", None),
        ("{canaries: [c-1]}", "organisation_word", "lists no words"),
        ("{kinds: employee_id}", "employee_id", "names no recognizers"),
        ("{kinds: employee_id, recognizers: [r.yaml]}", "employee_id", None),
        ("{kinds: iban}", "iban", None),
        ("{}", "anything", None),
        ("{}", "bank", None),
    ],
)
def test_a_kind_that_this_organisation_never_finds_is_told(
    organisation: str, kind: str, told: str | None
) -> None:
    """Words and recognisers of one's own are found where they are listed."""
    given = model(f"organisation: {organisation}\n" + LOOKS_FOR % kind)
    found = advice(given, today=TODAY)
    assert [rule for rule, _ in found] == (["a"] if told else [])
    assert all(told in words for _, words in found if told)
    other = model(f"organisation: {organisation}\n" + LOOKS_NOT % kind)
    assert not advice(other, today=TODAY), "who wants none of it is not told that there is none"


@pytest.mark.parametrize("name", preset_names())
def test_presets_need_no_advice(name: str) -> None:
    """What ships is as we advise."""
    assert advice(model(preset_text(name)), today=TODAY) == ()
