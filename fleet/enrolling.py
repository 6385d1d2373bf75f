"""Enrolment from the endpoint's side: a token, the hub's authority, a key that is made here."""

import ssl
from importlib.metadata import version
from pathlib import Path

import orjson

from core.errors import InputError, SettingsError
from fleet.line import HttpsLine, HubAwayError
from fleet.membership import (
    Membership,
    address_of,
    hub_context,
    join,
    machine_name,
    membership,
    request,
)


def enrol(
    folder: Path,
    hub: str,
    token: str,
    authority: Path,
    *,
    again: bool = False,
    name: str | None = None,
    own: tuple[Path, Path] | None = None,
) -> Membership:
    """Join the fleet of a hub; `again`: in place of a membership that is there. Without `name` it
    is known there by the machine's own. `own`: files of a certificate of the organisation's and its
    key, in place of a token (empty then).

    Raises InputError, also where the hub is away, SettingsError, HubRefusesError.
    """
    address_of(hub)
    if not token.isascii():
        raise InputError("That is no token.", remedy="outgate hub token prints one.")
    if not again and membership(folder) is not None:
        raise SettingsError(
            "This endpoint belongs to a fleet already.",
            remedy="See outgate fleet status; --again joins anew.",
        )
    try:
        pem = authority.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {authority}: {error.strerror}.") from None
    context = hub_context(authority)
    if own is not None:
        _show(context, *own)
    line = HttpsLine(hub, context)
    told = {
        "token": token.strip(),
        "request": request(folder).decode(),
        "name": name or machine_name(),
        "version": version("outgate"),
    }
    try:
        answer = line.send("/v1/enrol", orjson.dumps(told)).value
    except HubAwayError as away:
        raise InputError(
            away.message,
            remedy=(
                "Nothing was enrolled: check the hub's address and that it runs, then try again."
            ),
        ) from None
    finally:
        line.close()
    known = (str(answer.get(name) or "") for name in ("endpoint", "certificate", "policy_key"))
    endpoint, certificate, policy_key = known
    return join(folder, hub, pem, endpoint, certificate.encode(), policy_key)


def _show(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Show a certificate of the organisation's. Raises InputError."""

    def no_password() -> str:
        return ""  # OpenSSL would ask at the terminal

    try:
        context.load_cert_chain(certificate, key, no_password)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) if not isinstance(error, ssl.SSLError) else None
        told = why or "it holds no certificate with its key, without a password"
        raise InputError(
            f"{certificate} cannot be used to enrol: {told}.",
            remedy="--certificate and --certificate-key name files in PEM.",
        ) from None
