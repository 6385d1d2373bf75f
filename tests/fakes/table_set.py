"""Made-up tables of people in eight languages, written in every shape that people paste: values
with valid check digits that belong to nobody.
"""

import csv
import html
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from personal_samples import birth, digits, iban, valid
from table_markup import asciidoc, dput, mediawiki, tibble

FIRST = "Ada Bruno Clara Dario Elif Farid Greta Hugo Ines Jonas Kira Luca Marta Nora Oskar".split()
LAST = "Albrecht Brandt Costa Dupont Ekström Fontaine García Hofer Ibsen Jansen Kowalski".split()

LANGUAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "person": ("Full name", "Customer name", "Employee name"),
        "email": ("E-mail", "Email address", "email"),
        "phone": ("Phone", "Mobile number", "Telephone no."),
        "iban": ("IBAN", "Bank account (IBAN)"),
        "date_of_birth": ("Date of birth", "DOB", "Birthday"),
        "uk_nhs": ("NHS number", "NHS no"),
        "note": ("Amount", "Department", "Status"),
        "ask": ("Please check this list:", "Which of these have no address?"),
    },
    "de": {
        "person": ("Vor- und Nachname", "Name des Kunden", "Kundenname"),
        "email": ("E-Mail", "E-Mail-Adresse", "Mailadresse"),
        "phone": ("Telefon", "Handynummer", "Rufnummer", "Mobil"),
        "iban": ("IBAN", "Kontoverbindung IBAN"),
        "date_of_birth": ("Geburtsdatum", "geb. am", "Geb.-Datum"),
        "de_tax_id": ("Steuer-ID", "Steueridentifikationsnummer"),
        "note": ("Betrag", "Abteilung", "Status"),
        "ask": ("Bitte prüfe diese Liste:", "Wer davon fehlt noch?"),
    },
    "fr": {
        "person": ("Nom complet", "Nom et prénom", "Nom du client"),
        "email": ("Courriel", "Adresse e-mail", "Mél"),
        "phone": ("Téléphone", "N° de téléphone", "Portable"),
        "iban": ("IBAN", "Compte IBAN"),
        "date_of_birth": ("Date de naissance", "Né(e) le", "Naissance"),
        "fr_nir": ("N° de sécurité sociale", "NIR"),
        "note": ("Montant", "Service", "Statut"),
        "ask": ("Merci de vérifier cette liste :", "Résume ces clients :"),
    },
    "es": {
        "person": ("Nombre completo", "Nombre y apellidos", "Nombre del cliente"),
        "email": ("Correo electrónico", "Correo", "E-mail"),
        "phone": ("Teléfono", "Móvil", "N.º de teléfono"),
        "iban": ("IBAN", "Cuenta IBAN"),
        "date_of_birth": ("Fecha de nacimiento", "F. nacimiento", "Nacimiento"),
        "es_dni": ("DNI", "NIF"),
        "note": ("Importe", "Departamento", "Estado"),
        "ask": ("Revisa esta lista, por favor:", "¿Quién falta aquí?"),
    },
    "pt": {
        "person": ("Nome completo", "Nome do cliente", "Nome do funcionário"),
        "email": ("E-mail", "Correio eletrónico", "Endereço de e-mail"),
        "phone": ("Telefone", "Telemóvel", "Celular"),
        "iban": ("IBAN", "Conta IBAN"),
        "date_of_birth": ("Data de nascimento", "Nascimento", "Data nasc."),
        "br_cpf": ("CPF", "CPF do cliente"),
        "note": ("Valor", "Departamento", "Estado"),
        "ask": ("Verifique esta lista, por favor:", "Quem falta aqui?"),
    },
    "it": {
        "person": ("Nome e cognome", "Nome completo", "Nominativo"),
        "email": ("E-mail", "Posta elettronica", "Indirizzo e-mail"),
        "phone": ("Telefono", "Cellulare", "N. di telefono"),
        "iban": ("IBAN", "Conto IBAN"),
        "date_of_birth": ("Data di nascita", "Nato il", "Nascita"),
        "it_codice_fiscale": ("Codice fiscale", "Cod. fiscale"),
        "note": ("Importo", "Reparto", "Stato"),
        "ask": ("Controlla questa lista, per favore:", "Chi manca qui?"),
    },
    "nl": {
        "person": ("Volledige naam", "Naam klant", "Voor- en achternaam"),
        "email": ("E-mailadres", "E-mail", "Mailadres"),
        "phone": ("Telefoonnummer", "Mobiel", "Tel.nr."),
        "iban": ("IBAN", "Rekening IBAN"),
        "date_of_birth": ("Geboortedatum", "Geboren op", "Geb. datum"),
        "nl_bsn": ("BSN", "Burgerservicenummer"),
        "note": ("Bedrag", "Afdeling", "Status"),
        "ask": ("Controleer deze lijst even:", "Wie ontbreekt hier?"),
    },
    "pl": {
        "person": ("Imię i nazwisko", "Nazwisko i imię", "Imię i nazwisko klienta"),
        "email": ("E-mail", "Adres e-mail", "Poczta elektroniczna"),
        "phone": ("Telefon", "Nr telefonu", "Numer komórkowy"),
        "iban": ("IBAN", "Rachunek IBAN"),
        "date_of_birth": ("Data urodzenia", "Urodzony", "Data ur."),
        "pl_pesel": ("PESEL", "Nr PESEL"),
        "note": ("Kwota", "Dział", "Status"),
        "ask": ("Sprawdź proszę tę listę:", "Kogo tu brakuje?"),
    },
}
"""What people write over their columns, and before a table."""

