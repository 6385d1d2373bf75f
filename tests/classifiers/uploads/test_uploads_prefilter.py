"""The sieve: whatever the engine finds in a long text, it finds through the sieve, and mostly reads
far less.
"""

import base64
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from families import with_each
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_up_traffic import exchange
from paired_carriers import PAIRED, called
from personal_samples import iban, valid

from classifiers.codecs.charset import readable_runs
from classifiers.engine import Engine, EngineSetup
from classifiers.shapes import beside
from classifiers.uploads.prefilter import excerpt, regions
from classifiers.uploads.prefilter.regions import _beside
from core.organisation import Organisation
from examples import most
from tests.classifiers.credentials.test_credentials_detector import ASSIGNMENTS, PASSWORD, SECRETS
from tests.classifiers.personal.test_personal_detector import KEYED, PROSE

_BROKEN = [
    b"\xed\xa0\x80" * 9,
    b"\xff" * 40,
    b"\xe2\x82" * 9,
    "\u20ac".encode() * 9,
    b"\xf0\x9f" * 20,
]
"""Halves of surrogates and of letters, and what is none."""
IDS = tuple(
    (
        "us_ssn uk_nino br_cpf br_cnpj in_aadhaar in_pan de_tax_id fr_nir es_dni es_nie"
        " it_codice_fiscale nl_bsn pl_pesel pt_nif be_national_number se_personnummer"
        " no_fodselsnummer fi_hetu dk_cpr ch_ahv ro_cnp ca_sin au_tfn mx_curp za_id uk_nhs"
        " credit_card"
    ).split()
)
LABELS = (
    "",
    "SSN ",
    "tax id: ",
    "Ausweisnummer ",
    "número de identificación ",
    "card no. ",
    "order ",
)
WORDS = re.split(
    r" ",
    "the depot ships pallets in north 42.10 2026-01-02 and total rows are counted again, later: ok;"
    " see (below)",
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(
        EngineSetup(
            key=b"k" * 32, organisation=Organisation(words=("Blue Heron",)), long_tail=False
        )
    )


def planted() -> list[str]:
    """Return every positive example of the detectors' own tests, as running text."""
    rng = random.Random(11)
    plain = [text for text, _, _ in PROSE] + [secret for _, secret in SECRETS]
    plain += [frame.format(PASSWORD) for _, frame in ASSIGNMENTS]
    plain += [
        line
        for key, value, _ in KEYED
        for line in (f"{key}: {value}", f'  "{key}": "{value}",', f"x {key} {value}")
    ]
    plain += [label + valid(kind, rng) for kind in IDS for label in LABELS]
    plain += [
        "ann@acme.io",
        "write to bob.low@mail.contoso.com, or not",
        "git@host.example",
        "x@y z@acme.io 4539578763621486",
    ]
    plain += [iban(rng), "IBAN " + iban(rng), "project blue  heron starts"]
    hidden = "mail jane.roe@acme.co.uk and card 4539578763621486"
    plain += [
        base64.b64encode(hidden.encode()).decode(),
        hidden.encode().hex(),
        "id=jane.roe%40acme.co.uk ok",
    ]
    plain += [
        r"x \u006aane.roe\u0040acme.co.uk y",
        "card 4539\u20115787\u20116362\u20111486",
        "４５３９５７８７６３６２１４８６ card",
    ]
    plain += [
        "name;email;phone\nJane Roe;jane@acme.io;030 901820\nBob Low;bob@acme.io;030 901821\n\nend"
    ]
    return plain


PLANTED = planted()


def filler(rng: random.Random, lines: int) -> list[str]:
    return [" ".join(rng.choice(WORDS) for _ in range(rng.randrange(3, 14))) for _ in range(lines)]


def found(
    classify: Callable[[Any], Any], text: str, kind: str = "text/plain"
) -> dict[tuple[str, str, bool], Any]:
    """Return what was found: how often, and which values. Their order is that of reading, and the
    sieve reads lines first.
    """
    seen = classify(exchange(text, kind, host="files.example", path="/"))
    assert not seen.degraded
    return {
        (f.kind, f.detector, f.test_data): (
            f.count,
            f.distinct,
            f.records,
            frozenset(f.fingerprints),
        )
        for f in seen.findings
    }


def counted(classify: Callable[[Any], Any], text: str) -> dict[tuple[str, str, bool], Any]:
    """Return the same but for whether a value was seen as one of a table: lines that tell nothing
    may make rows with it by chance, and the sieve leaves them out.
    """
    return {
        (kind, detector.removesuffix("-columns"), test_data): (count, distinct, values)
        for (kind, detector, test_data), (count, distinct, _, values) in found(
            classify, text
        ).items()
    }


@with_each("seed", range(len(PLANTED)))
def test_every_known_example_is_found_through_the_sieve(engine: Engine, seed: int) -> None:
    """Each value that a detector's own tests know is found in a long text through the sieve, as
    without it.
    """
    rng = random.Random(seed)
    lines = filler(rng, 120)
    lines.insert(rng.randrange(20, 100), PLANTED[seed])
    text = "\n".join(lines)

    assert found(engine.classify_window, text) == found(engine.classify, text)


def test_each_example_alone_is_enough(engine: Engine) -> None:
    """The examples above do hold something: a comparison of nothing with nothing would prove
    nothing.
    """
    empty = [
        text for text in PLANTED if not found(engine.classify, "a line\n" + text + "\nanother")
    ]

    assert len(empty) < len(PLANTED) / 2, (len(empty), len(PLANTED))


@with_each("seed", range(len(PLANTED)))
def test_the_very_first_and_the_very_last_words_are_read(engine: Engine, seed: int) -> None:
    """A value with which a text begins or ends is found as one in its middle is."""
    lines = filler(random.Random(seed), 40)
    for text in ("\n".join([PLANTED[seed], *lines]), "\n".join([*lines, PLANTED[seed]])):
        assert found(engine.classify_window, text) == found(engine.classify, text)


@given(st.data(), st.integers(0, 10**6))
@settings(max_examples=most(150), deadline=None)
def test_planted_values_are_found_wherever_they_stand(
    engine: Engine, data: st.DataObject, seed: int
) -> None:
    """Several values at any places of a made-up text are found through the sieve, each as often as
    without it.
    """
    rng = random.Random(seed)
    lines = filler(rng, 60)
    for value in data.draw(st.lists(st.sampled_from(PLANTED), min_size=1, max_size=6)):
        at = data.draw(st.integers(0, len(lines)))
        joined = data.draw(st.booleans()) and at < len(lines) and "\n" not in value
        if joined:
            lines[at] = f"{lines[at]} {value} {lines[at]}"
        else:
            lines.insert(at, value)
    text = "\n".join(lines)

    assert counted(engine.classify_window, text) == counted(engine.classify, text)


@given(st.lists(st.sampled_from(PLANTED), min_size=1, max_size=4), st.integers(0, 10**6))
@settings(max_examples=most(80), deadline=None)
def test_a_single_endless_line_hides_nothing(engine: Engine, values: list[str], seed: int) -> None:
    """In text without line ends, too, the kinds found through the sieve are those found without
    it.
    """
    rng = random.Random(seed)
    words = " ".join(filler(rng, 300)).split(" ")
    for value in values:
        words.insert(rng.randrange(len(words)), value.replace("\n", " "))
    text = " ".join(words)

    assert found(engine.classify_window, text) == found(engine.classify, text)


@given(st.text(max_size=2000))
@example("\u0800" * 27 + "\ud7a4")
@settings(max_examples=most(150), deadline=None)
def test_any_text_gives_the_same_through_the_sieve(engine: Engine, text: str) -> None:
    """Whatever characters a text is made of, the sieve hides nothing in it; it may say of a part
    that it cannot be read, where the whole reads as text.
    """
    body = "a line of words\n" + text + "\nand one more"

    whole = found(engine.classify, body)
    sieved = found(engine.classify_window, body)
    assert {k: v for k, v in sieved.items() if k in whole or k[0] != "not_inspected"} == whole


def test_ordinary_text_is_hardly_read() -> None:
    """Text of words, dates and amounts needs no engine at all: that is what makes large uploads
    fast.
    """
    data = "\n".join(filler(random.Random(3), 2000)).encode()
    parts = regions(data, [])

    assert parts is not None
    assert len(excerpt(data, parts.lines)) < len(data) / 50
    assert parts.mailboxes == []


def test_random_bytes_hold_nothing_to_read() -> None:
    """Of random bytes only readable runs of some length remain, and no find is made up of them."""
    assert len(readable_runs(random.Random(5).randbytes(1 << 20))) < 20_000


def test_secrets_in_binary_data_are_found(engine: Engine) -> None:
    """A key inside binary data is found, and the record says that the rest was not read."""
    noise = random.Random(9)
    body = (
        noise.randbytes(40_000)
        + b"\0"
        + SECRETS[0][1].encode()
        + b"\0jane.roe@acme.co.uk\0"
        + noise.randbytes(40_000)
    )
    seen = engine.classify_window(exchange(body, "application/octet-stream", path="/"))

    assert [(f.kind, f.count) for f in seen.findings] == [
        ("email", 1),
        ("secret", 1),
        ("not_inspected", 1),
    ]


@pytest.mark.parametrize("kind", ["text/csv", "application/x-www-form-urlencoded", "text/plain"])
def test_tables_and_forms_are_read_as_what_they_are(engine: Engine, kind: str) -> None:
    """Columns and fields keep their names: such windows are read whole."""
    rows = "\n".join(f"{i};{valid('pl_pesel', random.Random(i))};note" for i in range(60))
    text = (
        "id;pesel;remark\n" + rows
        if kind != "application/x-www-form-urlencoded"
        else "email=jane%40acme.io&name=Jane+Roe"
    )

    assert found(engine.classify_window, text, kind) == found(engine.classify, text, kind) != {}


@with_each("way", sorted(PAIRED))
def test_names_beside_values_are_found_wherever_they_stand(engine: Engine, way: str) -> None:
    """Whatever a program writes between a name and its value, the sieve reads the two, and counts
    the same records and people.
    """
    lines = [f"worker {number} finished the job in good time" for number in range(60)]
    for language, place in (("en", 0), ("de", 30), ("es", 60), ("pl", 30)):
        written = PAIRED[way][0](called(language, 3))
        text = "\n".join([*lines[:place], "", written, "", *lines[place:]])
        assert found(engine.classify_window, text) == found(engine.classify, text) != {}, language


def test_two_values_far_apart_are_no_record(engine: Engine) -> None:
    """What the sieve brings together is not taken for one person's."""
    lines = [f"worker {number} finished the job in good time" for number in range(60)]
    text = "\n".join(["diagnosis: Type 2 diabetes", *lines, "fecha_de_nacimiento: 12/03/1981"])

    assert found(engine.classify_window, text) == found(engine.classify, text) != {}


@pytest.mark.parametrize("name", ["{}", "customer_{}", "{}-number", "person.{}", "export {}"])
def test_only_names_that_tell_are_looked_at(name: str) -> None:
    """Words that tell nothing alone, such as `number` or `status`, are none."""
    lines = [f'level=info status={n} line={n} type=a at="{n}" name.id={n}' for n in range(200)]
    telling = [f'{name.format("passport")} = "C01X{n}H"' for n in range(4000, 4003)]

    assert list(beside.places("\n".join(lines))) == []
    assert len(list(beside.places("\n".join([*lines[:50], *telling, *lines[50:]])))) == 1


ABBREVIATED = (
    "Pass-Nr.: C01X4000H",
    "Reisepass-Nr.: C01X4000H",
    "Geb.: 02.04.1990",
    "Geb.-Dat.: 02.04.1990",
    "Führerschein-Nr.: B072000X91",
    "Kto.-Nr.: 5402300716",
    "Pat.-Nr.: PT-700123",
    "Passport no. : C01X4000H",
    "Acct. no.: 5402300716",
    "Driv. lic. no.: B072000X91",
    "Date naiss.: 02/04/1990",
    "F. de nac.: 02/04/1990",
    "D. nasc.: 02/04/1990",
    "Paspoortnr.: NXA1B2C34",
    "Rijbewijsnr.: 5234567890",
    "Data ur.: 02.04.1990",
    "N. passaporto: YA1234567",
)
"""Labels that are cut short with a dot, in eight languages."""


@pytest.mark.parametrize("line", ABBREVIATED)
def test_a_label_may_be_cut_short_with_a_dot(engine: Engine, line: str) -> None:
    lines = [f"worker {number} finished the job in good time" for number in range(60)]
    assert counted(engine.classify_window, line) == counted(engine.classify, line) != {}
    for text in (f"Hello,\n{line}\nThanks", "\n".join([*lines[:30], line, *lines[30:]])):
        whole = found(engine.classify, text)
        assert found(engine.classify_window, text) == whole != {}, line


@pytest.mark.parametrize(
    "line",
    ["No.: 5402300716", "e.g.: C01X4000H", "Nr.: 02.04.1990", "app.pass.nr: off", "cf. p.: 7"],
)
def test_a_short_word_alone_announces_nothing(engine: Engine, line: str) -> None:
    assert found(engine.classify, f"Hello,\n{line}\nThanks") == {}


@settings(max_examples=most(200), deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=9), st.sampled_from(_BROKEN)), max_size=9))
def test_places_beside_names_are_those_of_the_bytes(before: list[bytes]) -> None:
    """Whatever stands before it, also bytes that are no letter or half of one: the place of a name
    with its value is where these bytes are.
    """
    told = b"date of birth: 12.03.1980"
    data = b"".join(before).replace(b"\n", b"") + b"\n\n" + told + b"\n"
    found = [data[start:end] for start, end in _beside(data)]
    assert any(told in one for one in found)
