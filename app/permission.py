"""Asks the table of roles for the person at the keyboard, before a command does anything."""

import os

from app.current_user import reviewer
from app.settings import Settings
from core.errors import ForbiddenError
from core.rights import Deed, Person, Rights, Role

HOW = "The setting `rights` of this machine says who has which role."


def permitted(deed: Deed, settings: Settings | None = None) -> str:
    """Return who is at the keyboard, who may do this. Raises ForbiddenError, SettingsError."""
    name = reviewer()
    refused = refusal(_settings() if settings is None else settings, name, deed)
    if refused is not None:
        raise ForbiddenError(refused, remedy=HOW)
    return name


def refusal(settings: Settings, name: str, deed: Deed) -> str | None:
    """Return why this user may not do this, or None."""
    rights = rights_of(settings)
    return rights.refusal(person_named(name), deed) if rights.holders else None


def roles_told(settings: Settings, name: str) -> str | None:
    """Return in which role a user acts, as acts of the review tell it: the title that settings
    give, and the roles that rights give.
    """
    rights = rights_of(settings)
    roles = rights.roles_of(person_named(name)) if rights.holders else ()
    title = settings.roles.get(name)
    told = [*([title] if title else []), *(role for role in roles if role != title)]
    return ", ".join(told) or None


def rights_of(settings: Settings) -> Rights:
    """Return who has which role here."""
    return Rights(holders={Role(role): tuple(who) for role, who in settings.rights.items()})


def person_named(name: str) -> Person:
    """Return a user of this machine, with the groups that the system lists for the name; not those
    of this process, which whoever started it may have chosen.
    """
    if os.name != "posix":
        return Person(name=name)
    import grp
    import pwd

    try:
        numbers = os.getgrouplist(name, pwd.getpwnam(name).pw_gid)
    except (KeyError, OSError):
        return Person(name=name)
    groups = set()
    for number in numbers:
        try:
            groups.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return Person(name=name, groups=frozenset(groups))


def _settings() -> Settings:
    from app.home import open_home
    from app.settings import load_settings

    return load_settings(open_home().settings)
