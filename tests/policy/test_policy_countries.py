"""Countries of addresses: the table is read exactly or refused with its line, and a rule never
guesses.
"""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import on_headers, policy, situation, to

from core.decision import Verdict
from core.errors import SettingsError
from core.record import Record
from policy.countries import CODES, CountryTable, TableError
from policy.decide import RulePolicy
from policy.live import PolicyFile
from policy.loading import PolicyError, load_file
from policy.policy_tests import run_cases

TABLE = b"""start_ip,end_ip,country
192.0.2.0,192.0.2.127,US
192.0.2.128,192.0.2.255,"CN"
# ranges of documentation only
198.51.100.0/24,de
203.0.113.0,203.0.113.255,ZZ
2001:db8::,2001:db8::ffff,NO,Norway
2001:db8:1::/48,EU
"""
RULE = "  - id: abroad\n    when: {destination: {country: [CN, NO]}}\n    then: block\n"


@pytest.fixture
def table() -> CountryTable:
    return CountryTable(TABLE.replace(b"de", b"DE"))


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("192.0.2.0", "US"),
        ("192.0.2.127", "US"),
        ("192.0.2.128", "CN"),
        ("192.0.2.255", "CN"),
        ("192.0.3.0", "unknown"),
        ("192.0.1.255", "unknown"),
        ("0.0.0.0", "unknown"),
        ("255.255.255.255", "unknown"),
        ("198.51.100.7", "DE"),
        ("203.0.113.1", "unknown"),
        ("::ffff:192.0.2.200", "CN"),
        ("2001:db8::1", "NO"),
        ("2001:db8::1%eth0", "NO"),
        ("2001:db8:1::1", "unknown"),
        ("2001:db8:2::1", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_an_address_has_the_country_of_its_range(
    table: CountryTable, address: str, country: str
) -> None:
    """First and last address of a range belong to it, their neighbours do not; regions are no
    countries.
    """
    assert table.country(address) == country


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"", 1, "empty"),
        (b"start,end,country\n", 1, "empty"),
        (b"192.0.2.0,192.0.2.9,US\n192.0.2.5,192.0.2.20,CN\n", 2, "overlaps with line 1"),
        (b"192.0.2.5,192.0.2.20,CN\n\n192.0.2.0,192.0.2.9,US\n", 3, "overlaps with line 1"),
        (b"192.0.2.9,192.0.2.0,US\n", 1, "ends before it begins"),
        (b"192.0.2.0,2001:db8::,US\n", 1, "ends before it begins"),
        (b"192.0.2.0,192.0.2.9,US\n192.0.2.300,192.0.2.9,US\n", 2, "no IP address"),
        (b"192.0.2.0/24,USA\n", 1, "two capital letters"),
        (b"192.0.2.1/24,US\n", 1, "no network"),
        (b"192.0.2.0/24\n", 1, "no network|first,last"),
        (b"192.0.2.0,US\n", 1, "first,last"),
        (b"# table\n\xff\xfe", 2, "UTF-8"),
        (b"a,b,c\nd,e,f\n", 2, "no IP address"),
    ],
)
def test_a_wrong_line_is_named(content: bytes, line: int, told: str) -> None:
    """A table with a mistake is never used half."""
    with pytest.raises(TableError, match=told if "|" not in told else None) as refused:
        CountryTable(content)
    assert refused.value.line == line


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 300)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_any_order_of_lines_gives_the_same_answers(
    spans: list[tuple[int, int]], random: object, wide: bool
) -> None:
    """However a table is sorted, every address has the country that its own line says."""
    offset, kind = (2**100, ipaddress.IPv6Address) if wide else (0, ipaddress.IPv4Address)
    rows, end = [], -1
    for start, length in sorted(spans):
        last = min(start + length, 2**32 - 1)
        if start > end:
            rows.append((start, last, sorted(CODES)[start % len(CODES)]))
            end = last
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    table = CountryTable(
        "\n".join(f"{kind(a + offset)},{kind(b + offset)},{c}" for a, b, c in shuffled).encode()
    )
    assert len(table) == len(rows)
    for first, last, code in rows:
        for number in {first, last, (first + last) // 2, first - 1, last + 1}:
            expected = next((c for a, b, c in rows if a <= number <= b), "unknown")
            if 0 <= number < 2**32:
                assert table.country(str(kind(number + offset))) == expected
        assert table.country(str(kind(first + offset))) == code


def asking(tmp_path: Path, rules: str = RULE) -> RulePolicy:
    (tmp_path / "table.csv").write_bytes(TABLE.replace(b"de", b"DE"))
    file = tmp_path / "outgate.yaml"
    file.write_text(f"mode: enforce\norganisation: {{countries: table.csv}}\nrules:\n{rules}")
    return load_file(file)


@pytest.mark.parametrize(
    ("wanted", "country", "verdict"),
    [
        ("[CN, NO]", "CN", "block"),
        ("[CN, NO]", "NO", "block"),
        ("[CN, NO]", "US", "allow"),
        ("[CN, NO]", "unknown", "allow"),
        ("unknown", "unknown", "block"),
        ("[us, unknown]", "US", "block"),
        ("unknown", "CN", "allow"),
    ],
)
def test_a_rule_asks_for_countries(tmp_path: Path, wanted: str, country: str, verdict: str) -> None:
    """A rule names countries by two letters, or `unknown`; Norway is no “no”."""
    rules = RULE.replace("[CN, NO]", wanted)
    given_ = situation(destination=to(address="192.0.2.200", country=country))
    asked = asking(tmp_path, rules)
    assert asked.asks_country
    assert asked.decide(given_).verdict.value == verdict
    early = asked.decide_on_headers(on_headers(given_))
    assert early is not None and early.verdict.value == verdict


@pytest.mark.parametrize(
    ("more", "verdict"),
    [("", "block"), ("    on_error: watch\n", "watch"), ("    on_error: skip\n", "allow")],
)
def test_where_the_address_is_not_known_the_rule_says_what_happens(
    tmp_path: Path, more: str, verdict: str
) -> None:
    """Without an address nobody can tell the country: `on_error` answers, by default on the safe
    side.
    """
    decision = asking(tmp_path, RULE + more).decide(situation(destination=to()))
    assert decision.verdict.value == verdict
    assert ("could not be found out (country)" in decision.reason) is (verdict != "allow")


def test_a_rule_that_lets_pass_needs_to_know(tmp_path: Path) -> None:
    """“To these countries is fine” says nothing of a destination whose country nobody knows."""
    rules = RULE.replace("block", "allow") + "  - {id: rest, then: block}\n"
    decision = asking(tmp_path, rules).decide(situation(destination=to()))
    assert decision.rule == "rest"


def test_other_rules_do_not_care(tmp_path: Path) -> None:
    """A request that no rule on countries concerns is not touched by what is not known of its
    address.
    """
    rules = (
        "  - id: abroad\n    when: {destination: {country: CN, host: x.example}}\n    then: block\n"
    )
    decision = asking(tmp_path, rules).decide(situation(destination=to()))
    assert (decision.verdict, decision.degraded) == (Verdict.ALLOW, ())


def test_a_table_that_is_missing_or_wrong_is_an_error_of_the_policy(tmp_path: Path) -> None:
    """Without its table a rule on countries would never hold: better said at once, with the
    line.
    """
    asking(tmp_path)
    file = tmp_path / "outgate.yaml"
    (tmp_path / "table.csv").write_bytes(b"192.0.2.0/24,US\nnonsense\n")
    with pytest.raises(PolicyError, match=r"table\.csv:2:1: "):
        load_file(file)
    (tmp_path / "table.csv").unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_file(file)
    with pytest.raises(PolicyError, match="names no table"):
        policy(RULE)
    with pytest.raises(PolicyError, match="two letters"):
        policy(RULE.replace("CN", "CHINA"))


def test_a_new_table_comes_into_force(tmp_path: Path) -> None:
    """A table that is replaced is read again; a broken one leaves the last good one in force,
    loudly.
    """
    asking(tmp_path)
    live = PolicyFile(tmp_path / "outgate.yaml")
    assert live.country_of("192.0.2.1") == "US"
    assert not live.reload_if_changed()
    (tmp_path / "table.csv").write_bytes(b"192.0.2.0/24,CH\n")
    assert live.reload_if_changed()
    assert live.country_of("192.0.2.1") == "CH"
    (tmp_path / "table.csv").write_bytes(b"nothing\nof the kind")
    assert not live.reload_if_changed()
    assert live.error is not None
    assert live.country_of("192.0.2.1") == "CH"
    assert not live.reload_if_changed()
    (tmp_path / "table.csv").write_bytes(b"192.0.2.0/24,SE\n")
    assert live.reload_if_changed()
    again: SettingsError | None = live.error
    assert (live.country_of("192.0.2.1"), again) == ("SE", None)


def test_expected_outcomes_can_name_a_country(tmp_path: Path) -> None:
    """A rule on countries can be tested in the organisation's own CI."""
    cases = tmp_path / "cases.yaml"
    cases.write_text(
        "cases:\n  - {name: there, given: {destination: {country: NO}}, expect: block}\n  - {name:"
        " else, expect: allow}\n"
    )
    assert all(result.passed for result in run_cases(asking(tmp_path), cases))


def test_the_record_keeps_where_it_went() -> None:
    """Address and country of a destination survive in the record; old records have none."""
    from policy_samples import record

    told = record(situation(destination=to(address="192.0.2.200", country="CN"))).to_json()
    assert (told["destination"]["address"], told["destination"]["country"]) == ("192.0.2.200", "CN")
    assert Record.from_json(told).destination.country == "CN"
    del told["destination"]["address"], told["destination"]["country"]
    assert Record.from_json(told).destination.country is None
