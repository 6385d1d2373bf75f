"""What goes wrong beside the requests: a policy file that vanishes, a follower that fails, a
warm-up that fails.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from patience import soon

from app.service import _settle, follow_policy
from core.errors import SettingsError
from policy.live import PolicyFile

BLOCK = "mode: enforce\nrules:\n  - {id: bank, when: {findings: bank}, then: block}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "outgate.yaml"
    path.write_text(BLOCK)
    return path


async def _followed(
    policy: PolicyFile, story: Callable[[], Any], renewed: Callable[[], None] = lambda: None
) -> None:
    """Run a story while the policy is followed."""
    following = asyncio.ensure_future(follow_policy(policy, renewed, every_s=0.01))
    try:
        await story()
        assert not following.done()
    finally:
        following.cancel()


def _mend(file: Path) -> None:
    """Put a good policy there, whatever is there now."""
    if file.is_dir():
        file.rmdir()
    else:
        file.unlink(missing_ok=True)
    file.write_text(BLOCK + "organisation: {contact: privacy}\n")


def _vanish(file: Path) -> None:
    file.unlink()


def _become_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _become_unreadable(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)  # a loop: nobody can read it, not even root


@pytest.mark.parametrize("spoil", [_vanish, _become_a_folder, _become_unreadable])
async def test_a_policy_file_that_is_gone_leaves_the_last_good_policy(
    file: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever removes or spoils the file does not switch protection off; it is said once, and shown
    until it is mended.
    """
    policy = PolicyFile(file)
    version = policy.version
    caplog.set_level(logging.ERROR, "outgate")

    async def story() -> None:
        spoil(file)
        await soon(lambda: policy.error is not None)
        await asyncio.sleep(0.1)
        assert policy.version == version
        assert "cannot be read" in str(policy.error)
        assert len([r for r in caplog.records if "not in force" in r.message]) == 1
        _mend(file)
        await soon(lambda: policy.organisation.contact == "privacy")
        await soon(lambda: policy.error is None)

    await _followed(policy, story)


@pytest.mark.parametrize(
    "kind", [RuntimeError, TypeError, OSError, RecursionError, asyncio.CancelledError]
)
async def test_a_follower_that_fails_tries_again_and_shows_it(
    file: Path, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    """A fault of Outgate's own while the file is read takes no gate down; health says so until it
    works again.
    """
    policy = PolicyFile(file)
    real, faults = policy.reload_if_changed, [kind("payload text")] * 3

    def reload_if_changed() -> bool:
        if faults:
            raise faults.pop()
        return real()

    monkeypatch.setattr(policy, "reload_if_changed", reload_if_changed)

    async def story() -> None:
        await soon(lambda: policy.error is not None)
        told = str(policy.error)
        assert kind.__name__ in told and "payload" not in told
        _mend(file)  # it may have been read again before, as it was: then nothing is wrong yet
        await soon(lambda: policy.organisation.contact == "privacy")
        await soon(lambda: policy.error is None)

    await _followed(policy, story)


async def test_a_new_policy_reaches_the_classifier_in_the_end(file: Path) -> None:
    """When the parts cannot be told of a new policy, they are told again until they know."""
    policy, told = PolicyFile(file), []

    def renewed() -> None:
        told.append(policy.organisation.contact)
        if len(told) < 3:
            raise OSError("a worker did not answer")

    async def story() -> None:
        _mend(file)
        await soon(lambda: len(told) == 3)
        await soon(lambda: policy.error is None)

    await _followed(policy, story, renewed)
    assert told == ["privacy"] * 3


def test_a_gate_that_cannot_inspect_does_not_serve() -> None:
    """When what inspects cannot be loaded, the gate refuses to start, in words that a person can
    act on.
    """

    class Broken:
        def warm(self) -> None:
            raise ImportError("no such library: /secret/path")

    with pytest.raises(
        SettingsError, match=r"cannot load what it inspects with \(ImportError\)"
    ) as refused:
        _settle(Broken())  # type: ignore[arg-type]
    assert "secret" not in refused.value.for_officer()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError,
        MemoryError,
        RecursionError,
        StopIteration,
        BaseException,
        SystemExit,
        KeyboardInterrupt,
        GeneratorExit,
        asyncio.CancelledError,
    ],
)
@pytest.mark.parametrize("part", ["reload_if_changed", "renewed"])
async def test_nothing_ends_the_following_of_the_policy(
    file: Path, part: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is raised while the policy is read or put in force, it is followed on, and the
    health line says so until it works again.
    """
    policy = PolicyFile(file)
    broken = [True]

    def fails() -> bool:
        if broken:
            raise error
        return True

    def renewed() -> None:
        if part == "renewed":
            fails()

    monkeypatch.setattr(policy, "reload_if_changed", fails if part != "renewed" else lambda: True)
    monkeypatch.setattr(policy, "reload", lambda: fails() if part != "renewed" else True)

    async def story() -> None:
        await soon(lambda: policy.trouble is not None)
        broken.clear()
        await soon(lambda: policy.trouble is None)

    await _followed(policy, story, renewed)
