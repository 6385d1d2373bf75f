"""Forty-eight shapes of bodies about nobody, made up from a seed by one who had not read the
detectors: configurations, logs, code, figures, part numbers, timetables, sequences. Whatever is
told of a person in them is false. `held_out_code` has the programs.
"""

import json
import random
import string
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from held_out_code import CODE
from made_up_traffic import chat, exchange, user

from core.exchange import Exchange

type Write = Callable[[random.Random], str]

_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_PARTS = (
    "bracket flange gasket valve rotor spindle bearing washer bolt sleeve coupling pump".split()
)
_SERVICES = "billing search ingest gateway scheduler indexer mailer worker cache resolver".split()
_CITIES = "Lyon Graz Porto Turin Gdynia Malmo Leeds Ghent Basel Sevilla Utrecht Cork".split()


def drawn(rng: random.Random, alphabet: str, least: int, most: int | None = None) -> str:
    """Return letters of an alphabet."""
    return "".join(rng.choices(alphabet, k=rng.randint(least, most or least)))


def _digits(rng: random.Random, least: int, most: int | None = None) -> str:
    return drawn(rng, string.digits, least, most)


def _day(rng: random.Random, since: int = 1950, until: int = 2027) -> date:
    return date(since, 1, 1) + timedelta(days=rng.randrange((until - since) * 365))


def _uuid(rng: random.Random) -> str:
    h = drawn(rng, _HEX, 32)
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _rows(rng: random.Random, head: str, row: Callable[[int], str], least: int = 4) -> str:
    return "\n".join([head, *(row(i) for i in range(rng.randint(least, 30)))]) + "\n"


def _nginx(rng: random.Random) -> str:
    name = rng.choice(_SERVICES)
    return (
        f"upstream {name} {{\n  server {name}-1:{rng.randint(1024, 65535)} weight=5;\n"
        f"  keepalive {rng.randint(8, 64)};\n}}\nserver {{\n  listen 443 ssl;\n"
        f"  client_max_body_size {rng.randint(1, 90)}m;\n  location /{name}/ {{ proxy_pass http://{name}; }}\n}}\n"
    )


def _kubernetes(rng: random.Random) -> str:
    name = rng.choice(_SERVICES)
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  uid: {_uuid(rng)}\n"
        f"  resourceVersion: '{_digits(rng, 9)}'\n  creationTimestamp: '{_day(rng, 2020)}T10:00:00Z'\n"
        f"spec:\n  replicas: {rng.randint(1, 9)}\n  template:\n    spec:\n      containers:\n"
        f"      - name: {name}\n        image: registry.internal/{name}:{rng.randint(1, 9)}.{rng.randint(0, 40)}.{rng.randint(0, 9)}\n"
        f"        ports: [{{containerPort: {rng.randint(1024, 9999)}, name: http}}]\n"
    )


def _ini(rng: random.Random) -> str:
    return (
        f"[server]\nname = {rng.choice(_SERVICES)}\nport = {_digits(rng, 4)}\nbirth_time = {_day(rng)}\n"
        f"max_clients = {_digits(rng, 3)}\n[account]\nnumber_of_shards = {rng.randint(1, 64)}\n"
        f"[storage]\nblock = {_digits(rng, 10)}\naddress = 0x{drawn(rng, _HEX, 8)}\nstreet_level = {rng.randint(1, 9)}\n"
    )


def _terraform(rng: random.Random) -> str:
    return (
        f'resource "instance" "{rng.choice(_SERVICES)}" {{\n  ami  = "ami-{drawn(rng, _HEX, 17)}"\n'
        f'  type = "m{rng.randint(4, 7)}.large"\n  name = "{rng.choice(_SERVICES)}-{rng.randint(1, 40)}"\n'
        f'  tags = {{ owner_team = "platform", cost_centre = "{_digits(rng, 8)}" }}\n}}\n'
    )


