"""Names that stand apart from their rows, and beside values with words of names in them."""

import json
from functools import cache

from families import with_each
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup
from classifiers.shapes.stage import tables_in
from core.findings import NOT_INSPECTED, Finding
from core.organisation import Organisation

ROWS = (
    ("Swantje Vollmer", "swantje@mail-box.example", "0171/7417718", "20.06.1953", "C3"),
    ("Lothar Hofer", "lothar.hofer@posteo.example", "0160/2832532", "10.06.1968", "A1"),
    ("Ines Brandt", "brandt@email.example", "0176/3305440", "16.03.1966", "A1"),
)
KINDS = {"person", "email", "phone", "date_of_birth"}
NAMES = {
    "en": ("Client", "E-mail", "Phone", "Date of birth", "Tier"),
    "de": ("Kunde", "Mailadresse", "Handy", "Geburtstag", "Tarif"),
    "fr": ("Nom du client", "Courriel", "Portable", "Date de naissance", "Palier"),
    "es": ("Nombre del cliente", "Correo", "Teléfono", "Fecha de nacimiento", "Nivel"),
    "pt": ("Nome do cliente", "E-mail", "Telemóvel", "Data de nascimento", "Escalão"),
    "it": ("Nome e cognome", "E-mail", "Cellulare", "Data di nascita", "Fascia"),
    "nl": ("Naam klant", "Mailadres", "Mobiel", "Geboortedatum", "Trede"),
    "pl": ("Imię i nazwisko", "Adres e-mail", "Telefon", "Data urodzenia", "Próg"),
}
KEYS = ["client_name", "email", "phone", "birth_date", "tier"]
LITERALS = (
    "df = pd.DataFrame({rows}, columns={names})",
    "df = pd.DataFrame.from_records({rows},\n    columns={names})",
    "df = spark.createDataFrame({rows}, {names})",
    "columns = {names}\nrows = {rows}",
    "rows = {rows}\ndf = pd.DataFrame(rows, columns={names})",
    "pl.DataFrame({rows}, schema={names}, orient='row')",
)
OTHERS = (
    "x = [[1, 2], [3, 4]]; y = ['name', 'email']",
    "pd.DataFrame([('pump', 'A1'), ('valve', 'B2')], columns=['part', 'tier'])",
    "f([['a', 'b'], ['c', 'd']], ['phone'])",
)


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def found(text: str) -> list[Finding]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    seen = engine().classify(exchange(json.dumps(body, ensure_ascii=False)))
    return [finding for finding in seen.findings if finding.kind != NOT_INSPECTED]


def is_exact(findings: list[Finding]) -> bool:
    """True for every kind, each counted once a row and told of as many people."""
    told = {f.kind: (f.count, f.records, f.subjects) for f in findings}
    return told == dict.fromkeys(KINDS, (3, 3, 3))


@with_each("literal", LITERALS)
@with_each("rows", (list(ROWS), list(map(list, ROWS))))
def test_names_that_stand_apart_from_their_rows_name_them(literal: str, rows: object) -> None:
    """As data frames are made: the rows, and the names of the columns before or behind them."""
    text = literal.format(rows=repr(rows), names=repr(KEYS))
    assert is_exact(found(f"Why is this slow?\n{text}\nThanks"))


@with_each("text", OTHERS)
def test_lists_that_are_no_names_of_rows_name_none(text: str) -> None:
    """As many as there are columns, words, and one of them tells; figures tell nothing."""
    assert found(text) == []


@with_each("language", NAMES)
@with_each("first", range(5))
def test_a_turned_table_is_read_whatever_its_addresses_are_called(
    language: str, first: int
) -> None:
    """`mail` in an address is no name of a column: rows of names beside values, in any order."""
    columns = list(zip(NAMES[language], *ROWS, strict=True))
    columns = columns[first:] + columns[:first]
    lines = "\n".join(",".join(column) for column in columns)
    marked = "\n".join("| " + " | ".join(column) + " |" for column in columns)
    head = "| | 1 | 2 | 3 |\n|---|---|---|---|"
    for text in (lines, f"{head}\n{marked}"):
        assert is_exact(found(f"See below:\n{text}\n")), text


def test_the_pair_is_one_table() -> None:
    """Its place covers the rows and their names."""
    text = f"pd.DataFrame({list(ROWS)!r}, columns={KEYS!r})"
    (table,) = tables_in(text)
    assert list(table.columns) == KEYS
    assert len(table.rows) == 3
