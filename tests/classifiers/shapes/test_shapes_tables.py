"""Tables are found in whatever shape they are pasted, in eight languages, and counted exactly."""

import json
from functools import cache

import pytest
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_traffic import exchange
from table_set import FIRST, LANGUAGES, LAST, SHAPES, Sample, prompt, sample

from classifiers.engine import Engine, EngineSetup
from classifiers.personal import PersonalDetector
from classifiers.shapes.stage import tables_in
from core.exchange import Exchange
from core.findings import NOT_INSPECTED, Finding
from core.organisation import Organisation
from examples import most


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def chat(text: str) -> Exchange:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return exchange(json.dumps(body, ensure_ascii=False))


def found(text: str) -> list[Finding]:
    seen = engine().classify(chat(text))
    assert not seen.degraded
    return [finding for finding in seen.findings if finding.kind != NOT_INSPECTED]


@with_each("language", LANGUAGES)
@with_each("shape", SHAPES)
def test_a_pasted_table_is_told_by_kinds_rows_and_people(shape: str, language: str) -> None:
    """Each kind in a table is found, with how many rows hold it and how many people they are of."""
    table = sample(language, list(SHAPES).index(shape))
    findings = found(prompt(shape, table))

    assert {finding.kind for finding in findings} == table.kinds
    assert max(finding.records or 0 for finding in findings) == len(table.rows)
    assert {finding.subjects for finding in findings} == {table.people}


PEOPLE = [
    (f"{first} {last}", f"{first.lower()}{n}@kontor{n % 3}.com")
    for n, (first, last) in enumerate(zip(FIRST[:6], LAST[:6], strict=True))
]
NAMES, MAILS = zip(*PEOPLE, strict=True)
_WIDE = [f"m{n}" for n in range(30)]
OTHER_SHAPES = {
    "objects as Python prints them": "["
    + ", ".join(f"User(name={n!r}, email={m!r})" for n, m in PEOPLE)
    + "]",
    "hashes of Ruby": f"[{', '.join(f'{{:name=>"{n}", :email=>"{m}"}}' for n, m in PEOPLE)}]",
    "arrays of PHP": "".join(
        ["[\n", *(f"  ['name' => '{n}', 'email' => '{m}'],\n" for n, m in PEOPLE), "]"]
    ),
    "tables of TOML": "\n".join(
        f'[[user]]\nname = "{n}"\nemail = "{m}"\n' for n, m in PEOPLE
    ),
    "payments in XML": "".join(
        f"<Tx><Cdtr><Nm>{n}</Nm></Cdtr><Ctct><Id><EmailAdr>{m}</EmailAdr></Id></Ctct></Tx>"
        for n, m in PEOPLE
    ),
    "double bars": "|| Name || E-mail ||\n" + "\n".join(f"| {n} | {m} |" for n, m in PEOPLE),
    "names beside": ",".join(["Name", *NAMES]) + "\n" + ",".join(["E-mail", *MAILS]),
    "a short row": "name,mail,x\n"
    + "\n".join(f"{n},{m}" + ("" if at == 2 else ",7") for at, (n, m) in enumerate(PEOPLE)),
    "types below the names": "name|e_mail\nvarchar|varchar\n"
    + "\n".join(f"{n}|{m}" for n, m in PEOPLE),
    "sixty columns": ",".join([*_WIDE, "Full name", *(f"v{n}" for n in range(28)), "E-mail"])
    + "".join("\n" + ",".join(["1"] * 30 + [n] + ["2"] * 28 + [m]) for n, m in PEOPLE),
    "short forms": "Vers.-Nr.;Versicherte Person;E-Mail dienstl.\n"
    + "\n".join(f"{at};{n};{m}" for at, (n, m) in enumerate(PEOPLE)),
}  # fmt: skip


@pytest.mark.parametrize("shape", OTHER_SHAPES)
def test_rows_of_other_languages_and_odd_tables_are_read(shape: str) -> None:
    """Records as other programs print them, and tables with odd headers or rows, are counted."""
    findings = found(f"Please check:\n\n{OTHER_SHAPES[shape]}\n\nThank you.")
    assert {f.kind: (f.records, f.subjects) for f in findings} == {
        "person": (6, 6),
        "email": (6, 6),
    }


def test_rows_that_name_records_by_number_are_no_names_beside() -> None:
    """A first column of record numbers names nothing, though its letters announce some."""
    rows = "\n".join(f"MRN10000{at},{n},{m}" for at, (n, m) in enumerate(PEOPLE))
    (mails,) = [f for f in found(f"MRN,Patient,Mail\n{rows}\n") if f.kind == "email"]
    assert (mails.records, mails.subjects) == (6, 6)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_value_of_a_pasted_table_counts_twice(shape: str) -> None:
    """As many occurrences are told as there are cells, however else the text is read."""
    table = sample("en", 500 + list(SHAPES).index(shape))
    counts = {finding.kind: finding.count for finding in found(prompt(shape, table))}

    assert counts == dict.fromkeys(table.kinds, len(table.rows))


