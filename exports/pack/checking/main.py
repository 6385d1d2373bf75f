"""Checks an evidence pack of Outgate. Standard library alone, Python 3.9 and later.

    python verify.py PACK.zip [--key FINGERPRINT]

Without a file: the folder that this program lies in. Names each thing that is wrong; ends with 0
when nothing is, with 1 when something is, with 2 when nothing was checked. Compare the key's
fingerprint with the one that the organisation tells you by another way: who made another pack has
another key. A copy of this program from elsewhere is worth more than the one in the pack.
"""

import os
import sys
from typing import Callable, List, Optional, Tuple

from exports.pack.checking.drawings import Drawings
from exports.pack.checking.names import CHECKPOINTS, COVERAGE, PROOFS, RECORDS, SEAL, TABLE
from exports.pack.checking.packs import Pack

READ = {
    "container": ("the zip", ""),
    "statement": (SEAL, ", so nothing says what the pack should hold"),
    "records": (RECORDS, ", so not all records were checked"),
    "checkpoints": (
        "%s or %s" % (CHECKPOINTS, PROOFS),
        ", so nothing shows that the evidence is complete",
    ),
    "drawn": (
        "%s, %s or %s" % (RECORDS, TABLE, COVERAGE),
        ", so table, coverage and report were not held against the records",
    ),
}
"""Step → what it reads, and what is not known where that cannot be read."""


class Check(Drawings):
    """Goes through all steps, and collects what is wrong."""

    def run(self) -> bool:
        names = self.pack.names()
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.wrong("%s stands twice in the zip" % name)
        for step in (
            *(self.container, self.statement, self.records, self.checkpoints, self.drawn),
        ):
            read, lost = READ[step.__name__]
            try:
                step()
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                self.wrong("%s: not as Outgate writes it%s" % (read, lost))
            except Exception:  # zlib.error, and whatever a damaged file makes of us
                self.wrong("%s: damaged, or cannot be read%s" % (read, lost))
        return not self.problems


USAGE = "python verify.py [PACK.zip] [--key FINGERPRINT]"
KEY_DIGITS = 16


def told_to(arguments: List[str]) -> Tuple[str, Optional[str], str]:
    """Return the pack, the key that is wanted, and what is wrong with the arguments."""
    paths, key, left = [], None, list(arguments)
    while left:
        one = left.pop(0)
        if one == "--key" or one.startswith("--key="):
            if one == "--key":
                one = "--key=%s" % "".join(left[:1])
                del left[:1]
            key = one[len("--key=") :].strip().lower()
            if len(key) != KEY_DIGITS or set(key) - set("0123456789abcdef"):
                return "", None, "--key needs a fingerprint: %d hex digits" % KEY_DIGITS
        elif one in ("-h", "--help"):
            return "", None, "help was asked for"
        elif one.startswith("-") and one != "-":
            return "", None, "there is no option %s" % ascii(one)
        else:
            paths.append(one)
    if len(paths) > 1:
        return "", None, "one pack is checked at a time"
    path = paths[0] if paths else os.path.dirname(os.path.abspath(__file__))
    if not os.path.exists(path):
        return "", None, "there is no file %s" % ascii(path)
    return path, key, ""


def main(arguments: List[str], say: Callable[[str], None]) -> int:
    path, key, wrong = told_to(arguments)
    if wrong:
        say("Nothing was checked: %s. Use: %s" % (wrong, USAGE))
        return 2
    try:
        if os.path.isfile(path) and os.path.getsize(path) == 0:
            say("NOT whole: the file is empty")
            return 1
        check = Check(Pack(path), key)
    except OSError as error:
        say("Nothing was checked: %s cannot be read: %s" % (ascii(path), error.strerror))
        return 2
    except Exception:  # whatever a damaged zip makes of us
        say("NOT whole: the pack cannot be opened: it is cut off, or no zip")
        return 1
    whole = check.run()
    for problem in check.problems:
        say("NOT whole: %s" % problem)
    for told in check.notes:
        say(told)
    say("The pack is whole." if whole else "The pack is NOT whole.")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], print))
