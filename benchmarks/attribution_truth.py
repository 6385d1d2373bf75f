"""Compares a record with what the sender said of itself."""

from collections.abc import Mapping

from core.attribution import Attribution, Certainty


def told_wrongly(truth: Mapping[str, object], found: Attribution) -> str | None:
    """Return what is wrong in a record that claims to be EXACT, or None. A claim that is LIKELY may
    be wrong, not silent.
    """
    if found.certainty is not Certainty.EXACT:
        return None if found.reason else "not exact, and no reason is given"
    pid = None if found.process is None else found.process.pid
    if truth.get("pid") not in {None, pid}:
        return f"process {pid}, which is {truth['pid']}"
    if truth.get("not_python"):
        return (
            "called Python" if found.script is not None and found.script_process is None else None
        )
    if found.is_python is False:
        return "called not Python"
    path = None if found.script is None else found.script.path
    if truth.get("script") and path != truth["script"]:
        return f"script {path}, which is {truth['script']}"
    sha256 = None if found.script is None else found.script.sha256
    if truth.get("sha256") and sha256 not in {None, truth["sha256"]}:
        return "another version"
    return None