def _access_log(rng: random.Random) -> str:
    return _rows(
        rng,
        "",
        lambda i: (
            f'- - [{rng.randint(10, 28)}/Oct/2026:1{rng.randint(0, 9)}:04:{i:02d} +0000] "GET /assets/'
            f'{drawn(rng, _HEX, 20)}.js HTTP/1.1" 200 {_digits(rng, 3, 7)} "-" rt=0.{_digits(rng, 3)}'
        ),
    )


def _app_log(rng: random.Random) -> str:
    return _rows(
        rng,
        "",
        lambda i: (
            f"2026-11-{rng.randint(10, 28)} 09:{i:02d}:{rng.randint(10, 59)},{_digits(rng, 3)} INFO "
            f"[{rng.choice(_SERVICES)}-{_digits(rng, 5)}] request={drawn(rng, _LOWER, 12)} id={_digits(rng, 9, 16)} "
            f"took {_digits(rng, 2, 5)} ms, name={rng.choice(_PARTS)} status=done"
        ),
    )


def _gc_log(rng: random.Random) -> str:
    return _rows(
        rng,
        "",
        lambda i: (
            f"[{i}.{_digits(rng, 3)}s][info][gc] GC({i}) Pause Young {_digits(rng, 3)}M->{_digits(rng, 2)}M({_digits(rng, 4)}M) {rng.random():.3f}ms"
        ),
    )


def _kernel_log(rng: random.Random) -> str:
    return _rows(
        rng,
        "",
        lambda i: (
            f"[{i:5d}.{_digits(rng, 6)}] pci 0000:{drawn(rng, _HEX, 2)}:1f.0: [{drawn(rng, _HEX, 4)}:{drawn(rng, _HEX, 4)}] type 00 class 0x{drawn(rng, _HEX, 6)}"
        ),
    )


def _sql_select(rng: random.Random) -> str:
    return (
        f"SELECT o.id, o.name, SUM(l.qty * l.price) AS total\nFROM orders o JOIN lines l ON l.order_id = o.id\n"
        f"WHERE o.created_at >= '{_day(rng, 2020)}' AND o.id IN ({', '.join(_digits(rng, 9, 11) for _ in range(6))})\n"
        f"GROUP BY 1, 2 HAVING COUNT(*) > {rng.randint(1, 9)} ORDER BY total DESC LIMIT {_digits(rng, 2)};"
    )


def _sql_insert(rng: random.Random) -> str:
    rows = ",\n".join(
        f"({_digits(rng, 8, 12)}, '{rng.choice(_PARTS)}-{drawn(rng, _UPPER, 6)}', {rng.random() * 900:.2f}, '{_day(rng, 2015)}')"
        for _ in range(rng.randint(3, 20))
    )
    return f"INSERT INTO stock (sku, name, price, counted_on) VALUES\n{rows};\n"


def _ddl(rng: random.Random) -> str:
    return (
        f"CREATE TABLE person (\n  id bigint PRIMARY KEY,\n  first_name varchar({_digits(rng, 2)}) NOT NULL,\n"
        "  birth_date date,\n  iban char(34),\n  email varchar(255) UNIQUE,\n  phone varchar(32)\n);\n"
        f"CREATE INDEX idx_{drawn(rng, _LOWER, 6)} ON person (birth_date, email);\n"
    )


def _telemetry(rng: random.Random) -> str:
    return json.dumps(
        {
            "resource": {"service.name": rng.choice(_SERVICES), "host.id": drawn(rng, _HEX, 32)},
            "metrics": [
                {
                    "name": f"{rng.choice(_SERVICES)}.latency",
                    "time": int(_digits(rng, 6)) + 1_790_000_000_000,
                    "value": rng.random() * 900,
                    "count": int(_digits(rng, 1, 9)),
                }
                for _ in range(rng.randint(3, 20))
            ],
        }
    )


def _prometheus(rng: random.Random) -> str:
    return _rows(
        rng,
        "# TYPE http_requests_total counter",
        lambda i: (
            f'http_requests_total{{code="{rng.choice((200, 404, 500))}",pod="{rng.choice(_SERVICES)}-{drawn(rng, _LOWER, 10)}"}} {_digits(rng, 3, 12)}'
        ),
    )