@pytest.mark.parametrize("shape", SHAPES)
def test_cells_stand_where_they_say(shape: str) -> None:
    """Each cell's place in the text is the place of its value, so that it can be redacted."""
    text = prompt(shape, sample("fr", 7))
    tables = tables_in(text)
    assert tables
    for table in tables:
        for row in table.rows:
            assert len(row) == len(table.columns)
            for cell in filter(None, row):
                assert table.start <= cell.start < cell.end <= table.end
                assert cell.text[:3].replace("'", "") in text[cell.start : cell.end].replace(
                    "'", ""
                )


@pytest.mark.parametrize("shape", SHAPES)
def test_values_in_pasted_tables_can_be_redacted(shape: str) -> None:
    """Whoever asks for the places of values in a table gets those of every kind in it."""
    table = sample("de", 900 + list(SHAPES).index(shape))
    from classifiers.payload import Payload, Segment

    hits = PersonalDetector().detect(Payload(segments=[Segment(prompt(shape, table), "content")]))
    assert table.kinds <= {hit.kind for hit in hits}


@pytest.mark.parametrize(
    ("text", "kinds", "records"),
    [
        ("Check:\nid,bsn,bedrag\n1,019454193,5\n2,123456782,9", {"nl_bsn"}, 2),
        ('n°,nom complet\n1,"Roe, Jane"\n2,"Poe, Bob"\n', {"person"}, 2),
        ("2nd phone;note\n+44 20 7946 0958;x\n+44 20 7946 0959;y\n", {"phone"}, 2),
        ("Field,Value\nFull name,Jane Roe\nE-mail,jane@contoso.org\n", {"person", "email"}, 1),
        ("name=Jane Roe; email=jane@contoso.org", {"person", "email"}, 1),
        (
            "name  email\nJane  jane@contoso.org\n...   ...\nBob   bob@contoso.org\n\n"
            "[200 rows x 2 columns]",
            {"person", "email"},
            2,
        ),
    ],
)
def test_odd_headers_and_forms_are_read(text: str, kinds: set[str], records: int) -> None:
    """One telling header is enough; headers may begin with a digit; quoted commas part nothing."""
    findings = [finding for finding in found(text) if not finding.test_data]
    assert {f.kind for f in found(text)} == kinds
    assert max(f.records or 0 for f in findings or found(text)) == records


@pytest.mark.parametrize("rows", [999, 1_000, 1_001])
@pytest.mark.parametrize("late", [True, False])
def test_a_column_is_sampled_to_its_end(rows: int, late: bool) -> None:
    """Values that only the second half of a table holds are found, and counted."""
    empty, full = ["n/a"] * 1_000, ["DE75512108001245126199"] * rows
    cells = empty + full if late else full + empty
    body = "id,iban\n" + "\n".join(f"{number},{cell}" for number, cell in enumerate(cells))
    findings = engine().classify(exchange(body, "text/csv")).findings
    assert [(f.kind, f.count) for f in findings if f.kind != NOT_INSPECTED] == [("iban", rows)]


