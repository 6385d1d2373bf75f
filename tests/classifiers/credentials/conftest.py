"""Detectors shared by these tests: making the full pack takes seconds, so it is made once."""

import pathlib
import shutil

import pytest

from classifiers.credentials import CredentialDetector
from core.organisation import Organisation


@pytest.fixture(scope="session")
def own_detector() -> CredentialDetector:
    return CredentialDetector(None, Organisation(), long_tail=False)


@pytest.fixture(scope="session")
def pack_dir(tmp_path_factory: pytest.TempPathFactory, rule_pack: pathlib.Path) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("rules")
    shutil.copytree(rule_pack / "credentials", folder / "credentials")
    return folder


@pytest.fixture(scope="session")
def full_detector(pack_dir: pathlib.Path) -> CredentialDetector:
    detector = CredentialDetector(pack_dir, Organisation())
    detector.warm(wait_s=170)
    assert detector.health()["failure"] is None
    return detector
