"""The authority for inspection that the fleet's hub gives this machine: asked for, taken,
renewed.
"""

from datetime import datetime

import orjson

from app.home import Home
from certs.authority import import_authority, load_authority
from certs.chain import Authority
from certs.files import PRIVATE_FILE, replace_file
from certs.rotation import former_root, keep_former
from certs.signing_request import pending_key, signing_request
from core.errors import CertificateError, InputError, SettingsError
from fleet.line import Line
from fleet.membership import machine_name

_FOLDER, _CHAIN, _GIVEN = "inspection", "chain.pem", "given"


def ask_authority(home: Home, line: Line) -> Authority:
    """Ask for an authority and put it in place of the one that is there, whose root stays trusted.

    Raises InputError, SettingsError, HubAwayError, HubRefusesError.
    """
    folder = home.fleet / _FOLDER
    try:
        request = signing_request(folder, f"Outgate {machine_name()}"[:64])
        answer = line.send("/v1/inspection", orjson.dumps({"request": request.decode()}))
        chain = str(answer.value.get("chain") or "").encode()
        replace_file(folder / _CHAIN, chain, PRIVATE_FILE)
        former = former_root(home.authority)
        made = import_authority(
            home.authority, key_file=pending_key(folder), chain_files=(folder / _CHAIN,)
        )
        keep_former(home.authority, former)
        pending_key(folder).unlink()
        replace_file(folder / _GIVEN, _mark(made), PRIVATE_FILE)
    except CertificateError as error:
        raise InputError(
            f"What the hub gives is no authority: {error.message}", remedy=error.remedy
        ) from None
    except OSError as error:
        raise SettingsError(f"Cannot write in {folder}: {error.strerror}.") from None
    return made


def renew_authority(home: Home, line: Line, now: datetime) -> bool:
    """Renew the authority that the hub gave where two thirds of its life are over; return whether.
    One that somebody put in its place is left alone. Raises as `ask_authority`.
    """
    try:
        given = (home.fleet / _FOLDER / _GIVEN).read_bytes()
    except OSError:
        return False
    try:
        found = load_authority(home.authority)
    except CertificateError:
        found = None  # it ran out, or is damaged: the hub gives another
    if found is not None:
        begin, end = found.signer.not_valid_before_utc, found.signer.not_valid_after_utc
        if _mark(found) != given or now < begin + (end - begin) * 2 / 3:
            return False
    ask_authority(home, line)
    return True


def _mark(authority: Authority) -> bytes:
    return f"{authority.signer.serial_number:x}\n".encode()
