"""What nobody sees hides nothing: values split by any invisible character are found, by every
detector, on every road.
"""

import json
from collections.abc import Callable
from functools import cache
from itertools import batched

import pytest
from made_up_traffic import csv_of, exchange, rng_of, upload, xlsx_of
from personal_samples import iban, valid

from classifiers.engine import Engine, EngineSetup, build_worker
from classifiers.gate_classifier import GateClassifier
from classifiers.workers.pool import WorkerPool
from core.classification import Classification
from core.exchange import Exchange
from core.invisible import is_invisible
from core.organisation import Organisation


@cache
def codes() -> list[int]:
    """Return all code points but the two controls by which programs part fields: U+0000 and
    U+0001 (FIX).
    """
    every = (*range(2, 0xD800), *range(0xE000, 0x110000))
    return [code for code in every if is_invisible(chr(code))]


VALUES = {
    "iban": ["DE27", "3704", "0044", "0918", "2736", "45"],
    "credit_card": ["4539", "1488", "0343", "6467"],
    "email": ["jane", ".roe@conto", "so.co", "m"],
    "secret": ["gh", "p_aB3dE6gH9jK2mN5p", "Q8sT1vW4yZ7bD0fG3iJ6"],
}
SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)


def split_by(code: int, joint: Callable[[list[str], str], str]) -> str:
    return "; ".join(f"to {joint(parts, chr(code))} now" for parts in VALUES.values())


def everywhere(parts: list[str], char: str) -> str:
    """Return the value with the character between all of its parts."""
    return char.join(parts)


def once(parts: list[str], char: str) -> str:
    """Return the value with a run of the character at one place, not between groups."""
    whole = "".join(parts)
    return whole[:7] + char * 3 + whole[7:]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SETUP)


@pytest.fixture(scope="module")
def worker() -> Engine:
    return build_worker(SETUP)


def kinds(seen: Classification) -> set[str]:
    return {f.kind for f in seen.findings if f.kind != "not_inspected"}


def missed(
    ask: Callable[[Exchange], Classification], make: Callable[[tuple[int, ...]], Exchange]
) -> list[str]:
    """Return the code points behind which something was not found. Many are asked about at once;
    where each value is not found just once for each of them, they are asked about one by one.
    """
    found = []
    for many in batched(codes(), 16):
        counts = {f.kind: f.count for f in ask(make(many)).findings if f.kind in VALUES}
        if counts != dict.fromkeys(VALUES, len(many)):
            found += [code for code in many if kinds(ask(make((code,)))) < VALUES.keys()]
    return [hex(code) for code in found]


def test_the_values_are_found_unsplit(engine: Engine) -> None:
    """The values are ones that are found: a comparison with nothing would prove nothing."""
    whole = "; ".join(f"to {''.join(parts)} now" for parts in VALUES.values())
    assert kinds(engine.classify(exchange(json.dumps({"note": whole})))) == VALUES.keys()


@pytest.mark.parametrize("joint", [everywhere, once])
def test_no_invisible_character_hides_a_value_in_a_small_body(
    engine: Engine, joint: Callable[[list[str], str], str]
) -> None:
    """An IBAN, a card number, an e-mail address and a key are found whatever invisible character
    splits them.
    """

    def body(many: tuple[int, ...]) -> Exchange:
        return exchange(json.dumps([{"note": split_by(code, joint)} for code in many]))

    assert missed(engine.classify, body) == []


def test_no_invisible_character_hides_a_value_in_a_worker(worker: Engine) -> None:
    """The same holds in a worker, and for characters that stand in the body as they are."""

    def body(many: tuple[int, ...]) -> Exchange:
        notes = [{"note": split_by(code, everywhere)} for code in many]
        return exchange(json.dumps(notes, ensure_ascii=False))

    assert missed(worker.classify, body) == []


def test_no_invisible_character_hides_a_value_in_a_large_upload(engine: Engine) -> None:
    """The sieve that makes large uploads fast sees every one of them, too."""
    filler = "a line of words about pallets and depots\n" * 40

    def window(many: tuple[int, ...]) -> Exchange:
        split = "\n".join(split_by(code, everywhere) for code in many)
        return exchange(f"{filler}{split}\n{filler}", "text/plain")

    assert missed(engine.classify_window, window) == []


@pytest.mark.parametrize("code", [0x200B, 0x2061, 0x3164, 0x115F, 0x206A, 0x17B4, 0xE0001, 0xE0020])
def test_values_are_found_without_any_help_around_them(engine: Engine, code: int) -> None:
    """Each value alone is found: none of them only because of the others beside it."""
    for kind, parts in VALUES.items():
        for joint in (everywhere, once):
            body = json.dumps({"note": f"send {joint(parts, chr(code))} please"})
            assert kinds(engine.classify(exchange(body))) == {kind}


