"""`scripts`: which scripts were seen, in which versions, and what changed between them."""

from typing import Annotated

import typer


def scripts(
    script: Annotated[str | None, typer.Argument(metavar="PATH", help="One script; without it, all.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changed in the newest version.")] = False,
) -> int:
    """List scripts seen, their versions and changes.

    \b
    Example: outgate scripts --diff /srv/jobs/report.py
    """
    from app.home import open_home
    from attribution.identity.contents import ContentStore
    from core.errors import InputError
    from core.text import printable
    from evidence import open_store

    home = open_home()
    versions = open_store(home.evidence).script_versions(script)
    if script is not None and not versions:
        raise InputError(f"No script {printable(script)} was seen.", remedy="outgate scripts lists those that were.")
    if not diff:
        for version in versions:
            seen = f"{version.first_at:%Y-%m-%d %H:%M} to {version.last_at:%Y-%m-%d %H:%M}"
            typer.echo(f"{version.sha256[:12] if version.sha256 else '-':<12}  {seen}  {printable(version.script)}")
        return 0
    hashes = [version.sha256 for version in versions if version.sha256]
    if script is None or len(hashes) < 2:
        raise InputError("A diff takes one script with at least two versions.")
    lines = ContentStore(home.scripts, lambda text: text).diff(hashes[-2], hashes[-1])
    if lines is None:
        raise InputError("The source of these versions was not kept.", remedy="See keep_scripts in docs/settings.md.")
    for line in lines:
        typer.echo(line)
    return 0
