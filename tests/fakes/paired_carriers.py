"""Ten personal values of each person, in eight languages, and the ways in which programs write a
name beside a value.
"""

import html
import json
from collections.abc import Callable, Sequence
from urllib.parse import quote, urlencode

LABELS: dict[str, dict[str, str]] = {
    "en": {
        "person": "Full name",
        "date_of_birth": "Date of birth",
        "address": "Home address",
        "passport": "Passport number",
        "driving_licence": "Driving licence number",
        "medical_record": "Patient number",
        "bank_account": "Account number",
        "health_data": "Diagnosis",
        "special_category": "Religion",
        "phone": "Phone number",
    },
    "de": {
        "person": "Vor- und Nachname",
        "date_of_birth": "Geburtsdatum",
        "address": "Anschrift",
        "passport": "Reisepassnummer",
        "driving_licence": "Führerscheinnummer",
        "medical_record": "Patientennummer",
        "bank_account": "Kontonummer",
        "health_data": "Diagnose",
        "special_category": "Konfession",
        "phone": "Telefonnummer",
    },
    "fr": {
        "person": "Nom et prénom",
        "date_of_birth": "Date de naissance",
        "address": "Adresse postale",
        "passport": "Numéro de passeport",
        "driving_licence": "Permis de conduire",
        "medical_record": "Numéro de dossier",
        "bank_account": "Numéro de compte",
        "health_data": "Maladie",
        "special_category": "Religion",
        "phone": "Numéro de téléphone",
    },
    "es": {
        "person": "Nombre completo",
        "date_of_birth": "Fecha de nacimiento",
        "address": "Dirección postal",
        "passport": "Número de pasaporte",
        "driving_licence": "Permiso de conducir",
        "medical_record": "Historia clínica",
        "bank_account": "Número de cuenta",
        "health_data": "Diagnóstico",
        "special_category": "Religión",
        "phone": "Número de teléfono",
    },
    "pt": {
        "person": "Nome completo",
        "date_of_birth": "Data de nascimento",
        "address": "Endereço residencial",
        "passport": "Número do passaporte",
        "driving_licence": "Carta de condução",
        "medical_record": "Prontuário",
        "bank_account": "Número da conta",
        "health_data": "Diagnóstico",
        "special_category": "Religião",
        "phone": "Número de telefone",
    },
    "it": {
        "person": "Nome e cognome",
        "date_of_birth": "Data di nascita",
        "address": "Indirizzo di residenza",
        "passport": "Numero passaporto",
        "driving_licence": "Patente di guida",
        "medical_record": "Cartella clinica",
        "bank_account": "Conto corrente",
        "health_data": "Diagnosi",
        "special_category": "Religione",
        "phone": "Numero di telefono",
    },
    "nl": {
        "person": "Volledige naam",
        "date_of_birth": "Geboortedatum",
        "address": "Adres",
        "passport": "Paspoortnummer",
        "driving_licence": "Rijbewijsnummer",
        "medical_record": "Patiëntnummer",
        "bank_account": "Rekeningnummer",
        "health_data": "Aandoening",
        "special_category": "Geloof",
        "phone": "Telefoonnummer",
    },
    "pl": {
        "person": "Imię i nazwisko",
        "date_of_birth": "Data urodzenia",
        "address": "Adres zamieszkania",
        "passport": "Numer paszportu",
        "driving_licence": "Numer prawa jazdy",
        "medical_record": "Numer kartoteki",
        "bank_account": "Numer konta",
        "health_data": "Choroba",
        "special_category": "Wyznanie",
        "phone": "Numer telefonu",
    },
}
"""Kind → what a person calls it."""

