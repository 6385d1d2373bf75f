"""A value is found beside its name however the two are parted, in eight languages, and counted."""

import json
from collections.abc import Callable
from functools import cache

import pytest
from families import with_each
from made_up_traffic import exchange, multipart
from paired_carriers import LABELS, PAIRED, called

from classifiers.engine import Engine, EngineSetup, build_worker
from classifiers.personal.vocabulary import telling_phrases
from classifiers.shapes import beside
from classifiers.shapes.stage import tables_in
from core.exchange import Exchange
from core.findings import NOT_INSPECTED, Finding, is_least
from core.organisation import Organisation

PEOPLE = 3
NO_RECORDS = frozenset(
    {"form", "form name value", "form numbered", "form key 1", "ini"}
    | {"python tuples", "json tuples", "json pairs", "flags", "toml", "toml quoted", "edn"}
)
"""Carriers in which values are found, and counted as values or more often, not as records."""


@cache
def engine() -> Engine:
    setup = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
    return build_worker(setup)


def found(sent: Exchange) -> dict[str, Finding]:
    seen = engine().classify(sent)
    assert not seen.degraded
    return {finding.kind: finding for finding in seen.findings if finding.kind != NOT_INSPECTED}


def prompt(text: str) -> Exchange:
    said = [{"role": "user", "content": f"Please check this:\n\n{text}\n\nThanks!"}]
    return exchange(json.dumps({"model": "gpt-4o", "messages": said}, ensure_ascii=False))


def assert_true_numbers(finding: Finding) -> None:
    """A number is right, or not told, or not above what it says is the least."""
    if finding.records is None:
        return
    if is_least(finding):
        assert finding.records <= PEOPLE, finding
    else:
        assert finding.records == PEOPLE, finding
        assert finding.subjects in {None, PEOPLE}, finding


@with_each("carrier", PAIRED)
def test_ten_personal_values_are_told_in_every_carrier(carrier: str) -> None:
    write, media_type = PAIRED[carrier]
    for language, names in LABELS.items():
        text = write(called(language, PEOPLE))
        for sent in (exchange(text, media_type), prompt(text)):
            told = found(sent)
            assert told.keys() == names.keys(), language
            for finding in told.values():
                assert_true_numbers(finding)
            if carrier not in NO_RECORDS:
                assert {told[kind].records for kind in names} == {PEOPLE}, language
                assert {told[kind].subjects for kind in names} == {PEOPLE}, language


@with_each("carrier", PAIRED)
def test_one_person_is_found_as_well(carrier: str) -> None:
    write, media_type = PAIRED[carrier]
    text = write(called("en", 1))
    for sent in (exchange(text, media_type), prompt(text)):
        assert found(sent).keys() == LABELS["en"].keys()


ALONE = {
    "a field of XML": ('<f name="dob">1990-04-02</f>', "date_of_birth"),
    "words in a field of XML": ('<f name="religion">Catholic</f>', "special_category"),
    "a condition": ("SELECT id FROM p WHERE dob='1990-04-02'", "date_of_birth"),
    "a condition in backticks": ("DELETE FROM p WHERE `dob` = '1990-04-02'", "date_of_birth"),
    "a setting": ('dob = "1990-04-02"', "date_of_birth"),
    "a line of a log": ("level=info dob=1990-04-02 status=7", "date_of_birth"),
    "an option": ("import --passport-number C01X4000H --dry", "passport"),
    "a setter": ('visitor.setDateOfBirth("1990-04-02")', "date_of_birth"),
    "a variable of GraphQL": ('query { a(dateOfBirth: "1990-04-02") { id } }', "date_of_birth"),
    "a definition": ("<dl><dt>Date of birth</dt><dd>1990-04-02</dd></dl>", "date_of_birth"),
    "a row": ("<tr><th>Date of birth</th><td>1990-04-02</td></tr>", "date_of_birth"),
    "an address of a page": ("see /people?dob=1990-04-02&page=3 for it", "date_of_birth"),
    "a form's pair": ("name=dob&value=1990-04-02", "date_of_birth"),
    "a span of values": (
        "SELECT id FROM p WHERE dob BETWEEN '1990-04-02' AND '1990-05-02'",
        "date_of_birth",
    ),
    "a list of values": ("SELECT id FROM p WHERE passport IN ('C01X4000H')", "passport"),
    "a value with its type": ("UPDATE p SET dob = DATE '1990-04-02'", "date_of_birth"),
    "a value made by a call": ("SET dob = TO_DATE('1990-04-02', 'YYYY-MM-DD')", "date_of_birth"),
    "a filter": ("/People?$filter=passport_number eq 'C01X4000H'", "passport"),
    "an operator in braces": ('db.p.find({dob: {$eq: "1990-04-02"}})', "date_of_birth"),
    "a date in numbers": ("Person(dob=date(1990, 4, 2))", "date_of_birth"),
    "braces": ("@person{a, dob = {1990-04-02}}", "date_of_birth"),
    "one dash": ("add -dob 1990-04-02 -v", "date_of_birth"),
    "a declared type": ('let passport: &str = "C01X4000H";', "passport"),
    "an arrow": ('p$passport <- "C01X4000H"', "passport"),
    "a quoted section": ('<f name="dob"><![CDATA[1990-04-02]]></f>', "date_of_birth"),
    "an element's own value": (
        '<Patient><birthDate value="1990-04-02"/></Patient>',
        "date_of_birth",
    ),
    "backticks": ("`dob`: `1990-04-02`", "date_of_birth"),
    "dots and a colon": ("DATE OF BIRTH.....: 1990-04-02", "date_of_birth"),
}


