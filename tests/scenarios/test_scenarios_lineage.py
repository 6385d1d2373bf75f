"""File to wire through a real gate: ten ways to upload, six formats; what is named is proven."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Outgate

FORMATS = ("customers.csv", "ledger.xlsx", "visits.parquet", "orders.db", "people.json", "scan.pdf")

MAKE = """
import csv, json, os, sqlite3, sys
from pathlib import Path
folder = Path(sys.argv[1])
rows = [(i, f"name {i}", f"ada.{i}@clinic-north.de", f"DE{i:020d}") for i in range(300)]
with (folder / "customers.csv").open("w", newline="") as out:
    csv.writer(out).writerows([("id", "name", "email", "iban"), *rows])
import xlsxwriter
book = xlsxwriter.Workbook(str(folder / "ledger.xlsx"))
sheet = book.add_worksheet()
for number, row in enumerate(rows):
    sheet.write_row(number, 0, row)
book.close()
import pyarrow, pyarrow.parquet
columns = dict(zip(("id", "name", "email", "iban"), map(list, zip(*rows))))
pyarrow.parquet.write_table(pyarrow.table(columns), folder / "visits.parquet")
with sqlite3.connect(folder / "orders.db") as db:
    db.execute("create table orders (id, name, email, iban)")
    db.executemany("insert into orders values (?, ?, ?, ?)", rows)
db.close()
(folder / "people.json").write_text(json.dumps([dict(zip(columns, row)) for row in rows]))
(folder / "scan.pdf").write_bytes(b"%PDF-1.4\\n1 0 obj\\n<< /Length 9000 >>\\nstream\\n" + os.urandom(9000)
    + b"\\nendstream\\nendobj\\ntrailer\\n<< /Root 1 0 R >>\\n%%EOF\\n")
"""

BEGINS = """
import base64, gzip, io, json, os, subprocess, sys, urllib.request, uuid
from pathlib import Path
folder, names = Path(sys.argv[1]), sys.argv[2:]
URL = "https://files.example/up/"
def read(name):
    return (folder / name).read_bytes()
"""

WAYS = {
    "requests data": """
import requests
for name in names:
    with (folder / name).open("rb") as file:
        requests.post(URL + "1", data=file).raise_for_status()
""",
    "requests files": """
import requests
for name in names:
    with (folder / name).open("rb") as file:
        requests.post(URL + "2", files={"file": file}).raise_for_status()
""",
    "requests json base64": """
import requests
for name in names:
    body = {"name": "x", "content": base64.b64encode(read(name)).decode()}
    requests.post(URL + "3", json=body).raise_for_status()
""",
    "json data URL": """
import requests
for name in names:
    url = "data:application/octet-stream;base64," + base64.b64encode(read(name)).decode()
    body = {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": url}}]}]}
    requests.post(URL + "4", json=body).raise_for_status()
""",
    "httpx": """
import httpx
for name in names:
    httpx.post(URL + "5", content=read(name)).raise_for_status()
""",
    "urllib": """
for name in names:
    urllib.request.urlopen(urllib.request.Request(URL + "6", data=read(name))).read()
""",
    "curl child": """
for name in names:
    subprocess.run(["curl", "-sSf", "-T", str(folder / name), URL], check=True, capture_output=True)
""",
    "gzip": """
import requests
for name in names:
    head = {"Content-Encoding": "gzip"}
    requests.post(URL + "8", data=gzip.compress(read(name)), headers=head).raise_for_status()
""",
    "multipart with gzip": """
import requests
for name in names:
    part = (name + ".gz", gzip.compress(read(name)), "application/gzip")
    requests.post(URL + "9", files={"file": part}).raise_for_status()
""",
    "boto-like PUT": """
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
s3 = boto3.client("s3", endpoint_url="https://files.example", aws_access_key_id="AKIDEXAMPLEEXAMPLE00",
    aws_secret_access_key="k" * 40, region_name="eu-central-1", config=Config(
    s3={"addressing_style": "path"}, retries={"max_attempts": 0}))
for name in names:
    with (folder / name).open("rb") as file:
        try:
            s3.put_object(Bucket="up", Key=name, Body=file)
        except ClientError:
            pass  # the stand-in answers in JSON
""",
    "chunked stream": """
import requests
def pieces(name):
    with (folder / name).open("rb") as file:
        while piece := file.read(1000):
            yield piece
for name in names:
    requests.post(URL + "11", data=pieces(name)).raise_for_status()
""",
}


@pytest.fixture(scope="module")
def files(serving: Outgate) -> Path:
    """Six files of the formats that data lies in, below the working folder of the scripts."""
    folder = serving.folder / "data"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", MAKE, str(folder)], check=True)
    assert all((folder / name).stat().st_size > 1000 for name in FORMATS)
    return folder


def send(serving: Outgate, way: str, folder: Path, *names: str) -> list[dict[str, Any]]:
    """Send files in this way; return the records."""
    before = len(serving.records())
    script = serving.script(f"way_{way.replace(' ', '_')}.py", BEGINS + WAYS[way])
    command = [sys.executable, str(script), str(folder), *names]
    done = subprocess.run(
        command,
        cwd=serving.folder,
        env=serving.behind(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = serving.wait_for(
        lambda: told if len(told := serving.records()[before:]) >= len(names) else None
    )
    return found


DECODED = {"boto-like PUT", "requests json base64", "json data URL", "gzip", "multipart with gzip"}


@pytest.mark.parametrize("way", WAYS)
def test_the_file_of_each_format_is_named_whichever_way_it_goes(
    serving: Outgate, files: Path, way: str
) -> None:
    """The officer reads which file it was, by its very bytes."""
    if way == "curl child" and shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    records = send(serving, way, files, *FORMATS)
    for name, record in zip(FORMATS, records, strict=True):
        proven = [f for f in record.get("files", []) if f["same"] != "was_open"]
        assert [f["path"] for f in proven] == [str(files / name)], (name, record.get("files"))
        (file,) = proven
        content = (files / name).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest() and file["size"] == len(
            content
        )
        assert file["same"] == ("same_bytes_decoded" if way in DECODED else "same_bytes"), (
            way,
            file,
        )
        assert file["owner"] is not None and file["copies"] == 1
    assert records[0]["files"][0]["rows"] == 300
