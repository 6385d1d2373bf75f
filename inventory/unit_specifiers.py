"""What `%h`, `%i` and their like stand for in a unit of systemd, and what its `Environment=` sets,
as far as files tell (pure).
"""

import shlex
from collections.abc import Iterable, Mapping

_OF_MACHINE = {
    "h": "/root",
    "S": "/var/lib",
    "C": "/var/cache",
    "L": "/var/log",
    "E": "/etc",
    "t": "/run",
    "T": "/tmp",  # noqa: S108 - as systemd has them
    "V": "/var/tmp",  # noqa: S108 - as systemd has them
    "u": "root",
    "U": "0",
}
_OF_PERSON = "/.config/"


def specifiers(path: str, unit: str) -> Mapping[str, str]:
    """Return what the letters stand for in a file of systemd. `unit`: the name that runs: of a
    template an instance's, where that is known.
    """
    stem = unit.rpartition(".")[0]
    prefix, sign, instance = stem.partition("@")
    found = {"n": unit, "N": stem, "p": prefix, "P": prefix, "%": "%"}
    if sign and instance:
        found |= {"i": instance, "I": instance.replace("-", "/").replace("\\x2d", "-")}
    home, is_person, _ = path.partition(_OF_PERSON)
    if is_person:
        person = home.rpartition("/")[2]
        return found | {"h": home, "E": f"{home}/.config", "C": f"{home}/.cache", "u": person}
    return found | _OF_MACHINE


def filled(text: str, meanings: Mapping[str, str]) -> str:
    """Return a text with the specifiers that are known put in."""
    first, *rest = text.split("%")
    told, after_sign = [first], False
    for part in rest:
        if after_sign:
            told.append(part)
            after_sign = False
        elif not part:
            told.append("%")
            after_sign = True
        else:
            told.append(meanings.get(part[0], f"%{part[0]}") + part[1:])
    return "".join(told)


def environment(lines: Iterable[str]) -> dict[str, str]:
    """Return what the values of `Environment=` set."""
    found: dict[str, str] = {}
    for line in lines:
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        for word in words:
            name, sign, value = word.partition("=")
            if sign and name.isidentifier():
                found[name] = value
    return found