@pytest.mark.parametrize("what", ALONE)
def test_one_value_is_enough(what: str) -> None:
    text, kind = ALONE[what]
    assert kind in found(exchange(text, "text/plain"))
    assert kind in found(prompt(text))


HARMLESS = {
    "labels of an app": "<resources>"
    + "".join(
        f'<string name="{name}">{text}</string>'
        for name, text in {
            "full_name": "Full name",
            "date_of_birth": "Date of birth",
            "religion": "Religion",
            "passport_number": "Passport number",
            "phone": "Your phone",
            "surname": "Nachname",
        }.items()
    )
    + "</resources>",
    "an empty form": "<form>"
    + "".join(
        f'<label for="{n}">{n}</label><input name="{n}" value="" placeholder="{n}">'
        for n in ("dob", "surname", "passport_number", "religion")
    )
    + "</form>",
    "a statement with places for values": (
        "UPDATE people SET dob = '%s', surname = '?', religion = '{religion}' WHERE id = '$1'"
    ),
    "types of columns": "CREATE TABLE p (\n  dob date,\n  surname varchar(80),\n  phone text\n)",
    "code": (
        'surname = form.get("surname")\nperson.religion = choose("religion", options)\n'
        'phone = request.args["phone"]\nstatus_code_str = status.split(None, 1)[0]\n'
    ),
    "a package": "Metadata-Version: 2.1\nName: sortedcontainers\nVersion: 2.4.0\n",
    "the name of a thing": '<item name="name">pump</item><item name="title">Two</item>',
    "names of columns": '["full_name", "religion", "dob", "amount", "status"]',
    "questions without answers": "What is your religion?\nWhat is your full name?\nDate of birth:",
    "a question above a heading": "Which of these have no address?\n\n# A tibble: 5 x 6\n",
    "options of a tool": "usage: add [--dob DOB] [--surname SURNAME] [--phone PHONE]",
}


@pytest.mark.parametrize("what", HARMLESS)
def test_a_name_without_a_value_tells_nothing(what: str) -> None:
    text = HARMLESS[what]
    kind = "application/xml" if text.startswith("<") else "text/plain"
    assert found(exchange(text, kind)) == {}
    assert found(prompt(text)) == {}


JSON = {
    "an operator": ({"filter": {"dob": {"eq": "1990-04-02"}}}, "date_of_birth"),
    "a question's answer": (
        {"answers": {"3": {"text": "Date of birth", "answer": "1990-04-02"}}},
        "date_of_birth",
    ),
    "an answer of its type": (
        {"answers": [{"field": {"title": "Date of birth?"}, "date": "1990-04-02"}]},
        "date_of_birth",
    ),
    "a pair": ([["passport number", "C01X4000H"]], "passport"),
    "a trait": ({"attributes": [{"trait_type": "passport", "value": "C01X4000H"}]}, "passport"),
    "parts of a date": ({"dob": {"year": 1990, "month": 4, "day": 2}}, "date_of_birth"),
}


@pytest.mark.parametrize("what", JSON)
def test_json_names_a_value_in_many_ways(what: str) -> None:
    value, kind = JSON[what]
    assert found(exchange(json.dumps(value))).keys() == {kind}


