"""Whether advisories are read by the letter of their format, and what 120 packages cost."""

import json
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from inventory.advisories.kept import import_advisories, load


def _version(rng: random.Random) -> str:
    text = ".".join(str(rng.randrange(4)) for _ in range(rng.randrange(1, 4)))
    return text + rng.choice(["", "", "", "a1", "rc2", ".post1", ".dev3"])


def _is_named(record: dict[str, object], version: str) -> bool:
    """By the pseudo-code of the format, for one package, written apart from the product's."""
    from packaging.version import Version

    if record.get("withdrawn"):
        return False
    v = Version(version)
    for affected in record["affected"]:  # type: ignore[attr-defined]
        if any(Version(listed) == v for listed in affected.get("versions", [])):
            return True
        for one in affected.get("ranges", []):
            if one["type"] == "GIT":
                continue
            flat = [(k, at) for event in one["events"] for k, at in event.items()]
            flat.sort(key=lambda e: (e != ("introduced", "0"), Version(e[1]), e[0] == "introduced"))
            inside = False
            for kind, at in flat:
                if kind == "introduced" and (at == "0" or v >= Version(at)):
                    inside = True
                if (kind == "fixed" and v >= Version(at)) or (
                    kind == "last_affected" and v > Version(at)
                ):
                    inside = False
            if inside:
                return True
    return False


def advisories(pairs: int) -> None:
    """Compare made-up records with the pseudo-code, and time 120 packages."""
    rng = random.Random(5)
    names = [f"package-{n}" for n in range(400)]
    records = []
    for n in range(3_000):
        kinds = [
            rng.choice(["fixed", "last_affected", "introduced"]) for _ in range(rng.randrange(3))
        ]
        events = [{"introduced": rng.choice(["0", _version(rng)])}]
        events += [{kind: _version(rng)} for kind in kinds]
        affected: dict[str, object] = {
            "package": {"name": rng.choice(names), "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
        if rng.random() < 0.3:
            affected["versions"] = [_version(rng) for _ in range(3)]
        record: dict[str, object] = {
            "id": f"X-{n}",
            "modified": "2026-11-01T00:00:00Z",
            "affected": [affected],
        }
        if rng.random() < 0.05:
            record["withdrawn"] = "2026-11-02T00:00:00Z"
        records.append(record)
    with tempfile.TemporaryDirectory(prefix="outgate-beyond-") as folder:
        source = Path(folder) / "x.jsonl"
        source.write_text("\n".join(map(json.dumps, records)))
        import_advisories(source, Path(folder) / "kept", datetime.now(UTC))
        known = load(Path(folder) / "kept")
        assert known is not None
        by_name: dict[str, list[dict[str, object]]] = {}
        for record in records:
            by_name.setdefault(record["affected"][0]["package"]["name"], []).append(record)  # type: ignore[index]
        agree = hits = 0
        for _ in range(pairs):
            name, version = rng.choice(names), _version(rng)
            expected = {r["id"] for r in by_name.get(name, []) if _is_named(r, version)}
            told = {a.id for a in known.of(name, version)}
            agree += told == expected
            hits += len(told)
        fresh = load(Path(folder) / "kept")
        assert fresh is not None
        asked = [(f"package-{n * 3}", "1.2") for n in range(120)]
        begun = time.process_time()
        for name, version in asked:
            fresh.of(name, version)
        spent = (time.process_time() - begun) * 1000
        begun = time.process_time()
        load(Path(folder) / "kept")
        loading = (time.process_time() - begun) * 1000
    print(
        f"advisories: {agree} of {pairs} pairs agree ({hits} hits); 120 packages {spent:.1f} ms CPU, loading {loading:.1f} ms"
    )