def _sensors(rng: random.Random) -> str:
    return _rows(
        rng,
        "sensor;latitude;longitude;battery;reading",
        lambda i: (
            f"{drawn(rng, _UPPER, 8)};{rng.uniform(-90, 90):.6f};{rng.uniform(-180, 180):.6f};{rng.randint(0, 100)};{rng.random() * 40:.3f}"
        ),
    )


def _ledger(rng: random.Random) -> str:
    return _rows(
        rng,
        "posting date,account,document,debit,credit,balance",
        lambda i: (
            f"{_day(rng, 2020)},{_digits(rng, 6)},{_digits(rng, 10)},{rng.random() * 9e5:.2f},0.00,{rng.random() * 9e6:.2f}"
        ),
    )


def _quotes(rng: random.Random) -> str:
    return _rows(
        rng,
        "date,symbol,open,high,low,close,volume",
        lambda i: (
            f"{_day(rng, 1970)},{drawn(rng, string.ascii_uppercase, 3, 4)},{rng.random() * 300:.2f},{rng.random() * 300:.2f},{rng.random() * 300:.2f},{rng.random() * 300:.2f},{_digits(rng, 7, 10)}"
        ),
    )


def _annual_figures(rng: random.Random) -> str:
    lines = [
        f"{y}: revenue {_digits(rng, 3)}.{_digits(rng, 1)} m, EBIT {_digits(rng, 2)}.{_digits(rng, 1)} m, headcount {_digits(rng, 4)}"
        for y in range(2015, 2027)
    ]
    return (
        "Consolidated key figures of the group\n"
        + "\n".join(lines)
        + f"\nISIN {drawn(rng, string.ascii_uppercase, 2)}{drawn(rng, _UPPER, 9)}{rng.randint(0, 9)}\n"
    )


def _orders(rng: random.Random) -> str:
    return json.dumps(
        {
            "orders": [
                {
                    "orderNumber": _digits(rng, 8, 16),
                    "status": "shipped",
                    "name": rng.choice(_PARTS),
                    "tracking": drawn(rng, _UPPER, 10, 22),
                    "placed": str(_day(rng, 2020)),
                    "total": f"{rng.random() * 999:.2f}",
                }
                for _ in range(rng.randint(3, 25))
            ]
        }
    )


def _part_numbers(rng: random.Random) -> str:
    return _rows(
        rng,
        "part number,description,drawing,stock",
        lambda i: (
            f"{drawn(rng, string.ascii_uppercase, 2)}{_digits(rng, 2)} {_digits(rng, 4)} {_digits(rng, 4)} {_digits(rng, 4)} {_digits(rng, 2, 4)},{rng.choice(_PARTS)},{drawn(rng, _UPPER, 3)}-{_digits(rng, 3)}-{_digits(rng, 4)},{_digits(rng, 1, 4)}"
        ),
    )


def _part_prose(rng: random.Random) -> str:
    return (
        f"Replace the {rng.choice(_PARTS)} {drawn(rng, string.ascii_uppercase, 2)}{_digits(rng, 18, 22)} (batch {_digits(rng, 10)}) before "
        f"{_day(rng, 2026).strftime('%d.%m.%Y')}; the old one, no. {_digits(rng, 3)}-{_digits(rng, 2)}-{_digits(rng, 4)}, is out of production since {rng.randint(1970, 2020)}."
    )


def _uuids(rng: random.Random) -> str:
    return json.dumps([_uuid(rng) for _ in range(rng.randint(5, 60))])


def _id_list(rng: random.Random) -> str:
    size = rng.randint(8, 19)
    return json.dumps(
        {
            "ids": [int(_digits(rng, size)) for _ in range(rng.randint(5, 80))],
            "next": _digits(rng, 12),
        }
    )


def _id_map(rng: random.Random) -> str:
    return json.dumps(
        {
            _digits(rng, 9, 12): {
                "id": _digits(rng, 11),
                "parent_id": _digits(rng, 10),
                "type": rng.choice(_PARTS),
            }
            for _ in range(rng.randint(3, 30))
        }
    )


