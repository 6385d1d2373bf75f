"""The organisation's own recognisers and exceptions, as the policy file states them."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.organisation import FindingException
from policy.loading import load_file

TEXT = """
organisation:
  recognizers: [staff.yaml]
  exceptions:
    - {kind: secret, fingerprint: 00112233aabbccdd, where: "body.config.*"}
    - {kind: email, fingerprint: ffeeddccbbaa0099}
"""


def test_files_are_found_beside_the_policy(tmp_path: Path) -> None:
    """Recogniser files are named relative to the policy file, wherever Outgate is started."""
    file = tmp_path / "policy.yaml"
    file.write_text(TEXT)
    organisation = load_file(file).organisation
    assert organisation.recognizers == (str(tmp_path / "staff.yaml"),)
    assert organisation.exceptions == (
        FindingException(kind="secret", fingerprint="00112233aabbccdd", where="body.config.*"),
        FindingException(kind="email", fingerprint="ffeeddccbbaa0099"),
    )


@pytest.mark.parametrize(
    "entry",
    [
        "{kind: secret}",
        "{kind: secret, fingerprint: my-password}",
        "{fingerprint: 00112233aabbccdd}",
    ],
)
def test_exception_needs_kind_and_fingerprint(tmp_path: Path, entry: str) -> None:
    """An exception is for one value, told by its fingerprint; never for a kind as a whole, never by
    the value itself.
    """
    file = tmp_path / "policy.yaml"
    file.write_text(f"organisation:\n  exceptions:\n    - {entry}\n")
    with pytest.raises(SettingsError, match=r"policy\.yaml:3"):
        load_file(file)
