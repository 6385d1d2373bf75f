"""`ca`: the certificate authority that clients behind the gate trust."""

import os
from pathlib import Path
from typing import Annotated

import typer

application = typer.Typer(
    help="Show, export or replace the authority.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@application.command()
def path() -> None:
    """Print the bundle that clients should trust: public roots, your own, and ours.

    \b
    Example: export SSL_CERT_FILE="$(outgate ca path)"
    """
    from app.home import open_home
    from certs.authority import open_authority
    from certs.trust import write_bundle

    home = open_home()
    bundle = write_bundle(home.bundle, open_authority(home.authority), os.environ)
    for warning in bundle.warnings:
        typer.echo(f"outgate: {warning}", err=True)
    typer.echo(str(bundle.path))


@application.command()
def create() -> None:
    """Create the authority now, if there is none.

    \b
    Example: outgate ca create
    """
    show()


@application.command()
def show() -> None:
    """Show the authority: subject, fingerprint, validity, chain.

    \b
    Example: outgate ca show
    """
    from app.home import open_home
    from certs.authority import open_authority

    facts = open_authority(open_home().authority).facts()
    typer.echo(f"subject:     {facts.subject}")
    typer.echo(f"fingerprint: {facts.fingerprint_sha256}")
    typer.echo(f"valid:       {facts.not_before:%Y-%m-%d} to {facts.not_after:%Y-%m-%d}")
    kind = "imported from the organisation" if facts.imported else "made on this machine"
    typer.echo(f"kind:        {kind}")
    typer.echo(f"chain:       {' < '.join(facts.chain)}")


@application.command()
def export(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write.")],
    der: Annotated[bool, typer.Option("--der", help="DER instead of PEM.")] = False,
) -> None:
    """Write the root certificate (never the key) for a trust store.

    \b
    Example: outgate ca export --out outgate-root.pem
    """
    from app.home import open_home
    from certs.authority import open_authority
    from core.errors import SettingsError

    authority = open_authority(open_home().authority)
    try:
        out.write_bytes(authority.root_der() if der else authority.root_pem())
    except OSError as error:
        raise SettingsError(f"Cannot write {out}: {error.strerror}.") from error
    typer.echo(f"written to {out}")


@application.command(name="import")
def import_(
    key: Annotated[
        Path, typer.Option(metavar="FILE", help="PEM file of the intermediate's private key.")
    ],
    chain: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE", help="PEM file: the intermediate, then up to the root; repeatable."
        ),
    ],
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the key's passphrase.")
    ] = None,
) -> None:
    """Use an intermediate of the organisation's own authority from now on; its chain is sent whole
    to clients.

    \b
    Example: outgate ca import --key endpoint.key --chain endpoint-chain.pem
    """
    from app.home import open_home
    from certs.authority import import_authority
    from core.errors import CertificateError, InputError, SettingsError

    try:
        passphrase = passphrase_file.read_bytes().strip() if passphrase_file else None
    except OSError as error:
        raise SettingsError(f"Cannot read {error.filename}: {error.strerror}.") from error
    try:
        import_authority(
            open_home().authority, key_file=key, chain_files=tuple(chain), passphrase=passphrase
        )
    except CertificateError as error:
        raise InputError(error.message, remedy=error.remedy) from error
    typer.echo("Imported. Restart the gate to use it.")
    show()
