"""What is dangerous in a version of a script that a gate saw: its packages."""

from app.home import Home
from app.made_of import used_packages
from core.text import printable
from core.vocabulary.sizes import joined


def packages_at_risk(home: Home, sha256: str) -> list[str]:
    """Return a sentence for each package that an advisory names, of those that this version
    imports; one that says so where nobody can tell.
    """
    from app.kept_sources import source_store
    from inventory.advisories.kept import load

    advisories = load(home.advisories)
    parts = source_store(home).parts(sha256)
    if advisories is None:
        return ["not known: no advisories were imported (outgate advisories import FILE)"]
    if parts is None:
        return ["not known: what it is made of was not kept"]
    told = []
    for name, version in used_packages(parts):
        for risk in advisories.at_risk(name, version):
            what = "malicious" if risk.malicious else "known hole"
            fixed = f", mended in {joined(risk.fixed[:3], 'or')}" if risk.fixed else ""
            line = f"{name} {version}: {what} {risk.advisory}{fixed}. {risk.summary}"
            told.append(printable(line, 200))
    return told or ["no package that an advisory names"]
