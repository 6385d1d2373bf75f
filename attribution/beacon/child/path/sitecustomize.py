"""Starts the beacon in a child of `outgate run`, then makes way for the user's own sitecustomize,
if there is one.

Whatever Python finds this folder first reads this: so it keeps to every version's syntax, and does
nothing on old ones.
"""

# mypy: ignore-errors

import sys

_here = __file__.rpartition("path")[0]
sys.path[:] = [entry for entry in sys.path if entry != _here + "path"]


def _start():
    """Run the beacon in a namespace of its own, compiled once for each version of Python among the
    children.
    """
    import marshal
    import os
    from _frozen_importlib_external import MAGIC_NUMBER

    kept = _here + "compiled/%s-%s" % (MAGIC_NUMBER[:2].hex(), sys.flags.optimize)
    words = {"__name__": "outgate_beacon", "FOLDER": _here}
    try:
        code = marshal.loads(_read(os, kept))  # noqa: S302 - our own file, private to this run
    except (OSError, ValueError, EOFError, TypeError):
        code = _compiled(os, marshal, kept)
    exec(code, words)  # noqa: S102 - as above


def _compiled(os, marshal, kept):
    # A name in angle brackets keeps it out of coverage reports and debuggers.
    code = compile(_read(os, _here + "beacon.py"), "<outgate beacon>", "exec", dont_inherit=True)
    whole = kept + "." + str(os.getpid())
    handle = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, marshal.dumps(code))
    finally:
        os.close(handle)
    os.replace(whole, kept)
    return code


def _read(os, path):
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return os.read(handle, 1 << 18)
    finally:
        os.close(handle)


if sys.version_info >= (3, 8):
    try:
        _start()
    except Exception:  # boundary: another's program never suffers from ours
        pass
sys.modules.pop("sitecustomize", None)
# Where there is none, this raises what Python expects of a missing one, and leaves no trace in
# sys.modules.
import sitecustomize  # noqa: E402, F401
