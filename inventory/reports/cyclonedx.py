"""A bill of materials, CycloneDX 1.6 JSON: each script as an application, each package as a
library, which script uses which package, and what advisories say.
"""

import hashlib
import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any
from urllib.parse import quote
from uuid import UUID

from core.scanned import Known, ScannedScript, ScanResult, ScriptPart
from core.text import printable
from inventory.reports import ReportFormat


def _write(result: ScanResult) -> str:
    scripts = [_script(script) for script in result.scripts]
    libraries = {_reference(part): part for s in result.scripts for part in _kept(s)}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{_serial(result)}",
        "version": 1,
        "metadata": {
            "timestamp": result.started_at.isoformat(timespec="seconds"),
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "outgate",
                        "version": metadata.version("outgate"),
                    }
                ]
            },
            "component": {
                "type": "device",
                "bom-ref": "machine",
                "name": printable(result.host, 200) or "machine",
            },
        },
        "components": [*scripts, *(_library(ref, part) for ref, part in sorted(libraries.items()))],
        "dependencies": [
            {"ref": "machine", "dependsOn": [one["bom-ref"] for one in scripts]},
            *(
                {"ref": _name(s), "dependsOn": sorted({_reference(p) for p in _kept(s)})}
                for s in result.scripts
            ),
        ],
        "vulnerabilities": list(_vulnerabilities(result)),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _serial(result: ScanResult) -> UUID:
    told = "\n".join(f"{s.path}\0{s.sha256}" for s in result.scripts)
    digest = hashlib.sha256(f"{result.started_at}\n{told}".encode("utf-8", "replace")).digest()
    return UUID(bytes=digest[:16], version=4)


def _kept(script: ScannedScript) -> Iterator[ScriptPart]:
    return (part for part in script.parts if part.distribution)


def _name(script: ScannedScript) -> str:
    """Return a reference that is this script's alone: names of files may be alike once they are
    inert.
    """
    return (
        "script:" + hashlib.sha256(script.path.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    )


def _reference(part: ScriptPart) -> str:
    name = quote(part.distribution or "", safe="")
    return f"pkg:pypi/{name}@{quote(part.version, safe='')}" if part.version else f"pkg:pypi/{name}"


def _script(script: ScannedScript) -> dict[str, Any]:
    properties = {
        "outgate:kind": script.kind.value,
        "outgate:owner": printable(script.owner.name, 200),
        "outgate:owner:state": script.owner.state.value,
        "outgate:changed": script.changed_at.isoformat(timespec="seconds"),
        "outgate:risk": str(script.risk),
        "outgate:secrets": str(len(script.secrets)),
        "outgate:flaws": str(len(script.flaws)),
        "outgate:scheduled": str(bool(script.started_by)).lower(),
    }
    return {
        "type": "application",
        "bom-ref": _name(script),
        "name": printable(script.path, 1_000),
        "properties": [{"name": name, "value": value} for name, value in properties.items()],
    } | ({"hashes": [{"alg": "SHA-256", "content": script.sha256}]} if script.sha256 else {})


def _library(reference: str, part: ScriptPart) -> dict[str, Any]:
    known = {Known.INSTALLED: "installed", Known.PINNED: "pinned", Known.WANTED: "wanted"}[
        part.known
    ]
    return {
        "type": "library",
        "bom-ref": reference,
        "name": printable(part.distribution or "", 200),
        "purl": reference,
        "properties": [{"name": "outgate:known", "value": known}],
    } | ({"version": printable(part.version, 100)} if part.version else {})


def _vulnerabilities(result: ScanResult) -> Iterator[dict[str, Any]]:
    affected: dict[str, set[str]] = {}
    told: dict[str, Any] = {}
    for script in result.scripts:
        for risk in script.packages_at_risk:
            part = ScriptPart(
                name="", distribution=risk.distribution, version=risk.version, known=Known.INSTALLED
            )
            affected.setdefault(risk.advisory, set()).add(_reference(part))
            told[risk.advisory] = risk
    for advisory in sorted(told):
        yield {
            "id": printable(advisory, 100),
            "description": printable(told[advisory].summary, 1_000),
            "affects": [{"ref": reference} for reference in sorted(affected[advisory])],
        }


FORMAT = ReportFormat(name="cyclonedx", purpose="a bill of materials (CycloneDX 1.6)", write=_write)
