"""Every pattern that Python's `re` reads text with is linear: proved by rule or by an entry, and
tried with hostile text.
"""

import ast
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import pytest
from cpu_time import cpu_seconds, too_dear
from pattern_homes import Found, found, modules, tree_of, uses, uses_in
from pattern_proof import UnprovedError, proof_of
from pattern_proofs import PROOFS, Proof
from pattern_units import Hostile, of

pytestmark = pytest.mark.no_cover  # what is timed is not watched

LARGEST = 256 * 1024
FIRST = 1024
"""Characters of the texts among which the worst are looked for."""
WORST = 2
PER_CHARACTER_S = 4e-6  # of a calm machine
GROWTH = 11.0
"""Four times the text takes four times as long, sixteen times when each place reads on to the
end.
"""
NOISE_S = 0.01
EITHER = frozenset({"finditer"})


class Tried(NamedTuple):
    """A pattern with what is done with it."""

    home: str
    pattern: re.Pattern[Any]
    operations: frozenset[str]
    proof: Proof | None


def _inline() -> Iterator[Found]:
    for use in uses():
        if not use.named and use.literal is not None:
            operation = frozenset({use.function}) if use.function != "compile" else EITHER
            yield Found(home=use.home, pattern=re.compile(use.literal), operations=operation)


@cache
def patterns() -> list[Tried]:
    """All patterns: named ones, those written where they are used, and samples of those made while
    the program runs.
    """
    known = [
        Tried(one.home, one.pattern, one.operations or EITHER, PROOFS.get(one.home))
        for one in (*found(), *_inline())
    ]
    made = [
        Tried(home, pattern, frozenset({operation}), proof)
        for home, proof in PROOFS.items()
        if proof.samples
        for operation, pattern in proof.samples()
    ]
    return known + made


def unproved(one: Tried) -> str | None:
    try:
        proof_of(one.pattern, one.operations)
    except UnprovedError as why:
        return str(why)
    return None


def test_every_use_of_re_is_proved_linear() -> None:
    """Whoever adds a pattern that could be read in more than linear time must say why it is not, or
    the gate is not built.
    """
    open_ones = {
        f"{one.home}: {why}"
        for one in patterns()
        if one.proof is None and (why := unproved(one)) is not None
    }
    made = {use.home for use in uses() if not use.named and use.literal is None}
    held = {one.home for one in found()}
    lost = {use.place for use in uses() if use.named and use.home not in held}

    assert (open_ones, made - set(PROOFS), lost) == (set(), set(), set())


def test_no_entry_says_what_is_proved_anyway() -> None:
    """The table holds only what needs words: an entry for a pattern that is gone, or proved by
    rule, is deleted.
    """
    needed = {
        one.home for one in patterns() if one.proof and not one.proof.samples and unproved(one)
    }
    needed |= {use.home for use in uses() if not use.named and use.literal is None}
    assert set(PROOFS) - needed == set()


def test_no_other_engine_backtracks() -> None:
    """No module takes functions out of `re` under other names, where nobody would look for them."""
    taken = [
        f"{path.name}:{node.lineno}"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in {"re", "regex"}
    ]
    assert taken == []


@pytest.mark.parametrize(
    ("source", "home", "function", "named"),
    [
        ("import re\n_A = re.compile('a')", "m._A", "compile", True),
        ("import re\n_A: object = (1, re.compile('a'))", "m._A", "compile", True),
        ("import re\n_A = {k: re.compile(k) for k in 'ab'}", "m._A", "compile", True),
        ("import re as r\ndef f(t):\n    return r.sub('a', '', t)", "m.f", "sub", False),
        (
            "import re\nclass C:\n    def f(self, p):\n        return re.compile(p)",
            "m.f",
            "compile",
            False,
        ),
        ("import regex\ndef f(p):\n    regex.compile(p)", "m.f", "compile", False),
    ],
)
def test_uses_are_found_however_they_are_written(
    source: str, home: str, function: str, named: bool
) -> None:
    """A pattern is found in a name, a table, a function, a class, and under another name of the
    module.
    """
    (use,) = uses_in(ast.parse(source), "m", "m.py")
    assert (use.home, use.function, use.named) == (home, function, named)


