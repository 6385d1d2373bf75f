"""`ca`: the certificate authority that clients behind the gate trust."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from certs.chain import Authority

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
    from certs.rotation import trusted_besides
    from certs.trust import write_bundle

    home = open_home()
    authority, besides = open_authority(home.authority), trusted_besides(home.authority)
    bundle = write_bundle(home.bundle, authority, os.environ, besides)
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
    from certs.rotation import upcoming

    home = open_home()
    authority = open_authority(home.authority)
    _describe(authority)
    if (following := upcoming(home.authority)) is not None:
        typer.echo(f"\nto come:     {following.facts().subject}")
        typer.echo(f"fingerprint: {following.facts().fingerprint_sha256}")


def _describe(authority: "Authority") -> None:
    """Print what may be shown, and what is to know."""
    from certs.remarks import remarks
    from core.ids import utc_now

    facts = authority.facts()
    typer.echo(f"subject:     {facts.subject}")
    typer.echo(f"fingerprint: {facts.signer_sha256}")
    typer.echo(f"valid:       {facts.not_before:%Y-%m-%d} to {facts.not_after:%Y-%m-%d}")
    kind = "imported from the organisation" if facts.imported else "made on this machine"
    typer.echo(f"kind:        {kind}")
    typer.echo(f"key:         {facts.key_place}")
    typer.echo(f"chain:       {' < '.join(facts.chain)}")
    if facts.imported:
        typer.echo(f"root:        {facts.chain[-1]}")
        typer.echo(f"fingerprint: {facts.fingerprint_sha256}")
    for remark in remarks(authority, utc_now()):
        typer.echo(f"outgate: {remark}", err=True)


@application.command()
def export(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write.")],
    der: Annotated[bool, typer.Option("--der", help="DER instead of PEM.")] = False,
    following: Annotated[
        bool, typer.Option("--next", help="The root that `ca rotate` has prepared.")
    ] = False,
) -> None:
    """Write the root certificate (never the key) for a trust store.

    \b
    Example: outgate ca export --out outgate-root.pem
    """
    from app.home import open_home
    from certs.authority import open_authority
    from certs.rotation import upcoming
    from core.errors import SettingsError

    folder = open_home().authority
    authority = upcoming(folder) if following else open_authority(folder)
    if authority is None:
        raise SettingsError("No other authority is prepared.", remedy="Begin: outgate ca rotate")
    _written(out, authority.root_der() if der else authority.root_pem())
    typer.echo(f"written to {out}")


def _written(out: Path, content: bytes) -> None:
    """Write what was asked for. Raises SettingsError."""
    from core.errors import SettingsError

    try:
        out.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"Cannot write {out}: {error.strerror}.") from error


Key = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="PEM file of the intermediate's private key. Default: the key of `ca csr`.",
    ),
]
Chain = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="PEM file: the intermediate, then up to the root; repeatable."
    ),
]
Pkcs12 = Annotated[
    Path | None,
    typer.Option("--pkcs12", metavar="FILE", help="PKCS#12 file that holds key and chain."),
]
Pkcs11 = Annotated[
    str | None,
    typer.Option(
        "--pkcs11", metavar="URI", help="The key stays in this token (RFC 7512); with --chain."
    ),
]
PassphraseFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File with the key's passphrase.")
]


@application.command(name="import")
def import_(
    key: Key = None,
    chain: Chain = None,
    pkcs12: Pkcs12 = None,
    pkcs11: Pkcs11 = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Use an intermediate of the organisation's own authority from now on; its chain is sent whole
    to clients, and the root that they trusted before stays trusted.

    \b
    Example: outgate ca import --chain endpoint-chain.pem
    Example: outgate ca import --pkcs12 endpoint.p12 --passphrase-file p12.txt
    Example: outgate ca import --chain chain.pem --pkcs11 'pkcs11:token=T;object=KEY?module-path=…'
    """
    from app.home import open_home
    from certs.rotation import former_root, keep_former
    from certs.signing_request import pending_key
    from core.errors import CertificateError, InputError, SettingsError

    _one_key(key, chain, pkcs12, pkcs11)
    folder = open_home().authority
    pending = pending_key(folder)
    asked_before = key is None and pkcs12 is None and pkcs11 is None
    if asked_before and not pending.is_file():
        raise SettingsError(
            "There is no key of an earlier request.",
            remedy="Give --key, or make one: outgate ca csr",
        )
    passphrase = _passphrase(passphrase_file)
    try:
        former = former_root(folder)
        authority = _imported(folder, key or pending, chain or (), pkcs12, pkcs11, passphrase)
    except CertificateError as error:
        raise InputError(error.message, remedy=error.remedy) from error
    keep_former(folder, former)
    if asked_before:
        pending.unlink()
    typer.echo("Imported. Restart the gate to use it.")
    _describe(authority)