def _versions(rng: random.Random) -> str:
    return "\n".join(
        f"{rng.choice(_SERVICES)}-{rng.choice(_PARTS)}=={rng.randint(0, 30)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}"
        for _ in range(rng.randint(4, 40))
    )


def _lock(rng: random.Random) -> str:
    return json.dumps(
        {
            "packages": {
                f"node_modules/{rng.choice(_PARTS)}": {
                    "version": f"{rng.randint(0, 9)}.{rng.randint(0, 99)}.{rng.randint(0, 9)}",
                    "integrity": f"sha512-{drawn(rng, string.ascii_letters + string.digits + '+/', 86)}==",
                }
                for _ in range(9)
            }
        }
    )


def _timetable(rng: random.Random) -> str:
    return _rows(
        rng,
        "Train  From       To         Dep    Arr    Platform",
        lambda i: (
            f"{rng.choice(('IC', 'RE', 'S'))} {_digits(rng, 3, 5):6}{rng.choice(_CITIES):11}{rng.choice(_CITIES):11}{rng.randint(10, 23)}:{_digits(rng, 2)}  {rng.randint(10, 23)}:{_digits(rng, 2)}  {rng.randint(1, 24)}"
        ),
    )


def _flights(rng: random.Random) -> str:
    return json.dumps(
        [
            {
                "flight": f"{drawn(rng, string.ascii_uppercase, 2)}{_digits(rng, 3, 4)}",
                "date": str(_day(rng, 2026, 2028)),
                "from": rng.choice(_CITIES),
                "to": rng.choice(_CITIES),
                "gate": f"{drawn(rng, 'ABCDEF', 1)}{_digits(rng, 2)}",
                "aircraft": f"A3{_digits(rng, 2)}",
            }
            for _ in range(8)
        ]
    )


def _results(rng: random.Random) -> str:
    return _rows(
        rng,
        "| Home | Away | Score | Date | Attendance |\n|---|---|---|---|---|",
        lambda i: (
            f"| FC {rng.choice(_CITIES)} | SV {rng.choice(_CITIES)} | {rng.randint(0, 6)}:{rng.randint(0, 6)} | {_day(rng, 1960).strftime('%d.%m.%Y')} | {_digits(rng, 5)} |"
        ),
    )


def _league(rng: random.Random) -> str:
    return _rows(
        rng,
        "Pos Team        P   W   D   L   GF  GA  Pts",
        lambda i: (
            f"{i + 1:<4}{rng.choice(_CITIES):12}{rng.randint(10, 38):<4}{rng.randint(0, 30):<4}{rng.randint(0, 9):<4}{rng.randint(0, 9):<4}{rng.randint(9, 99):<4}{rng.randint(9, 99):<4}{rng.randint(9, 99)}"
        ),
    )


def _fasta(rng: random.Random) -> str:
    return "".join(
        f">seq{_digits(rng, 6)} chr{rng.randint(1, 22)}:{_digits(rng, 8)}-{_digits(rng, 8)}\n{drawn(rng, 'ACGT', 60, 300)}\n"
        for _ in range(6)
    )


def _variants(rng: random.Random) -> str:
    return _rows(
        rng,
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        lambda i: (
            f"chr{rng.randint(1, 22)}\t{_digits(rng, 6, 9)}\trs{_digits(rng, 6, 9)}\t{drawn(rng, 'ACGT', 1)}\t{drawn(rng, 'ACGT', 1, 3)}\t{_digits(rng, 2, 3)}\tPASS\tDP={_digits(rng, 2)};AF=0.{_digits(rng, 3)}"
        ),
    )


def _expression(rng: random.Random) -> str:
    return _rows(
        rng,
        "gene_id,gene_name,control_1,control_2,treated_1,treated_2",
        lambda i: (
            f"ENSG{_digits(rng, 11)},{drawn(rng, string.ascii_uppercase, 3, 5)}{rng.randint(1, 19)},{rng.random() * 99:.4f},{rng.random() * 99:.4f},{rng.random() * 99:.4f},{rng.random() * 99:.4f}"
        ),
    )


