"""YAML that policies do not need, or that is none: a fault with its place, never one of Outgate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.loading import PolicyError, parse, preset_names, preset_text

ODD = (
    *("!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1]", "!!python/x y", "!x [1]", "!x {a: 1}"),
    *("!!int ''", "!!int x", "!!bool maybe", "!!float abc", "!!timestamp x", "!!binary '€'"),
    *("{<<: {a: 1}}", "{<<: [1]}", "<<: 1", "[[1]]: 2", "{[1]: 2}", "{? {a: 1} : 2}", "? x"),
    *("2027-02-31", "2020-01-01 99:00:00", "1e999", ".nan", "0o9", "1_", "0x", "%", "@x", "`x"),
    *("&a [*a]", "*a", '"\\ud800"', "'a\\0'", "|\n x", "- - - 1", "{null: 3}", "{1.5: 2}"),
)
LINES = [line for name in preset_names() for line in preset_text(name).splitlines()]


def read(text: str) -> str:
    """Return the first fault of this file; empty where it has none."""
    try:
        parse(text.encode("utf-8", "surrogatepass"), "p")
    except PolicyError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_value_or_name_is_a_fault_of_the_file(odd: str) -> None:
    head = "version: 1\nmode: watch\nrules:\n"
    read(odd)
    read(f"{odd}: x")
    read(f"{head}  - {odd}: x\n")
    assert read(f"{head}  - id: a\n    when: {{destination: {odd}}}\n    then: block\n")
    assert read(f"version: 1\nmode: {odd}\n")


@given(
    st.lists(
        st.tuples(st.sampled_from(LINES), st.sampled_from(ODD), st.integers(0, 3)),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_is_written_no_other_error_than_a_policys_is_raised(
    parts: list[tuple[str, str, int]],
) -> None:
    written = []
    for line, odd, how in parts:
        name, colon, _ = line.partition(":")
        margin = line[: len(line) - len(line.lstrip())]
        written.append((line, f"{name}{colon} {odd}", f"{margin}{odd}: x", f"{margin}{odd}")[how])
    read("\n".join(written))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mode: !x watch\n", "p:1:7: tags (!name) are not used here"),
        ("mode: watch\nrules: !!set {a}\n", "p:2:8: tags (!name) are not used here"),
        ("mode: watch\nrules:\n  - {<<: {id: a}}\n", "p:3:5: “<<” is not used here"),
        ("mode: !!bool maybe\n", "p:1:7: a name or value here is none that YAML knows"),
    ],
)
def test_the_place_is_told(text: str, place: str) -> None:
    assert read(text).startswith(place)


@pytest.mark.parametrize("host", ["exa mple.com", "a,b.com", "a;b", "a|b.com", "{a,b}.com", "a\tb"])
def test_what_no_host_can_hold_is_not_called_valid(host: str) -> None:
    assert "is no host" in read(_on(host))


@pytest.mark.parametrize(
    "host",
    [
        *("EXAMPLE.com.", "münchen.de", "bücher.भारत", "*.example.com", "a?.b", "fe80::1%eth0"),
        *("[::1]", "api_v1.x", "中国.中国", "ไทย.com", "private", "xn--bcher-kva.example"),
    ],
)
def test_every_host_there_is_may_be_written(host: str) -> None:
    assert read(_on(host)) == ""


def _on(host: str) -> str:
    written = host.replace("\t", "\\t")
    rule = f'rules:\n  - id: a\n    when: {{destination: {{host: "{written}"}}}}\n    then: block\n'
    return f"version: 1\nmode: watch\n{rule}"
