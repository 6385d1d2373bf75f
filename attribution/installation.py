"""The folders of the very installation that a Python runs from. What a variable names as one more
(a path, an environment, a home) is none: anybody may name one.
"""

import posixpath

from attribution.identity.environment import package_folders, prefix_of
from attribution.os_users import home_of
from attribution.resolution import search_paths
from attribution.startup import Start


def own_folders(start: Start) -> list[str]:
    """Return the folders with its packages, the account's own among them, and with Python's own
    modules.
    """
    owner, files = start.owner, start.files
    packages = package_folders(owner, files, home=home_of(owner.uid), given=False)
    exe = None if owner.exe is None else files.realpath(owner.exe)
    base = None if exe is None else posixpath.dirname(posixpath.dirname(exe))
    prefixes = dict.fromkeys(p for p in (prefix_of(owner, files), base) if p is not None)
    own = [f"{p}/lib/python{v}" for p in prefixes for v in search_paths.versions(owner)]
    return list(dict.fromkeys((*packages, *(folder for folder in own if files.is_dir(folder)))))


def is_own(start: Start, folder: str) -> bool:
    """True for one of these folders, by whatever name."""
    place = start.files.realpath(folder)
    return any(place == start.files.realpath(one) for one in own_folders(start))


def is_below_packages(start: Start, folder: str) -> bool:
    """True for what lies within the installed packages."""
    place = start.files.realpath(folder)
    packages = (one for one in own_folders(start) if one.endswith("-packages"))
    return any(place.startswith(f"{start.files.realpath(one)}/") for one in packages)


def is_up_from_a_link(start: Start) -> bool:
    """True where an entry of PYTHONPATH goes up again from behind a link: until Python 3.11 makes
    it plain at the start, that is another folder than its name says before `site` has done so.
    """
    here = next(iter(search_paths.bases(start.owner)), "/")
    told = (start.owner.env.get("PYTHONPATH") or "").split(":")
    places = [posixpath.join(here, entry) for entry in told if ".." in entry.split("/")]
    real = start.files.realpath
    return any(real(place) != real(posixpath.normpath(place)) for place in places)
