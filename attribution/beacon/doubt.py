"""Whether what a process says of its start casts a doubt on what was found from outside (pure). It
never gives a name.
"""

import posixpath
import re

from attribution.beacon.claims import StartClaim
from attribution.facts import Files

OTHER_PROGRAM = "its own beacon names another program"
OTHER_VERSION = "its own beacon says that another version of the script was started"
_TOOLS = re.compile(r"/(?:site-packages|dist-packages|bin|Scripts|lib/python\d[\d.]*)/")


def doubt(
    claim: StartClaim | None, path: str | None, sha256: str | None, files: Files
) -> str | None:
    """Return why the script at `path` with this hash is not certain; None when the claim fits, or
    says nothing of it.
    """
    if claim is None or path is None or not posixpath.isabs(claim.main):
        return None
    main = files.realpath(posixpath.normpath(claim.main))
    if main != path:
        inside = main.startswith(f"{path}/") or path.startswith(f"{main}/")
        # A tool that runs a script names itself: the script is then its argument.
        return None if inside or _TOOLS.search(main) else OTHER_PROGRAM
    differs = claim.sha256 is not None and sha256 is not None and claim.sha256 != sha256
    return OTHER_VERSION if differs else None
