"""Rules that can never hold are found, whatever they ask about; no other is ever called so."""

from itertools import product

import pytest
from hypothesis import given, settings
from policy_strategies import FIELDS, OWN_KEY, conditions_drawn, of_model, samples

from examples import most
from policy.conditions import When, condition_of
from policy.contradictions import contradiction
from policy.loading import parse
from policy.logic import Not
from policy.reads import Seen

OWN = frozenset({OWN_KEY})
NINE_TO_FIVE = "{zone: UTC, hours: 09:00-17:00}"
MORNING = "{zone: UTC, hours: 09:00-12:00}"
FRIDAY_NIGHT = "{zone: UTC, hours: 22:00-06:00, days: fri}"
SATURDAY_EARLY = "{zone: UTC, hours: 05:00-06:00, days: sat}"
MANY = "{kinds: bank, records_at_least: 9}"


def clash(when: str) -> str | None:
    """Return what keeps these conditions from holding."""
    text = f"rules: [{{id: a, when: {when}, then: block}}]"
    (rule,) = parse(text.encode(), "f").rules
    return contradiction(condition_of(rule.when, OWN))


@pytest.mark.parametrize(
    "when",
    [
        "{destination: {account: personal}, not: {destination: {account: [personal, unknown]}}}",
        "{destination: {account: personal}, all: [{destination: {account: corporate}}]}",
        "{not: {destination: {account: [corporate, personal, other_tenant, anonymous, unknown]}}}",
        "{destination: {upload: true}, all: [{destination: {upload: false}}]}",
        "{any: [{destination: {upload: true}, not: {destination: {upload: true}}}]}",
        "{destination: {port: [443, 80]}, not: {destination: {port: [80, 443, 8443]}}}",
        "{destination: {port: 443}, all: [{destination: {port: 8443}}]}",
        "{destination: {host: a.example}, all: [{destination: {host: '*.b.example'}}]}",
        "{destination: {host: '*.b.example'}, not: {destination: {host: ['*.B.example', c]}}}",
        "{destination: {service: OpenAI}, all: [{destination: {service: dropbox}}]}",
        "{volume: {request_bytes_at_least: 10 MB}, not: {volume: {request_bytes_at_least: 5 MB}}}",
        "{script: {newer_than_days: 3}, not: {script: {newer_than_days: 7}}}",
        "{script: {imports: [torch]}, not: {script: {imports: [boto3, torch]}}}",
        "{script: {python: true}, not: {script: {python: true}}}",
        "{attribution: exact, not: {attribution: [exact, likely]}}",
        "{llm: {model: gpt-5}, not: {llm: {}}}",
        "{llm: {model: gpt-5}, all: [{llm: {model: claude-*}}]}",
        "{llm: {key: known}, all: [{llm: {key: unknown}}]}",
        "{findings: bank, not: {findings: bank}}",
        f"{{findings: {MANY}, not: {{findings: {MANY}}}}}",
        f"{{time: {{within: {NINE_TO_FIVE}}}, all: [{{time: {{outside: {NINE_TO_FIVE}}}}}]}}",
        "{time: {within: {zone: UTC, days: mon}}, all: [{time: {within: {zone: UTC, days: sun}}}]}",
        "{not: {}}",
        "{any: [{all: [{not: {llm: {}}}, {llm: {}}]}, {not: {}}]}",
    ],
)
def test_what_can_never_hold_is_found(when: str) -> None:
    """A rule that would protect nobody is told before anybody relies on it."""
    assert clash(when) is not None


@pytest.mark.parametrize(
    "when",
    [
        "{}",
        "{destination: {account: [personal, unknown]}, not: {destination: {account: personal}}}",
        "{destination: {host: a.b.example}, all: [{destination: {host: '*.b.example'}}]}",
        "{destination: {host: '*.b.example'}, not: {destination: {host: a.b.example}}}",
        "{volume: {request_bytes_at_least: 5 MB}, not: {volume: {request_bytes_at_least: 10 MB}}}",
        "{not: {volume: {request_bytes_at_least: 5 MB}}}",
        "{script: {newer_than_days: 7}, not: {script: {newer_than_days: 3}}}",
        "{script: {imports: torch}, all: [{script: {imports: boto3}}]}",
        "{script: {python: false}, not: {script: {python: true}}}",
        "{not: {any: [{script: {python: true}}, {script: {python: false}}]}}",
        "{llm: {tools: a}, not: {llm: {tools: b}}}",
        "{findings: bank, not: {findings: iban}}",
        "{any: [{destination: {upload: true}}, {not: {}}]}",
        f"{{time: {{within: {NINE_TO_FIVE}}}, not: {{time: {{within: {MORNING}}}}}}}",
        f"{{time: {{within: {NINE_TO_FIVE}}}, all: [{{time: {{outside: {{zone: Asia/Tokyo}}}}}}]}}",
        f"{{time: {{within: {FRIDAY_NIGHT}}}, all: [{{time: {{within: {SATURDAY_EARLY}}}}}]}}",
    ],
)
def test_what_can_hold_is_not_called_impossible(when: str) -> None:
    """Nobody is told to delete a rule that works."""
    assert clash(when) is None


@settings(max_examples=most(200), deadline=None)
@given(of_model(When))
def test_no_request_fulfils_what_is_called_impossible(written: object) -> None:
    """Advice is never wrong, for conditions of every kind at random and for their opposites."""
    when = condition_of(When.model_validate(written), OWN)
    for node in (when, Not(part=when)):
        if contradiction(node) is not None:
            assert not any(node.answer(Seen(s, 0)) for s in samples())


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_no_condition_goes_with_its_own_opposite(subject: str, name: str) -> None:
    """Every condition can be held against itself, those that are yet to be written as well."""
    for when in conditions_drawn(subject, name, 8):
        condition = condition_of(when, OWN)
        assert contradiction(condition) is None
        assert contradiction(condition, Not(part=condition)) is not None


@pytest.mark.parametrize(("subject", "name"), FIELDS)
def test_two_conditions_that_some_request_fulfils_do_not_clash(subject: str, name: str) -> None:
    """Two rules on one fact are held against each other as requests would do it."""
    found = [condition_of(when, OWN) for when in conditions_drawn(subject, name)]
    seen = [Seen(s, 0) for s in samples()]
    for one, other in product(found, found):
        for second in (other, Not(part=other)):
            if any(one.answer(s) and second.answer(s) for s in seen):
                assert contradiction(one, second) is None


def test_the_words_name_what_clashes_and_nothing_else() -> None:
    """An officer is told which two lines of a long rule she must look at."""
    when = "{findings: bank, destination: {upload: true}, not: {destination: {upload: true}}}"
    assert clash(when) == "destination upload, and not (destination upload)"


def test_conditions_beyond_all_measure_are_left_alone() -> None:
    """A monstrous rule costs the check no time; it is believed to be possible."""
    some = "{any: [{destination: {port: 1}}, {destination: {port: 2}}, {destination: {port: 3}}]}"
    assert clash("{all: [" + ", ".join([some] * 40) + "]}") is None
