"""Reports: complete, in a fixed form, and inert whatever files are called and hold."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scan_samples import distribution, put, scanned, virtual_environment

from core.errors import InputError
from core.scanned import PackageAtRisk
from inventory.reports import format_named, formats

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e'\"&.py"


def risk_of(name: str, version: str) -> list[PackageAtRisk]:
    return [
        PackageAtRisk(
            distribution=name,
            version=version,
            advisory="PYSEC-1",
            aliases=(),
            malicious=False,
            summary="<img src=x onerror=alert(1)>",
        )
    ]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A machine on which every text that somebody chooses is hostile."""
    folder = virtual_environment(tmp_path / "venv", "version = <b>3.12</b>\x1b]0;x\x07\n")
    distribution(folder, "evil", "1.0<script>")
    put(folder, "x\x1b[2J.pth", "import evil, os\n")
    name = f"<i>\x1b{HOSTILE}".replace("/", "_")
    put(
        tmp_path,
        name,
        'import evil\nmodel="gpt-4<script>"\nu="https://x.example/<script>"\npassword="Tr0ub4dor-3x9Kq"\n',
    )
    put(tmp_path, "etc/cron.d/x", f"* * * * * <b>root python3 '{tmp_path}/{HOSTILE}'\n")
    put(
        tmp_path,
        "b\udc80.py".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"),
        "eval(x)\n",
    )
    return tmp_path


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("name", formats())
def test_no_text_of_a_file_reaches_a_report_alive(hostile: Path, name: str) -> None:
    """Control characters, direction marks and markup in names and contents do
    nothing in a report.
    """
    text = format_named(name).write(scanned(hostile, risk_of=risk_of))

    assert not any(sign in text for sign in "\x1b\x07\u202e\udc80")
    assert "Tr0ub4dor" not in text
    assert text.encode("utf-8")
    if name == "html":
        tags = _Tags()
        tags.feed(text)
        assert not tags.tags & {"script", "img", "a", "link", "iframe", "i", "b", "object"}
        assert not any(
            attribute.startswith("on") or attribute in {"src", "href"}
            for attribute in tags.attributes
        )
    if name in {"json", "cyclonedx"}:
        json.loads(text)


def test_a_page_asks_a_browser_for_nothing(tmp_path: Path) -> None:
    """The page for people is whole in itself."""
    put(tmp_path, "a.py", 'u = "https://api.openai.com/"\n')
    text = format_named("html").write(scanned(tmp_path))

    assert "default-src 'none'" in text
    assert not any(sign in text for sign in ("url(", "@import", 'http-equiv="refresh'))


def test_json_holds_everything(tmp_path: Path) -> None:
    """Programs get all that was found, in the order of urgency."""
    put(tmp_path, "a.py")
    put(tmp_path, "b.py", "eval(x)\n")
    document = json.loads(format_named("json").write(scanned(tmp_path)))

    assert (document["format"], document["version"]) == ("outgate-scan", 1)
    assert [Path(s["path"]).name for s in document["scripts"]] == ["b.py", "a.py"]
    assert document["scripts"][0]["flaws"][0]["rule"] == "S307"
    assert document["scripts"][0]["risk"] == sum(
        r["points"] for r in document["scripts"][0]["reasons"]
    )


def test_a_bill_of_materials_is_whole(tmp_path: Path) -> None:
    """Every reference of a bill of materials leads to a component, and none stands there twice."""
    put(tmp_path, "requirements.txt", "PyYAML==5.3\nrequests\n")
    put(tmp_path, "a.py", "import yaml, requests\n")
    put(tmp_path, "b.py", "import yaml\n")
    bill = json.loads(format_named("cyclonedx").write(scanned(tmp_path, risk_of=risk_of)))

    named = [c["bom-ref"] for c in bill["components"]] + [bill["metadata"]["component"]["bom-ref"]]
    assert len(named) == len(set(named))
    used = {ref for d in bill["dependencies"] for ref in (d["ref"], *d["dependsOn"])}
    used |= {a["ref"] for v in bill["vulnerabilities"] for a in v["affects"]}
    assert used <= set(named)
    assert "pkg:pypi/pyyaml@5.3" in used
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")


def test_an_unknown_format_lists_those_there_are() -> None:
    """A mistyped format is answered with the known ones."""
    with pytest.raises(InputError, match="no format"):
        format_named("pdf")
    assert {"table", "json", "html", "cyclonedx"} <= set(formats())