def _invoice(rng: random.Random) -> str:
    lines = "\n".join(
        f"  {i}. {rng.choice(_PARTS):12} x{rng.randint(1, 90):<4} {rng.random() * 900:9.2f}"
        for i in range(1, rng.randint(3, 14))
    )
    return f"INVOICE No. {_digits(rng, 4)}-{_digits(rng, 6)}\nDate: {_day(rng, 2024)}\nOrder: {_digits(rng, 10)}\nDelivery note: {_digits(rng, 8, 12)}\n{lines}\nNet {rng.random() * 9e3:.2f}  VAT 19 %  Total {rng.random() * 9e3:.2f}\n"


def _rechnung(rng: random.Random) -> str:
    return f"Rechnung Nr. {_digits(rng, 10)}\nRechnungsdatum: {_day(rng, 2024).strftime('%d.%m.%Y')}\nKd.-Nr.: {_digits(rng, 7)}\nArt.-Nr.: {_digits(rng, 4)}.{_digits(rng, 4)}.{_digits(rng, 2)}\nSer.-Nr.: {drawn(rng, _UPPER, 11)}\nBetrag: {rng.random() * 9e3:.2f} EUR\n"


def _orm_dump(rng: random.Random) -> str:
    return json.dumps(
        [
            {
                "model": "stock.item",
                "pk": int(_digits(rng, 5, 9)),
                "fields": {
                    "name": f"{rng.choice(_PARTS)} {rng.randint(1, 99)}",
                    "code": drawn(rng, _UPPER, 9, 13),
                    "created": f"{_day(rng, 2015)}T0{rng.randint(0, 9)}:00:00Z",
                    "address": f"shelf {rng.randint(1, 99)}-{rng.randint(1, 9)}",
                    "phone_support": bool(rng.randint(0, 1)),
                },
            }
            for _ in range(rng.randint(3, 20))
        ]
    )


def _orm_repr(rng: random.Random) -> str:
    return "\n".join(
        f"<Item id={_digits(rng, 9, 11)} name='{rng.choice(_PARTS)}' day={_day(rng)} owner_id={_digits(rng, 9)}>"
        for _ in range(12)
    )


def _barcodes(rng: random.Random) -> str:
    return _rows(
        rng,
        "ean,isbn,imei_slot,weight",
        lambda i: f"{_digits(rng, 13)},978{_digits(rng, 10)},{rng.randint(0, 1)},{_digits(rng, 4)}",
    )


def _geo(rng: random.Random) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"name": rng.choice(_CITIES), "osm_id": int(_digits(rng, 10))},
                    "geometry": {
                        "type": "Point",
                        "coordinates": [rng.uniform(-180, 180), rng.uniform(-90, 90)],
                    },
                }
                for _ in range(9)
            ],
        }
    )


def _training_log(rng: random.Random) -> str:
    return _rows(
        rng,
        "",
        lambda i: (
            f"epoch {i}/30 - loss: {rng.random():.8f} - acc: {rng.random():.4f} - lr: {rng.random():.2e} - eta 0:{rng.randint(10, 59)}:{rng.randint(10, 59)}"
        ),
    )


def _matrix(rng: random.Random) -> str:
    return json.dumps(
        [[rng.randint(-(10 ** rng.randint(1, 11)), 10**11) for _ in range(6)] for _ in range(12)]
    )


def _chemistry(rng: random.Random) -> str:
    return _rows(
        rng,
        "CAS;compound;batch;purity;made on",
        lambda i: (
            f"{_digits(rng, 2, 7)}-{_digits(rng, 2)}-{_digits(rng, 1)};{drawn(rng, string.ascii_lowercase, 6)}ol;{_digits(rng, 8)};{rng.uniform(90, 99):.2f};{_day(rng, 2010).strftime('%d/%m/%Y')}"
        ),
    )