PHONES = {
    "en": lambda r: f"07{r.choice('4579')}{digits(r, 2)} {digits(r, 6)}",
    "de": lambda r: f"0151 {r.randrange(10, 99)}{digits(r, 6)}",
    "fr": lambda r: f"06 {digits(r, 2)} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)}",
    "es": lambda r: f"6{digits(r, 2)} {digits(r, 3)} {digits(r, 3)}",
    "pt": lambda r: f"+351 91{digits(r, 1)} {digits(r, 3)} {digits(r, 3)}",
    "it": lambda r: f"34{digits(r, 1)} {digits(r, 7)}",
    "nl": lambda r: f"06-{r.randrange(10, 49)}{digits(r, 6)}",
    "pl": lambda r: f"60{r.randrange(1, 9)} {digits(r, 3)} {digits(r, 3)}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One table with what is true of it."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: frozenset[str]
    people: int
    ask: str


def sample(language: str, seed: int) -> Sample:
    """Return a table: three to fourteen rows, some people in two of them."""
    rng = random.Random(f"{language}{seed}")
    words = LANGUAGES[language]
    national = next(kind for kind in words if kind.count("_") and kind != "date_of_birth")
    kinds = ["person", *rng.sample(["email", "phone", "iban", "date_of_birth", national], 3)]
    names = ["Id" if rng.random() < 0.5 else "Nr", *(rng.choice(words[k]) for k in kinds)]
    names.append(rng.choice(words["note"]))
    people = [_person(rng, language, kinds, number) for number in range(rng.randrange(3, 13))]
    drawn = people + rng.sample(people, rng.choice((0, 0, 1, 2)))
    rows = [
        (str(number), *person, rng.choice(("12,50", "open", "7", "B2")))
        for number, person in enumerate(drawn, 1)
    ]
    return Sample(
        names=tuple(names),
        rows=tuple(rows),
        kinds=frozenset(kinds),
        people=len(people),
        ask=rng.choice(words["ask"]),
    )


def _person(rng: random.Random, language: str, kinds: Sequence[str], number: int) -> list[str]:
    first, last = FIRST[number % len(FIRST)], LAST[(number * 7 + rng.randrange(3)) % len(LAST)]
    name = f"{last}, {first}" if rng.random() < 0.15 else f"{first} {last}"
    made: dict[str, Callable[[], str]] = {
        "person": lambda: name,
        "email": lambda: f"{first.lower()}.{number}{rng.randrange(99)}@kontor{number % 5}.com",
        "phone": lambda: PHONES[language](rng),
        "iban": lambda: iban(rng, {"en": "DE", "pt": "DE"}.get(language, "DE")),
        "date_of_birth": lambda: birth(rng).strftime(rng.choice(("%d.%m.%Y", "%Y-%m-%d"))),
    }
    return [made[kind]() if kind in made else valid(kind, rng) for kind in kinds]


# -- shapes


def _delimited(delimiter: str, *, quote: bool = False) -> Callable[[Sample], str]:
    def write(table: Sample) -> str:
        out = io.StringIO()
        writer = csv.writer(
            out, delimiter=delimiter, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL
        )
        writer.writerows([table.names, *table.rows])
        return out.getvalue()

    return write


def _dicts(table: Sample) -> list[dict[str, str]]:
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def _frame(table: Sample, *, index: bool = True) -> str:
    grid = [("", *table.names)] + [(str(n), *row) for n, row in enumerate(table.rows)]
    grid = grid if index else [row[1:] for row in grid]
    widths = [max(len(row[n]) for row in grid) for n in range(len(grid[0]))]
    gap = "  " if index else " "
    return "\n".join(
        gap.join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in grid
    )


def _left(table: Sample, rule: str = "") -> str:
    grid = [table.names, *table.rows]
    widths = [max(len(row[n]) for row in grid) for n in range(len(grid[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in grid]
    if rule:
        lines.insert(1, "  ".join(rule * width for width in widths))
    return "\n".join(lines)


def _psql(table: Sample) -> str:
    grid = [table.names, *table.rows]
    widths = [max(len(row[n]) for row in grid) for n in range(len(grid[0]))]
    lines = [" " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in grid]
    lines.insert(1, "+".join("-" * (width + 2) for width in widths))
    return "\n".join(lines) + f"\n({len(table.rows)} rows)"


def _mysql(table: Sample, bar: str = "|", corner: str = "+") -> str:
    grid = [table.names, *table.rows]
    widths = [max(len(row[n]) for row in grid) for n in range(len(grid[0]))]
    rule = corner + corner.join("-" * (width + 2) for width in widths) + corner
    lines = [
        f"{bar} " + f" {bar} ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + f" {bar}"
        for r in grid
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _markdown(table: Sample) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (table.names, *table.rows)]
    return "\n".join([lines[0], "|" + "---|" * len(table.names), *lines[1:]])


def _html(table: Sample) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n"
        for row in table.rows
    )
    return f"<table border='1'><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def _html_open(table: Sample) -> str:
    rows = ["<tr>" + "".join(f"<td>{html.escape(c)}" for c in row) for row in table.rows]
    head = "<tr>" + "".join(f"<th>{html.escape(name)}" for name in table.names)
    return "<table>" + "\n".join([head, *rows]) + "</table>"


def _latex(table: Sample) -> str:
    escape = lambda cell: cell.replace("_", r"\_").replace("&", r"\&")  # noqa: E731
    lines = [" & ".join(map(escape, row)) + r" \\" for row in (table.names, *table.rows)]
    body = "\n".join([r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"])
    return "\\begin{tabular}{" + "l" * len(table.names) + "}\n" + body + "\n\\end{tabular}"


def _sql(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _insert(table: Sample, *, each: bool = False) -> str:
    names = ", ".join(f"`{name}`" for name in table.names)
    tuples = ["(" + ", ".join(map(_sql, row)) + ")" for row in table.rows]
    if each:
        return "\n".join(f"INSERT INTO people ({names}) VALUES {row};" for row in tuples)
    return f"INSERT INTO people ({names}) VALUES\n" + ",\n".join(tuples) + ";"


def _mysqldump(table: Sample) -> str:
    names = ",\n".join(f"  `{name}` varchar(80) DEFAULT NULL" for name in table.names)
    tuples = ",".join("(" + ",".join(map(_sql, row)) + ")" for row in table.rows)
    return f"CREATE TABLE `people` (\n{names}\n);\nINSERT INTO `people` VALUES {tuples};"


def _copy(table: Sample) -> str:
    names = ", ".join(f'"{name}"' if " " in name else name for name in table.names)
    names = names.replace("(", "").replace(")", "")
    rows = "\n".join("\t".join(row) for row in table.rows)
    return f"COPY public.people ({names}) FROM stdin;\n{rows}\n\\.\n"


def _graphql(table: Sample) -> str:
    fields = [_identifier(name) for name in table.names]
    rows = ", ".join(
        "{" + ", ".join(f"{f}: {json.dumps(c)}" for f, c in zip(fields, row, strict=True)) + "}"
        for row in table.rows
    )
    return "mutation { insert_people(objects: [" + rows + "]) { affected_rows } }"


def _identifier(name: str) -> str:
    words = "".join(char if char.isalnum() else " " for char in name).split()
    return "_".join(words).lower()


def _pairs(separator: str, joint: str = "=") -> Callable[[Sample], str]:
    def write(table: Sample) -> str:
        names = [_identifier(name) for name in table.names]
        return "\n".join(
            separator.join(f"{n}{joint}{c}" for n, c in zip(names, row, strict=True))
            for row in table.rows
        )

    return write


def _yaml(table: Sample) -> str:
    lines = []
    for row in table.rows:
        for at, (name, cell) in enumerate(zip(table.names, row, strict=True)):
            lines.append(f"{'- ' if at == 0 else '  '}{_identifier(name)}: {cell}")
    return "\n".join(lines)


def _xml(table: Sample) -> str:
    rows = "".join(
        "<person>"
        + "".join(
            f"<{_identifier(n)}>{html.escape(c)}</{_identifier(n)}>"
            for n, c in zip(table.names, row, strict=True)
        )
        + "</person>\n"
        for row in table.rows
    )
    return f"<people>\n{rows}</people>"


def _xml_attributes(table: Sample) -> str:
    return "\n".join(
        "<row "
        + " ".join(
            f'{_identifier(n)}="{html.escape(c)}"' for n, c in zip(table.names, row, strict=True)
        )
        + "/>"
        for row in table.rows
    )


def _forms(table: Sample) -> str:
    return "\n\n".join(
        "\n".join(f"{n}: {c}" for n, c in zip(table.names, row, strict=True)) for row in table.rows
    )


def _columns(table: Sample) -> dict[str, list[str]]:
    return dict(zip(table.names, map(list, zip(*table.rows, strict=True)), strict=True))


def _pandas(orient: str) -> Callable[[Sample], str]:
    def write(table: Sample) -> str:
        rows = [list(row) for row in table.rows]
        index = [str(n) for n in range(len(rows))]
        value: object = {
            "columns": {
                name: dict(zip(index, column, strict=True))
                for name, column in _columns(table).items()
            },
            "index": dict(zip(index, _dicts(table), strict=True)),
            "split": {"columns": table.names, "index": list(range(len(rows))), "data": rows},
            "values": [list(table.names), *rows],
            "records": _dicts(table),
            "table": {
                "schema": {"fields": [{"name": n, "type": "string"} for n in table.names]},
                "data": _dicts(table),
            },
            "lists": _columns(table),
        }[orient]
        return json.dumps(value, ensure_ascii=False)

    return write


SHAPES: dict[str, Callable[[Sample], str]] = {
    "csv": _delimited(","),
    "csv, all quoted": _delimited(",", quote=True),
    "semicolons": _delimited(";"),
    "tabs": _delimited("\t"),
    "bars": _delimited("|"),
    "printed frame": _frame,
    "printed frame without index": lambda table: _frame(table, index=False),
    "left-aligned": _left,
    "left-aligned with a rule": lambda table: _left(table, "-"),
    "psql": _psql,
    "mysql": _mysql,
    "box": lambda table: _mysql(table, "│", "┼"),
    "markdown": _markdown,
    "html": _html,
    "html, unclosed": _html_open,
    "latex": _latex,
    "insert": _insert,
    "insert, one a row": lambda table: _insert(table, each=True),
    "mysqldump": _mysqldump,
    "copy": _copy,
    "graphql": _graphql,
    "k=v;": _pairs("; "),
    "k: v |": _pairs(" | ", ": "),
    "yaml": _yaml,
    "xml": _xml,
    "xml attributes": _xml_attributes,
    "forms": _forms,
    "python": lambda table: f"rows = {_dicts(table)!r}",
    "json lines": lambda table: "\n".join(
        json.dumps(row, ensure_ascii=False) for row in _dicts(table)
    ),
    **{f"json {orient}": _pandas(orient) for orient in
       ("columns", "index", "split", "values", "records", "table", "lists")},
    "dput": lambda table: dput(table.names, table.rows),
    "tibble": lambda table: tibble(table.names, table.rows),
    "mediawiki": lambda table: mediawiki(table.names, table.rows),
    "asciidoc": lambda table: asciidoc(table.names, table.rows),
}  # fmt: skip


def prompt(shape: str, table: Sample) -> str:
    """Return the table in a prompt, prose before and behind it."""
    return f"{table.ask}\n\n{SHAPES[shape](table)}\n\nThank you."
