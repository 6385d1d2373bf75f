"""Two hundred bodies that hold people, in eight languages, made up from a seed by one who had not
read the detectors: sentences, forms, short labels, tables, notes of a clinic, HL7, FHIR, paths.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from held_out_words import PEOPLE, WORDS, Words
from made_up_traffic import chat, exchange, user
from personal_samples import iban

from core.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A body, and the kinds that stand in it."""

    language: str
    form: str
    request: Exchange
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody made up."""

    first: str
    last: str
    born: tuple[int, int, int]
    """Year, month, day."""
    email: str
    phone: str
    iban: str
    street: str
    town: str
    record: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def day(self) -> str:
        year, month, day = self.born
        return f"{day:02d}.{month:02d}.{year}"

    @property
    def iso(self) -> str:
        return "{:04d}-{:02d}-{:02d}".format(*self.born)


def _person(rng: random.Random, language: str) -> Person:
    known = PEOPLE[language]
    first, last = rng.choice(known.first), rng.choice(known.last)
    return Person(
        first=first,
        last=last,
        born=(rng.randint(1940, 2006), rng.randint(1, 12), rng.randint(1, 28)),
        email=f"{known.login}{rng.randint(10, 99)}@{rng.choice(('posteo.net', 'klinikum.eu', 'acme-mail.org'))}",
        phone=known.phone.format("".join(rng.choices("123456789", k=3)), rng.randint(10, 99)),
        iban=iban(rng, "DE"),
        street=rng.choice(known.streets).format(rng.randint(1, 98)),
        town=rng.choice(known.towns),
        record=str(rng.randint(10**6, 10**7 - 1)),
    )


type Build = Callable[[random.Random, Person, Words, str], tuple[str | Exchange, str]]
"""Returns the text or request, and its kinds with blanks between."""


def _prose(_: random.Random, p: Person, w: Words, __: str) -> tuple[str, str]:
    return w.sentence.format(day=p.day, email=p.email, phone=p.phone, iban=p.iban), (
        "date_of_birth email phone iban"
    )


def _note(_: random.Random, p: Person, w: Words, __: str) -> tuple[str, str]:
    return w.note.format(day=p.day, record=p.record), "date_of_birth medical_record health_data"


def _form(_: random.Random, p: Person, w: Words, __: str) -> tuple[str, str]:
    lines = (
        (w.name, p.name),
        (w.born, p.day),
        (w.street, f"{p.street}, {p.town}"),
        (w.phone, p.phone),
        (w.diagnosis, w.disease),
    )
    return "\n".join(f"{label}: {value}" for label, value in lines), (
        "person date_of_birth address phone health_data"
    )


def _short_form(_: random.Random, p: Person, w: Words, __: str) -> tuple[str, str]:
    lines = (
        (w.born_short, p.day),
        (w.street_short, f"{p.street}, {p.town}"),
        (w.phone_short, p.phone),
        (w.diagnosis_short, w.disease),
    )
    return "\n".join(f"{label}: {value}" for label, value in lines), (
        "date_of_birth address phone health_data"
    )


def _short_line(_: random.Random, p: Person, w: Words, __: str) -> tuple[str, str]:
    return (
        f"{w.name}: {p.name}; {w.born_short}: {p.day}; {w.phone_short}: {p.phone}; {w.diagnosis_short}: {w.disease}",
        "person date_of_birth phone health_data",
    )


def _three_fields(rng: random.Random, p: Person, w: Words, _: str) -> tuple[Exchange, str]:
    year, month, day = p.born
    prefix = rng.choice((w.born_key, "dob", "birth", "birthdate"))
    names = rng.choice(
        (
            ("_day", "_month", "_year"),
            (".day", ".month", ".year"),
            ("[day]", "[month]", "[year]"),
            ("Day", "Month", "Year"),
        )
    )
    fields = {prefix + names[0]: day, prefix + names[1]: month, prefix + names[2]: year}
    if rng.random() < 0.5:
        text = "&".join(f"{k}={v}" for k, v in fields.items())
        return exchange(f"ref=12&{text}", "application/x-www-form-urlencoded"), "date_of_birth"
    return exchange(json.dumps({"ref": 12} | fields)), "date_of_birth"


def _nested_birth(_: random.Random, p: Person, w: Words, __: str) -> tuple[Exchange, str]:
    year, month, day = p.born
    body = {"customer": {w.born_key: {"day": day, "month": month, "year": year}, "tier": 2}}
    return exchange(json.dumps(body)), "date_of_birth"


def _three_columns(rng: random.Random, _: Person, w: Words, language: str) -> tuple[str, str]:
    people = [_person(rng, language) for _ in range(6)]
    head = f"{w.name},{w.born_key}_day,{w.born_key}_month,{w.born_key}_year,city"
    rows = [f"{p.name},{p.born[2]},{p.born[1]},{p.born[0]},{p.town}" for p in people]
    return "\n".join([head, *rows]), "person date_of_birth"


def _table(rng: random.Random, _: Person, w: Words, language: str) -> tuple[str, str]:
    people = [_person(rng, language) for _ in range(6)]
    head = f"| {w.name} | {w.born_short} | {w.phone_short} | {w.diagnosis} |"
    rows = [f"| {p.name} | {p.day} | {p.phone} | {w.disease} |" for p in people]
    return "\n".join([head, "|---|---|---|---|", *rows]), "person date_of_birth phone health_data"


def _semicolons(rng: random.Random, _: Person, w: Words, language: str) -> tuple[str, str]:
    people = [_person(rng, language) for _ in range(6)]
    rows = [
        f"{i};{p.name};{p.street}, {p.town};{p.iso};{p.email};{p.iban}"
        for i, p in enumerate(people)
    ]
    return "\n".join([f"id;{w.name};{w.street_short};{w.born_short};{w.email};IBAN", *rows]), (
        "person address date_of_birth email iban"
    )


def _status_record(_: random.Random, p: Person, w: Words, __: str) -> tuple[Exchange, str]:
    body = [{"status": "open", w.name: p.name, "record": 7}, {"status": "done", w.name: p.name}]
    return exchange(json.dumps(body, ensure_ascii=False)), "person"


def _observation(rng: random.Random, p: Person, w: Words, __: str) -> tuple[Exchange, str]:
    code = rng.choice(("4548-4", "2345-7", "718-7", "94500-6"))
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{p.record}", "display": p.name},
        "valueQuantity": {"value": round(rng.uniform(4, 12), 1), "unit": "%"},
    }
    return exchange(
        json.dumps(body, ensure_ascii=False), "application/fhir+json"
    ), "person health_data"


def _condition(rng: random.Random, p: Person, w: Words, __: str) -> tuple[Exchange, str]:
    code = rng.choice(("44054006", "38341003", "195967001", "73211009"))
    body = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "subject": {"display": p.name},
    }
    return exchange(
        json.dumps(body, ensure_ascii=False), "application/fhir+json"
    ), "person health_data"


def _hl7(rng: random.Random, p: Person, w: Words, __: str) -> tuple[str, str]:
    year, month, day = p.born
    return (
        f"MSH|^~\\&|LAB|H|HIS|H|20261120||ORU^R01|{rng.randint(1, 999)}|P|2.5\r"
        f"PID|1||{p.record}^^^H^MR||{p.last}^{p.first}||{year}{month:02d}{day:02d}|F|||{p.street}^^{p.town}\r"
        f"OBR|1||77|24331-1^Lipids^LN\rOBX|1|NM|2093-3^Cholesterol^LN||{rng.randint(120, 290)}|mg/dL|||||F\r",
        "person date_of_birth medical_record address health_data",
    )


def _coded_rows(rng: random.Random, _: Person, w: Words, language: str) -> tuple[str, str]:
    people = [_person(rng, language) for _ in range(6)]
    rows = [
        f"{p.name},{rng.choice(('4548-4', '2345-7', '718-7'))},{rng.uniform(3, 9):.1f}"
        for p in people
    ]
    return "\n".join([f"{w.name},loinc,result", *rows]), "person health_data"


def _path_email(_: random.Random, p: Person, w: Words, __: str) -> tuple[Exchange, str]:
    return exchange(b"", path=f"/v2/patients/{p.email}/visits", method="GET"), "email"


def _path_phone(_: random.Random, p: Person, w: Words, language: str) -> tuple[Exchange, str]:
    code = PEOPLE[language].code
    bare = "".join(c for c in p.phone if c.isdigit()).removeprefix("0")
    number = bare if p.phone.startswith("+") else code + bare
    return exchange(b"", path=f"/users/%2B{number}/orders", method="GET"), "phone"


def _path_iban(_: random.Random, p: Person, w: Words, __: str) -> tuple[Exchange, str]:
    return exchange(b"", path=f"/accounts/{p.iban.replace(' ', '')}/balance", method="GET"), "iban"


FORMS: dict[str, Build] = {
    name.strip("_").replace("_", " "): build
    for name, build in list(globals().items())
    if name.startswith("_") and name != "_person"
    if callable(build) and getattr(build, "__module__", "") == __name__
}


def held_out_values(seed: int, number: int = 200) -> Iterator[Held]:
    """Yield so many bodies: every form in every language in turn, text in prompts and as it is."""
    rng = random.Random(seed)
    pairs = [(form, language) for form in FORMS for language in WORDS]
    for i in range(number):
        form, language = pairs[i % len(pairs)]
        made, kinds = FORMS[form](rng, _person(rng, language), WORDS[language], language)
        if isinstance(made, Exchange):
            request = made
        elif form == "hl7":
            request = exchange(made, "application/hl7-v2")
        elif i % 2:
            request = chat(user(made))
        else:
            request = exchange(made, "text/plain; charset=utf-8")
        yield Held(language=language, form=form, request=request, kinds=frozenset(kinds.split()))