def _trace(rng: random.Random) -> str:
    return (
        "Traceback (most recent call last):\n"
        + "".join(
            f'  File "/srv/app/{rng.choice(_SERVICES)}/{rng.choice(_PARTS)}.py", line {_digits(rng, 2, 3)}, in {rng.choice(_PARTS)}\n    {rng.choice(_PARTS)}.run({_digits(rng, 10)})\n'
            for _ in range(5)
        )
        + f"KeyError: {_digits(rng, 11)}\n"
    )


def _tickets(rng: random.Random) -> str:
    return _rows(
        rng,
        "key,summary,status,reporter_id,created,story points",
        lambda i: (
            f"OPS-{_digits(rng, 4)},{rng.choice(_SERVICES)} fails on {rng.choice(_PARTS)},open,{drawn(rng, _HEX, 24)},{_day(rng, 2022)},{rng.randint(1, 13)}"
        ),
    )


def _calendar(rng: random.Random) -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:{_uuid(rng)}\nDTSTART:{_day(rng, 2025):%Y%m%d}T0{rng.randint(0, 9)}0000Z\nSUMMARY:Release {rng.randint(1, 9)}.{rng.randint(0, 9)}\nSEQUENCE:{rng.randint(0, 9)}\nEND:VEVENT\nEND:VCALENDAR\n"


def _history(rng: random.Random) -> str:
    return f"The bridge at {rng.choice(_CITIES)}, opened on {_day(rng, 1950).strftime('%-d %B %Y')}, is {_digits(rng, 3)} m long; in {rng.randint(1950, 2020)} it carried {_digits(rng, 2)},{_digits(rng, 3)} vehicles a day. See inventory {_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 4)} and sheet {_digits(rng, 2)}/{_digits(rng, 4)}."


def _spec(rng: random.Random) -> str:
    return json.dumps(
        {
            "openapi": "3.1.0",
            "components": {
                "schemas": {
                    "Person": {
                        "properties": {
                            n: {
                                "type": "string",
                                "maxLength": int(_digits(rng, 2)),
                                "description": f"The {n} field",
                            }
                            for n in (
                                "firstName",
                                "birthDate",
                                "iban",
                                "email",
                                "phone",
                                "diagnosis",
                            )
                        }
                    }
                }
            },
            "info": {"title": rng.choice(_SERVICES), "version": f"{rng.randint(1, 9)}.0"},
        }
    )


def _diff(rng: random.Random) -> str:
    return f"diff --git a/{rng.choice(_PARTS)}.c b/{rng.choice(_PARTS)}.c\nindex {drawn(rng, _HEX, 7)}..{drawn(rng, _HEX, 7)} 100644\n@@ -{_digits(rng, 3)},7 +{_digits(rng, 3)},7 @@\n-#define SERIAL {_digits(rng, 9)}\n+#define SERIAL {_digits(rng, 9)}\n"


CLEAN: dict[str, Write] = {
    name.strip("_").replace("_", " "): make
    for name, make in list(globals().items())
    if name.startswith("_") and name not in {"_digits", "_day", "_uuid", "_rows", "_type"}
    if callable(make) and getattr(make, "__module__", "") == __name__
} | CODE
"""Shape → what writes one."""


def _type(text: str) -> str:
    """Return the type that a program would give to the text."""
    try:
        json.loads(text)
    except ValueError:
        return "text/plain"
    return "application/json"


def held_out_bodies(seed: int, number: int) -> Iterator[tuple[str, str, Exchange]]:
    """Yield (shape, carrier, request): each shape in turn, as a body, in a prompt, in a field."""
    rng = random.Random(seed)
    shapes = list(CLEAN.items())
    for i in range(number):
        shape, write = shapes[i % len(shapes)]
        text = write(rng)
        match i // len(shapes) % 3:
            case 0:
                yield shape, "body", exchange(text, _type(text))
            case 1:
                yield shape, "prompt", chat(user(f"Please explain this:\n\n{text}\n"))
            case _:
                body = json.dumps({"job": _uuid(rng), "content": text}, ensure_ascii=False)
                yield shape, "field", exchange(body)