EXPONENTIAL = [
    r"(a+)+b",
    r"(ab?|a)*x",
    r"(a*)*b",
    r"(?:a|aa)+b",
    r"(?:[^\W\d_]|[ .]|[ ](?=[^\W\d_])){1,78}",
    r"(?i)_{0,2}[A-Z]?[a-z]+(?:[A-Z][a-z]+)*[:!?.]*$",
    r"(?m)^# /// script\n((?:#(?: [^\n]*)?\r?\n)+?)# ///\r?$",
]
GROWING = [
    (r"\d+x", "search"),
    (r"(\d+)!", "finditer"),
    (r"[\w:.-]+=", "finditer"),
    (r"[0-9].*[a-zA-Z]|[a-z].*[A-Z]", "search"),
    (r"[A-Za-z\r\n]*={0,2}\s*", "fullmatch"),
    (r"[0-9.]+|.*:.*", "fullmatch"),
    (r"import \w+;?\s*\w+\(", "match"),
    (r"^[A-Za-z]:\\.*\\python[^\\]*\\(?:[^\\]+\\)*Lib\\", "search"),
    (r"a(?:[ab]*c)?", "finditer"),
    (r"(?=[a-z]*\d)[a-z]", "finditer"),
]
FINE = [
    (r"\w+", "finditer"),
    (r"[a-z]+(?:[._/:-][a-z]+)*", "fullmatch"),
    (r"(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')", "finditer"),
    (r"\bid=(\w+)", "search"),
    (r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", "search"),
    (r"[a-z]{1,20}\d", "search"),
    (r"(?<!\d)(\d++)!", "finditer"),
    (r"\d{3}[ -]?\d{4}", "finditer"),
    (r"(?m)^[A-Za-z-]{3,20}: [^\n]*$", "sub"),
]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_patterns_that_double_their_work_are_refused(pattern: str) -> None:
    """What stopped the gate once, and its like, is refused before it runs."""
    with pytest.raises(UnprovedError, match="exponentially"):
        proof_of(re.compile(pattern), {"fullmatch"})


@pytest.mark.parametrize(("pattern", "operation"), GROWING)
def test_patterns_that_begin_anew_at_each_place_are_refused(pattern: str, operation: str) -> None:
    """A pattern that may read to the end from each place is refused."""
    with pytest.raises(UnprovedError):
        proof_of(re.compile(pattern), {operation})


@pytest.mark.parametrize(("pattern", "operation"), FINE)
def test_patterns_that_read_once_are_proved(pattern: str, operation: str) -> None:
    """Nobody has to explain a pattern that plainly reads its text once."""
    assert proof_of(re.compile(pattern), {operation})


def _work(pattern: re.Pattern[Any], operation: str, text: str) -> Callable[[], object]:
    given: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    run = getattr(pattern, operation)
    if operation in {"sub", "subn"}:
        return lambda: run(given[:0], given)
    if operation == "finditer":
        return lambda: deque(run(given), maxlen=0)
    return lambda: run(given)


def _read(pattern: re.Pattern[Any], operation: str, hostile: Hostile, size: int) -> object:
    return _work(pattern, operation, hostile.text(size))()


def _worst(pattern: re.Pattern[Any], operation: str, size: int) -> list[Hostile]:
    """Return the texts that cost most at a small size; one that the limit ended stands alone."""
    costs: list[tuple[float, Hostile]] = []
    for hostile in of(pattern):
        cost = cpu_seconds(_work(pattern, operation, hostile.text(size)), limit=1.0)
        if cost == float("inf"):
            return [hostile]
        costs.append((cost, hostile))
    costs.sort(key=lambda pair: -pair[0])
    return [hostile for _, hostile in costs[:WORST]]


def _too_slow(one: Tried, operation: str, first: int = FIRST, largest: int = LARGEST) -> str | None:
    """Return what is wrong with the time that hostile texts take, if anything is."""
    cap = one.proof.cap if one.proof and one.proof.cap else largest
    growth = GROWTH if cap == largest else float("inf")
    for hostile in _worst(one.pattern, operation, min(first, cap)):
        fault = too_dear(
            partial(_read, one.pattern, operation, hostile),
            cap,
            growth=growth,
            most_s=NOISE_S + PER_CHARACTER_S * cap,
            limit=3.0,
        )
        if fault is not None:
            return f"{one.home} {operation} {hostile}: {fault}"
    return None


def test_hostile_texts_take_linear_time() -> None:
    """Each pattern, fed what it repeats, what leads there and what then fails, needs time as the
    text is long, no more.
    """
    slow: Iterable[str | None] = (
        _too_slow(one, operation)
        for one in patterns()
        for operation in sorted(
            {"finditer" if name in {"findall", "split"} else name for name in one.operations}
        )
    )
    assert [what for what in slow if what] == []


@pytest.mark.parametrize(("pattern", "operation"), GROWING)
def test_hostile_texts_find_patterns_that_begin_anew(pattern: str, operation: str) -> None:
    """The hostile texts would have found each pattern that is refused, so that neither test leans
    on the other.
    """
    tried = Tried("", re.compile(pattern), frozenset({operation}), None)
    assert any(_too_slow(tried, operation, first, 8 * 1024) for first in (128, 1024))


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_hostile_texts_find_patterns_that_double_their_work(pattern: str) -> None:
    """What stopped the gate once is found by its own near misses."""
    assert any(
        cpu_seconds(_work(re.compile(pattern), "fullmatch", hostile.text(300)), limit=0.1)
        == float("inf")
        for hostile in of(re.compile(pattern))
    )