def _one_key(
    key: Path | None, chain: Sequence[Path] | None, pkcs12: Path | None, pkcs11: str | None
) -> None:
    """Raise SettingsError unless exactly one place is named that the key comes from."""
    from core.errors import SettingsError

    if (pkcs12 is None) == (not chain) or (pkcs12 is not None and key is not None):
        raise SettingsError(
            "Give either --pkcs12, or --chain with --key.",
            remedy="Without --key the key of `outgate ca csr` is used.",
        )
    if pkcs11 is not None and (pkcs12 is not None or key is not None):
        raise SettingsError(
            "A key in a token is the only one.", remedy="Give --pkcs11 and --chain."
        )


def _passphrase(file: Path | None) -> bytes | None:
    """Return what a file holds, as a passphrase. Raises SettingsError."""
    from core.errors import SettingsError

    try:
        return file.read_bytes().strip() if file else None
    except OSError as error:
        raise SettingsError(f"Cannot read {error.filename}: {error.strerror}.") from error


def _imported(
    folder: Path,
    key: Path,
    chain: Sequence[Path],
    pkcs12: Path | None,
    pkcs11: str | None,
    passphrase: bytes | None,
) -> "Authority":
    """Return the authority that now stands in the folder. Raises CertificateError."""
    from certs.authority import import_authority, import_hardware, import_pkcs12

    if pkcs12 is not None:
        return import_pkcs12(folder, file=pkcs12, passphrase=passphrase)
    chain_files = tuple(chain)
    if pkcs11 is not None:
        return import_hardware(folder, uri=pkcs11, chain_files=chain_files)
    return import_authority(folder, key_file=key, chain_files=chain_files, passphrase=passphrase)


@application.command()
def csr(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the intermediate. Default: by host.")
    ] = None,
    permit: Annotated[
        list[str] | None,
        typer.Option(metavar="DOMAIN", help="Ask for this domain only; repeatable."),
    ] = None,
) -> None:
    """Ask the organisation for an intermediate: make a key that stays here, and write a request for
    its certificate.

    \b
    Example: outgate ca csr --out endpoint.csr
    """
    import platform

    from app.home import open_home
    from certs.signing_request import signing_request
    from core.errors import CertificateError, InputError, SettingsError

    folder = open_home().authority
    subject = name or f"Outgate {platform.node()}"[:64]
    try:
        signing_request(folder, subject, permit or (), partial(_written, out))
    except CertificateError as error:
        raise InputError(error.message, remedy=error.remedy) from error
    except ValueError as error:
        raise SettingsError(
            "The name cannot stand in a certificate.", remedy="Names have at most 64 characters."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"Cannot keep the key in {folder}: {error.strerror}; a request without it is void."
        ) from error
    typer.echo(
        f"written to {out}; its key stays here. With the answer: outgate ca import --chain FILE"
    )


@application.command()
def rotate(
    finish: Annotated[
        bool, typer.Option("--finish", help="Sign with the prepared authority from now on.")
    ] = False,
) -> None:
    """Replace the authority that this machine made, without a moment at which clients do not trust
    it.

    First another one is prepared, and clients come to trust both; with --finish it takes over, and
    the former one stays trusted until it ends. One that has ended is replaced at once.

    \b
    Example: outgate ca rotate
    Example: outgate ca rotate --finish
    """
    from app.home import open_home
    from certs import rotation
    from certs.authority import open_authority
    from certs.trust import write_bundle
    from core.errors import CertificateError, InputError

    home = open_home()
    try:
        ended = rotation.replace_ended(home.authority)
        present = open_authority(home.authority)
        other = ended or (rotation.finish if finish else rotation.prepare)(home.authority)
    except CertificateError as error:
        raise InputError(error.message, remedy=error.remedy) from error
    besides = rotation.trusted_besides(home.authority)
    write_bundle(home.bundle, other if finish else present, os.environ, besides)
    if ended is not None:
        typer.echo(
            "The former one had ended; this one is in its place. Restart the gate, and hand this "
            "root out to whatever trusted the former one: outgate ca export"
        )
    elif finish:
        typer.echo("Taken over. Restart the gate to sign with it.")
    else:
        typer.echo(
            "Prepared; the present authority goes on signing. Hand this root out to "
            "whatever trusts the present one by other means than Outgate's bundle (outgate "
            "ca export --next), then: outgate ca rotate --finish"
        )
    _describe(other)