@pytest.mark.parametrize("code", [0x2061, 0x3164, 0xE0041, 0xFE0F])
def test_values_under_their_names_are_found(engine: Engine, code: int) -> None:
    """A value that only its name tells is found although something invisible splits it, or the
    name.
    """
    char = chr(code)
    for body in (
        {"passport": f"C01X{char}00T47"},
        {"date_of_birth": f"19{char}61-04-09"},
        {f"pass{char}port": "C01X00T47"},
        {"password": f"Tr0ub4{char}dor&3x!"},
        {f"pass{char}word": "Tr0ub4dor&3x!"},
    ):
        assert kinds(engine.classify(exchange(json.dumps(body)))), body


@pytest.mark.parametrize("code", [0x2061, 0xE0041])
def test_own_words_are_found(code: int) -> None:
    """The organisation's own words are found split, in whatever letters the list or the text writes
    them.
    """
    words = Organisation(words=("Blue Heron", "№ 7 file"))
    engine = Engine(EngineSetup(key=b"k" * 32, organisation=words, long_tail=False))
    for text in (
        f"project bl{chr(code)}ue heron",
        "Ｂｌｕｅ heron",
        "the no 7 ﬁle",
        "the № 7 file",
    ):
        seen = engine.classify(exchange(json.dumps({"note": text})))
        assert kinds(seen) == {"organisation_word"}, text


@pytest.mark.parametrize("hidden", ["tags", "selectors"])
def test_text_spelled_in_invisible_characters_is_read(engine: Engine, hidden: str) -> None:
    """Whole messages spelled in characters that nobody sees are read as what they say."""
    message = "iban DE27370400440918273645"
    if hidden == "tags":
        spelled = "".join(chr(0xE0000 + ord(c)) for c in message)
    else:
        spelled = "".join(chr(0xE0100 + b - 16) for b in message.encode())
    small = exchange(json.dumps({"note": f"Hello 😀{spelled}, how are you?"}))
    large = exchange(f"many words\n😀{spelled} and\nmore", "text/plain")

    assert kinds(engine.classify(small)) == {"iban"}
    assert kinds(engine.classify_window(large)) == {"iban"}


async def test_a_worker_process_finds_them_too() -> None:
    """A worker in a process of its own uses the same table."""
    pool = WorkerPool("classifiers.engine:build_worker", SETUP, size=1)
    try:
        body = json.dumps({"note": split_by(0x2061, everywhere)})
        seen = await pool.classify(exchange(body), 60)
    finally:
        await pool.close()
    assert kinds(seen) == VALUES.keys()


@pytest.mark.parametrize("code", [0x00AD, 0x2061, 0x3164, 0xE0041])
@pytest.mark.parametrize("carrier", ["csv", "json", "xlsx"])
def test_columns_are_counted_as_if_nothing_stood_between(
    worker: Engine, carrier: str, code: int
) -> None:
    """Every row of a table counts, whatever invisible character splits its values."""
    columns = ("id", "iban", "contact", "card")
    clean, split = rows_with(""), rows_with(chr(code))

    def counted(rows: list[tuple[str, ...]]) -> dict[str, tuple[int, int, int | None]]:
        if carrier == "json":
            sent = exchange(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
        elif carrier == "csv":
            sent = exchange(csv_of(columns, rows), "text/csv")
        else:
            sent = upload(xlsx_of(columns, rows), "a.xlsx", "application/octet-stream")
        return {f.kind: (f.count, f.distinct, f.records) for f in worker.classify(sent).findings}

    assert counted(split) == counted(clean)
    assert {kind: found[0] for kind, found in counted(clean).items()} == dict.fromkeys(
        ("iban", "email", "credit_card"), 60
    )


def rows_with(char: str) -> list[tuple[str, ...]]:
    """Return rows of made-up customers, each value split by the character."""
    rng = rng_of("invisible rows")

    def broken(text: str) -> str:
        return text[:5] + char + text[5:9] + char + text[9:]

    return [
        (
            str(n),
            broken(iban(rng)),
            broken(f"jane.roe{n}@contoso.com"),
            broken(valid("credit_card", rng)),
        )
        for n in range(60)
    ]


@pytest.mark.parametrize("code", [0x2061, 0xE0041])
def test_redaction_takes_the_invisible_characters_with_it(code: int) -> None:
    """A value that is split is replaced as a whole, and comes back as it was written."""
    classifier = GateClassifier(SETUP)
    written = chr(code).join(VALUES["iban"])
    sent = exchange(json.dumps({"note": f"pay {written} today"}))
    redacted = classifier.redact(sent, frozenset({"iban"}), "s.py")

    assert json.loads(redacted.body) == {"note": "pay <IBAN_1> today"}
    assert redacted.values == {"<IBAN_1>": written}