FIRST = ("Ada", "Bruno", "Clara", "Dario", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST = ("Albrecht", "Brandt", "Costa", "Dupont", "Fontaine", "Hofer", "Ibsen", "Jansen", "Kowalski")


def person(number: int) -> dict[str, str]:
    """Return what is known of a person that nobody is, by kind; other values for each number."""
    return {
        "person": f"{FIRST[number % 10]} {LAST[number % 9]}",
        "date_of_birth": f"19{50 + number}-0{1 + number % 9}-1{number % 9}",
        "address": f"Lindenweg {3 + number}, 2030{number % 10} Nordstadt",
        "passport": f"C01X{4000 + 37 * number}H",
        "driving_licence": f"B07{2000 + 41 * number}X91",
        "medical_record": f"PT-{700123 + 17 * number}",
        "bank_account": f"{5402 + number}{300716 + 13 * number}",
        "health_data": "Type 2 diabetes" if number % 2 else "Bronchial asthma",
        "special_category": "Lutheran" if number % 2 else "Catholic",
        "phone": f"+49 151 2345{6000 + 7 * number}",
    }


type Rows = Sequence[dict[str, str]]
"""Each person's values by what they are called."""
type Written = tuple[str, str]
"""Text and media type."""


def called(language: str, number: int) -> list[dict[str, str]]:
    """Return so many people, their values by what the language calls them."""
    names = LABELS[language]
    return [{names[kind]: value for kind, value in person(one).items()} for one in range(number)]


def word(name: str) -> str:
    """Return the name as programs write it."""
    return "_".join("".join(c if c.isalnum() else " " for c in name).lower().split())


def _each(
    one: Callable[[str, str], str], joint: str = "\n", around: str = "{}"
) -> Callable[[Rows], str]:
    """Return a writer of people, each value by `one`."""

    def write(rows: Rows) -> str:
        return "\n".join(
            around.format(joint.join(one(name, value) for name, value in row.items()))
            for row in rows
        )

    return write


def _xml(one: Callable[[str, str], str]) -> Callable[[Rows], str]:
    return lambda rows: f"<people>\n{_each(one, around='<person>{}</person>')(rows)}\n</people>"


e = html.escape
XML = "application/xml"
HTML = "text/html"
PLAIN = "text/plain"
FORM = "application/x-www-form-urlencoded"

PAIRED: dict[str, tuple[Callable[[Rows], str], str]] = {
    "json": (lambda rows: json.dumps(list(rows), ensure_ascii=False), "application/json"),
    "xml elements": (_xml(lambda n, v: f"<{word(n)}>{e(v)}</{word(n)}>"), XML),
    "xml f name": (_xml(lambda n, v: f'<f name="{e(n)}">{e(v)}</f>'), XML),
    "xml field key": (_xml(lambda n, v: f'<field key="{word(n)}">{e(v)}</field>'), XML),
    "android string": (
        lambda rows: (
            "<resources>\n"
            + _each(lambda n, v: f'  <string name="{word(n)}">{e(v)}</string>')(rows)
            + "\n</resources>"
        ),
        XML,
    ),
    "xml value attribute": (_xml(lambda n, v: f'<param name="{word(n)}" value="{e(v)}"/>'), XML),
    "xml nested value": (
        _xml(lambda n, v: f'<field id="{word(n)}"><value>{e(v)}</value></field>'),
        XML,
    ),
    "xml name element": (
        _xml(
            lambda n, v: (
                f"<member><name>{word(n)}</name><value><string>{e(v)}</string></value></member>"
            )
        ),
        XML,
    ),
    "xml key value elements": (
        _xml(lambda n, v: f"<entry><key>{e(n)}</key><value>{e(v)}</value></entry>"),
        XML,
    ),
    "plist": (_xml(lambda n, v: f"<key>{e(n)}</key><string>{e(v)}</string>"), XML),
    "xliff": (
        _xml(
            lambda n, v: f'<unit id="{word(n)}"><segment><source>{e(v)}</source></segment></unit>'
        ),
        XML,
    ),
    "soap map": (
        _xml(
            lambda n, v: (
                f'<item><key xsi:type="xsd:string">{word(n)}</key><value xsi:type="xsd:string">{e(v)}</value></item>'
            )
        ),
        XML,
    ),
    "odata": (
        _each(
            lambda n, v: f"<d:{word(n)}>{e(v)}</d:{word(n)}>",
            "",
            "<entry><content><m:properties>{}</m:properties></content></entry>",
        ),
        XML,
    ),
    "solr": (_xml(lambda n, v: f'<str name="{word(n)}">{e(v)}</str>'), XML),
    "html dl": (_each(lambda n, v: f"<dt>{e(n)}</dt><dd>{e(v)}</dd>", "\n", "<dl>{}</dl>"), HTML),
    "html th td": (
        _each(lambda n, v: f"<tr><th>{e(n)}</th><td>{e(v)}</td></tr>", "\n", "<table>{}</table>"),
        HTML,
    ),
    "html td td": (
        _each(lambda n, v: f"<tr><td>{e(n)}:</td><td>{e(v)}</td></tr>", "\n", "<table>{}</table>"),
        HTML,
    ),
    "html label span": (
        _each(lambda n, v: f'<div><span class="label">{e(n)}</span><span>{e(v)}</span></div>'),
        HTML,
    ),
    "html bold": (_each(lambda n, v: f"<p><b>{e(n)}:</b> {e(v)}</p>"), HTML),
    "html input": (
        _each(lambda n, v: f'<input type="text" name="{word(n)}" value="{e(v)}">'),
        HTML,
    ),
    "html label input": (
        _each(lambda n, v: f'<label>{e(n)} <input type="text" value="{e(v)}"></label>'),
        HTML,
    ),
    "form": (
        lambda rows: "&".join(urlencode({word(n): v for n, v in row.items()}) for row in rows),
        FORM,
    ),
    "form name value": (
        lambda rows: "&".join(
            urlencode({"name": n, "value": v}) for row in rows for n, v in row.items()
        ),
        FORM,
    ),
    "form numbered": (
        lambda rows: "&".join(
            f"field[{at}][name]={quote(n)}&field[{at}][value]={quote(v)}"
            for row in rows
            for at, (n, v) in enumerate(row.items())
        ),
        FORM,
    ),
    "form key 1": (
        lambda rows: "&".join(
            f"key_{at}={quote(n)}&value_{at}={quote(v)}"
            for row in rows
            for at, (n, v) in enumerate(row.items())
        ),
        FORM,
    ),
    "sql where": (
        _each(lambda n, v: f"{word(n)}='{v}'", " AND ", "SELECT * FROM people WHERE {};"),
        PLAIN,
    ),
    "sql set": (
        _each(lambda n, v: f"{word(n)} = '{v}'", ", ", "UPDATE people SET {} WHERE id = 7;"),
        PLAIN,
    ),
    "sql set lines": (
        _each(lambda n, v: f"  {word(n)} = '{v}'", ",\n", "UPDATE people\nSET\n{}\nWHERE id = 7;"),
        PLAIN,
    ),
    "sql where quoted": (
        _each(lambda n, v: f"\"{n}\" = '{v}'", "\n  AND ", "SELECT * FROM people WHERE {};"),
        PLAIN,
    ),
    "call": (_each(lambda n, v: f'{word(n)}="{v}"', ", ", "create_person({})"), PLAIN),
    "call lines": (
        _each(lambda n, v: f'    {word(n)}="{v}",', "\n", "create_person(\n{}\n)"),
        PLAIN,
    ),
    "assignments": (_each(lambda n, v: f'{word(n)} = "{v}"'), PLAIN),
    "member assignments": (_each(lambda n, v: f'person.{word(n)} = "{v}";'), PLAIN),
    "subscript": (_each(lambda n, v: f'person["{n}"] = "{v}"'), PLAIN),
    "setters": (
        _each(lambda n, v: f'p.set{"".join(w.title() for w in word(n).split("_"))}("{v}");'),
        PLAIN,
    ),
    "put": (_each(lambda n, v: f'map.put("{n}", "{v}");'), PLAIN),
    "toml": (
        _each(lambda n, v: f'{word(n)} = "{v}"', "\n", "[[person]]\n{}\n"),
        "application/toml",
    ),
    "toml inline": (_each(lambda n, v: f'{word(n)} = "{v}"', ", ", "person = {{ {} }}"), PLAIN),
    "toml quoted": (_each(lambda n, v: f'"{n}" = "{v}"', "\n", "[person]\n{}\n"), PLAIN),
    "logfmt": (
        _each(
            lambda n, v: f'{word(n)}="{v}"',
            " ",
            'ts=2024-01-02T10:00:00Z level=info msg="saved" {}',
        ),
        PLAIN,
    ),
    "ini": (_each(lambda n, v: f"{word(n)}={v}", "\n", "[person]\n{}\n"), PLAIN),
    "properties": (_each(lambda n, v: f"person.{word(n)}={v}"), PLAIN),
    "env": (_each(lambda n, v: f'export {word(n).upper()}="{v}"'), PLAIN),
    "graphql arguments": (
        _each(
            lambda n, v: f'{word(n)}: "{v}"',
            ", ",
            "mutation {{ createPerson(input: {{ {} }}) {{ id }} }}",
        ),
        "application/graphql",
    ),
    "markdown definitions": (_each(lambda n, v: f"{n}\n: {v}\n"), "text/markdown"),
    "markdown bold": (_each(lambda n, v: f"**{n}** {v}  "), "text/markdown"),
    "markdown bold colon": (_each(lambda n, v: f"- **{n}:** {v}"), "text/markdown"),
    "markdown heading": (_each(lambda n, v: f"### {n}\n{v}\n"), "text/markdown"),
    "label below": (_each(lambda n, v: f"{n}:\n{v}\n"), PLAIN),
    "label tab": (_each(lambda n, v: f"{n}\t{v}"), PLAIN),
    "label dots": (_each(lambda n, v: f"{n} ........ {v}"), PLAIN),
    "label dash": (_each(lambda n, v: f"{n} - {v}"), PLAIN),
    "label arrow": (_each(lambda n, v: f"{n} => {v}"), PLAIN),
    "label blanks": (_each(lambda n, v: f"{n:<30}{v}"), PLAIN),
    "labelled": (_each(lambda n, v: f"{n}: {v}"), PLAIN),
    "yaml": (_each(lambda n, v: f'  {word(n)}: "{v}"', "\n", "person:\n{}"), "application/yaml"),
    "yaml pairs": (
        _each(lambda n, v: f"  - name: {n}\n    value: {v}", "\n", "fields:\n{}"),
        "application/yaml",
    ),
    "python dict": (lambda rows: f"people = {list(rows)!r}", PLAIN),
    "python tuples": (lambda rows: "\n".join(repr(list(row.items())) for row in rows), PLAIN),
    "json pairs": (
        lambda rows: json.dumps(
            [[{"name": n, "value": v} for n, v in row.items()] for row in rows], ensure_ascii=False
        ),
        "application/json",
    ),
    "json tuples": (
        lambda rows: json.dumps([list(row.items()) for row in rows], ensure_ascii=False),
        "application/json",
    ),
    "questions": (_each(lambda n, v: f"Q: {n}?\nA: {v}"), PLAIN),
    "what is your": (_each(lambda n, v: f"What is your {n.lower()}?\n> {v}"), PLAIN),
    "latex item": (
        _each(
            lambda n, v: f"\\item[{n}] {v}",
            "\n",
            "\\begin{{description}}\n{}\n\\end{{description}}",
        ),
        PLAIN,
    ),
    "rst fields": (_each(lambda n, v: f":{n}: {v}"), PLAIN),
    "csv pairs": (_each(lambda n, v: f'{n};"{v}"'), "text/csv"),
    "edn": (_each(lambda n, v: f':{word(n).replace("_", "-")} "{v}"', " ", "{{{}}}"), PLAIN),
    "lisp": (_each(lambda n, v: f'({word(n)} . "{v}")', " ", "({})"), PLAIN),
    "hcl": (
        _each(lambda n, v: f'  {word(n)} = "{v}"', "\n", 'resource "person" "a" {{\n{}\n}}'),
        PLAIN,
    ),
    "flags": (
        _each(lambda n, v: f'--{word(n).replace("_", "-")} "{v}"', " ", "add-person {}"),
        PLAIN,
    ),
    "flags equals": (
        _each(lambda n, v: f"--{word(n).replace('_', '-')}='{v}'", " ", "add-person {}"),
        PLAIN,
    ),
    "textproto": (_each(lambda n, v: f'{word(n)}: "{v}"', " ", "person {{ {} }}"), PLAIN),
    "turtle": (_each(lambda n, v: f'ex:{word(n)} "{v}"', " ; ", "ex:a {} ."), PLAIN),
    "cypher": (_each(lambda n, v: f"{word(n)}: '{v}'", ", ", "CREATE (p:Person {{{}}})"), PLAIN),
}
"""How programs write a name beside a value → the writer and the media type of its body."""