NO_TABLES = {
    "code": "def f(name, address):\n    return name, address\n\nf(name, phone)\nf(name, email)\n",
    "imports": "from x import (\n    name,\n    email,\n    phone,\n)\n",
    "keywords": "User(name=name, email=email)\nUser(name=first, email=other)\n",
    "orders": "order,total,status\n4539578763621486,12,open\n536904399,13,open\n7,8,9\n",
    "logs": "2026-01-01 10:00:00,123 INFO a, b\n2026-01-01 10:00:01,124 INFO c, d\n" * 4,
    "prose": "First, we meet. Then, we talk.\nLater, we eat. After, we go.\nSo, we end. Well, bye.\n",
    "statement": "INSERT INTO users (name, email) VALUES (?, ?);\nINSERT INTO u (name) VALUES (%s);",
    "schema": '{"properties": {"customer_name": {"type": "string", "title": "Customer name"},'
    ' "email": {"type": "string", "title": "E-mail"}}}',
    "pipeline": "steps:\n  - name: Run Tests\n    uses: a/b@v4\n  - name: Deploy It\n    uses: c/d@v3\n",
    "trace": 'File "a.py", line 3, in f\nFile "b.py", line 4, in g\nFile "c.py", line 5, in h\n',
    "ledger": "date | amount | ref\n2026-01-02 | 12.50 | 99\n2026-01-03 | 13.50 | 98\n",
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_only_looks_like_a_table_tells_nothing(name: str) -> None:
    """Code, logs, orders, schemas and prose have columns and names, and nobody in them."""
    assert found(NO_TABLES[name]) == []


@given(st.text(alphabet="name,emil@;:|\t\n\r -'\"=<>td/r(){}[]\\&1.0", max_size=300))
@settings(max_examples=most(400), deadline=None)
def test_any_text_is_read_without_failing(text: str) -> None:
    """No mess of signs makes the stage fail, and tables never overlap."""
    end = 0
    for table in tables_in(text):
        assert table.start >= end
        end = max(end, table.end)
        assert all(len(row) == len(table.columns) for row in table.rows)


@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 400), st.integers(0, 40))
@settings(max_examples=most(200), deadline=None)
def test_a_cut_table_is_read_without_failing(shape: str, cut: int, seed: int) -> None:
    """A table that ends anywhere is read as far as it goes."""
    text = prompt(shape, sample("pl", seed))
    tables_in(text[: len(text) * cut // 400])


@pytest.mark.parametrize("name", ["-", "/", "- -", "-/-", "--"])
def test_a_name_of_strokes_over_a_column_hides_no_table(name: str) -> None:
    """Many a table says with a stroke that a column has no name."""
    rows = "".join(f"| {who} | 1 | {mail} |\n" for who, mail in PEOPLE)
    findings = found(f"Please mail these:\n\n| name | {name} | e-mail |\n|---|---|---|\n{rows}")
    assert {one.records for one in findings if one.kind == "email"} == {len(PEOPLE)}


def test_the_set_is_what_it_says(sampled: int = 40) -> None:
    """The made-up tables repeat some people, and hold four kinds each."""
    made: list[Sample] = [sample(language, n) for language in LANGUAGES for n in range(sampled)]
    assert all(len(table.kinds) == 4 for table in made)
    assert any(table.people < len(table.rows) for table in made)


@pytest.mark.parametrize(
    "columns",
    [
        '"Name", "E-mail (work)", "IBAN (SEPA)"',
        "`Name`, `E-mail, work`, `Bank account (IBAN)`",
        "[Name], [E-mail (work), new], [IBAN)]",
        "Name, Email, IBAN",
    ],
)
def test_names_of_columns_may_hold_brackets_and_commas(columns: str) -> None:
    """A column is called what its quotes say, and rows are read beyond it."""
    rows = ", ".join(
        f"('{name}', '{name[0]}@kontor.com', '{iban}')"
        for name, iban in (
            ("Anna Weber", "DE02120300000000202051"),
            ("Jan Kowalski", "DE02500105170137075030"),
            ("Maria Rossi", "DE02100500000054540402"),
        )
    )
    numbers = {f.kind: f.records for f in found(f"INSERT INTO people ({columns}) VALUES {rows};")}
    assert numbers == {"person": 3, "email": 3, "iban": 3}


def test_a_cell_that_holds_several_values_hides_none() -> None:
    """Rows that were cut wrongly and cells with two addresses count for all that is in them."""
    people = ("Anna Weber", "Jan Kowalski", "Maria Rossi")
    rows = "".join(f"{who},{who[0]}@a.com {who[0]}2@b.com\n" for who in people)
    counts = {f.kind: f.count for f in found(f"Please check:\nname,email\n{rows}\nThanks")}
    assert counts["email"] == 6


@pytest.mark.parametrize(
    "dressed",
    [
        *("**{}**", "*{}*", "__{}__", "_{}_", "`{}`", "~~{}~~", "***{}***", "**`{}`**", "** {} **"),
        *("<b>{}</b>", "<strong>{}</strong>", "[{}](#a)", "**[{}](https://wiki.example/x)**"),
    ],
)
def test_names_of_columns_may_be_bold_code_or_links(dressed: str) -> None:
    """However all heads of a table in Markdown are dressed, they are the names of its columns."""
    heads = " | ".join(map(dressed.format, ("Name", "Geburtsdatum", "IBAN")))
    text = (
        f"Bitte prüfen:\n\n| {heads} |\n|---|:--|--:|\n"
        "| Uwe Albrecht | 03.04.1981 | DE02120300000000202051 |\n"
        "| Sabine Krüger | 22.12.1979 | DE02500105170137075030 |\n"
    )
    numbers = {f.kind: f.records for f in found(text)}
    assert numbers == {"person": 2, "date_of_birth": 2, "iban": 2}


@pytest.mark.parametrize("heads", ["**a** | *b*", "<> | []()", "****| __", "* | _ | `"])
def test_signs_alone_are_no_names(heads: str) -> None:
    """What is left of signs is what was there."""
    assert tables_in(f"| {heads} |\n|---|---|\n| one two | three four |\n") == []


LABELLED = {
    "en": ("Patient: Margaret Holloway", "DOB: 03/14/1958"),
    "de": ("Patientin: Sabine Krüger", "Geburtsdatum: 22.12.1979"),
    "fr": ("Nom : Hélène Carpentier", "Date de naissance : 02/11/1949"),
    "es": ("Paciente: Carmen Ibáñez", "Fecha de nacimiento: 23/05/1972"),
    "it": ("Paziente: Giovanni Brambilla", "Data di nascita: 17/09/1966"),
    "pt": ("Nome completo: Teresa Figueiredo", "Data de nascimento: 08/02/1955"),
    "nl": ("Patiënt: Willem de Graaf", "Geboortedatum: 30-01-1943"),
    "pl": ("Pacjent: Zbigniew Kaczmarek", "Data urodzenia: 12.08.1961"),
}
PARTED_BY = ("  ", "   ", "\t", ", ", "; ", " | ", " / ", " - ", " – ", " · ")


@with_each("language", LABELLED)
@with_each("parted", PARTED_BY)
def test_two_labels_on_one_line_tell_both(language: str, parted: str) -> None:
    """Whatever parts them, alone in a text and between other lines, in either order."""
    one, other = LABELLED[language]
    for line in (f"{one}{parted}{other}", f"{other}{parted}{one}"):
        for text in (line, f"Note\n{line}\nS: three days of cough."):
            numbers = {f.kind: f.records for f in found(text)}
            assert numbers == {"person": 1, "date_of_birth": 1}


@with_each(
    "line",
    (
        "Name: nginx  Version: 1.25  Port: 443",
        "Patient: stable, Diagnosis: pending",
        "Status: Open  Name: Release Train / Team: Blue",
        "Ratio: 3 / 4, Time: 12:30  Name: Lunch Break",
        "Note: call us - Name: see below",
    ),
)
def test_two_labels_of_things_on_one_line_tell_nobody(line: str) -> None:
    """A label alone makes no person of a thing."""
    assert found(line) == []


BESIDE = {
    "BSN": ("276543218", "299999994"),
    "NIR": ("295117523456725", "168057512345611"),
    "PESEL": ("44051401359", "02070803628"),
    "DNI": ("12345678Z", "87654321X"),
    "Codice fiscale": ("RSSMRA85T10A562S", "BRMGNN66P17F205C"),
    "MRN": ("4471902", "4471903"),
    "Passport no": ("C01X00T47", "K9382716"),
    "NHS number": ("943 476 5919", "401 023 2137"),
}


@with_each("name", ("Name", "Naam", "Nom", "Nombre", "Nome", "Imię i nazwisko"))
@with_each("number", BESIDE)
def test_a_name_beside_a_number_of_a_person_is_a_persons(name: str, number: str) -> None:
    """Each number that only people have makes the bare `Name` beside it somebody's."""
    one, other = BESIDE[number]
    text = (
        f"| {name} | {number} |\n|:--|--:|\n| Joost Vermeulen | {one} |\n| Anouk Prins | {other} |"
    )
    assert {f.kind: f.records for f in found(text)}.get("person") == 2


@with_each("number", ("NIP", "CNPJ", "Partita IVA", "ABN", "UTR", "IMO", "Version", "Port"))
def test_a_name_beside_a_number_of_firms_and_things_is_nobodys(number: str) -> None:
    """Firms, ships and programs have names and numbers as well."""
    text = (
        f"| Name | {number} |\n|--|--|\n| Blue Harbour | 5260250995 |\n| Nord Mills | 7740001454 |"
    )
    assert "person" not in {f.kind for f in found(text)}


@with_each("name", ("Nr konta", "Numer rachunku", "Rachunek bankowy", "Account number"))
def test_a_polish_account_without_its_country_is_an_account(name: str) -> None:
    """Twenty-six digits that are an IBAN with `PL` before them; with a wrong one they are none."""
    digits = "61109010140000071219812874"
    cut = [digits[:2], *(digits[at : at + 4] for at in range(2, 26, 4))]
    for written in (digits, " ".join(cut), "-".join(cut)):
        table = f"| Pracownik | {name} |\n|---|---|\n| Jan Król | {{}} |\n| Ewa Lis | {{}} |"
        assert {f.kind for f in found(table.format(written, written))} == {"person", "bank_account"}
        wrong = written[:-1] + "5"
        assert {f.kind for f in found(table.format(wrong, wrong))} == {"person"}
    assert {f.kind for f in found(f"Proszę o przelew, {name}: {' '.join(cut)}.")} == {
        "bank_account"
    }
    wrong = f"Proszę o przelew, {name}: {' '.join(cut)[:-1]}5."
    assert "bank_account" not in {f.kind for f in found(wrong)}