@pytest.mark.parametrize(
    "value",
    [
        {"created": {"year": 2024, "month": 4, "day": 2}},
        [["full name", "status"]],
        [["full name", "status"], ["phone", "asap"]],
        {"answers": [{"text": "Your order", "answer": "1990-04-02"}]},
        {"filter": {"status": {"eq": "1990-04-02"}}},
    ],
)
def test_json_that_names_nothing_personal_tells_nothing(value: object) -> None:
    assert found(exchange(json.dumps(value))) == {}


def test_fields_of_a_form_may_name_one_another() -> None:
    parts = multipart(("name", None, None, b"passport number"), ("value", None, None, b"C01X4000H"))
    assert found(exchange(*parts)).keys() == {"passport"}


def asked(question: str, answer: str) -> list[Exchange]:
    said = [("assistant", question), ("user", answer)]
    openai = {"messages": [{"role": role, "content": text} for role, text in said]}
    google = {"contents": [{"role": role, "parts": [{"text": text}]} for role, text in said]}
    return [exchange(json.dumps(body)) for body in (openai, google)]


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [
        ("What is your date of birth?", "1990-04-02", "date_of_birth"),
        ("Thanks. Wie lautet Ihre Reisepassnummer?", "C01X4000H", "passport"),
        ("Any known diagnosis?", "Bronchial asthma", "health_data"),
        ("Your full name:", "Ada Albrecht", "person"),
    ],
)
def test_an_answer_is_what_was_asked_for(question: str, answer: str, kind: str) -> None:
    for sent in asked(question, answer):
        assert found(sent).keys() == {kind}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Shall I check the diagnosis?", "Yes, please do it"),
        ("What is your date of birth?", "Why do you ask?"),
        ("Which diagnosis do you mean?", "the one that we spoke of yesterday, as far as I know"),
        ("What would you like to do?", "1990-04-02"),
    ],
)
def test_an_answer_of_another_kind_tells_nothing(question: str, answer: str) -> None:
    for sent in asked(question, answer):
        assert found(sent) == {}


def test_rows_of_names_and_values_are_records() -> None:
    text = "id,field,value\n" + "".join(
        f"{n},{field},{value}\n"
        for n in range(3)
        for field, value in (("dob", f"199{n}-04-02"), ("passport", f"C01X400{n}H"))
    )
    for sent in (exchange(text, "text/csv"), prompt(text)):
        told = found(sent)
        assert {kind: told[kind].records for kind in told} == {"date_of_birth": 3, "passport": 3}


def test_cells_stand_where_their_values_do() -> None:
    text = 'first <f name="dob">1990-04-02</f> then passport_number="C01X4000H" at last'
    cells = [cell for table in tables_in(text) for row in table.rows for cell in row if cell]
    assert [text[cell.start : cell.end] for cell in cells] == ["1990-04-02", "C01X4000H"]


ACCENTS = str.maketrans("aceinouACEINOU", "áçêíñöúÁÇÊÍÑÖÚ")
SPELLINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "title": str.title,
    "snake": lambda name: name.replace(" ", "_"),
    "dashes": lambda name: name.replace(" ", "-"),
    "accents": lambda name: name.translate(ACCENTS),
    "accents and capitals": lambda name: name.upper().translate(ACCENTS),
}


def ends(name: str, behind: str) -> bool:
    """True when the search says that the name ends where it does."""
    return 1 + len(name) in beside._ends(f"\n{name}{behind}")


@pytest.mark.parametrize("behind", [": x", "=x", '" value="x"'])
def test_a_name_is_found_however_its_letters_are_written(behind: str) -> None:
    names = [name for name in telling_phrases() if ends(name, behind)]
    assert len(names) > 0.98 * len(telling_phrases())
    for spelling, write in SPELLINGS.items():
        assert [name for name in names if not ends(write(name), behind)] == [], spelling


def test_the_patterns_are_small() -> None:
    """Each gate and each worker compiles and holds them: thrice as large, they took 33 MB."""
    words = beside._words()
    searches = (words.search, words.goes_on, words.opens_row)
    assert sum(search.__self__.ProgramSize() for search in searches) < 80_000


@pytest.mark.parametrize("name", ["imię", "IMIĘ"])
def test_a_letter_that_latin_1_has_not_may_end_a_name(name: str) -> None:
    text = f'<pole name="{name}" value="Anna Nowak"/>'
    assert [pair.cell.text for pair in beside._pairs(text, ())] == ["Anna Nowak"]
