"""Another authority takes over, and at no moment clients do not trust what signs."""

from datetime import timedelta
from pathlib import Path

import pytest
from certs_samples import NOW, make, strict_handshake

from certs.authority import import_authority, load_authority, open_authority
from certs.leaf import LeafMinter
from certs.rotation import (
    FORMER_FILE,
    finish,
    former_root,
    keep_former,
    prepare,
    replace_ended,
    trusted_besides,
    upcoming,
)
from certs.trust import write_bundle
from core.errors import CertificateError


def test_both_are_trusted_while_one_takes_over(tmp_path: Path) -> None:
    """Before, between and after, what clients trust covers what signs; the key that signed before
    is gone.
    """
    folder, bundle = tmp_path / "authority", tmp_path / "bundle.pem"
    first = open_authority(folder)

    def works() -> None:
        signs = load_authority(folder)
        write_bundle(bundle, signs, {}, trusted_besides(folder))
        strict_handshake(LeafMinter(signs).mint("a.example"), bundle.read_bytes(), tmp_path)

    prepare(folder)
    works()
    assert load_authority(folder).facts() == first.facts(), "the present one goes on signing"
    before = bundle.read_bytes()
    following = finish(folder)
    works()
    assert load_authority(folder).facts() == following.facts() != first.facts()
    strict_handshake(LeafMinter(following).mint("a.example"), before, tmp_path)
    strict_handshake(LeafMinter(first).mint("a.example"), bundle.read_bytes(), tmp_path)
    assert [c.subject for c in trusted_besides(folder)] == [first.root.subject]
    assert b"PRIVATE" not in (folder / FORMER_FILE).read_bytes()


def test_preparing_twice_prepares_one(tmp_path: Path) -> None:
    """Whoever asks again is told of the same authority."""
    open_authority(tmp_path)
    assert prepare(tmp_path).facts() == prepare(tmp_path).facts()
    assert (tmp_path / "next.pem").stat().st_mode & 0o777 == 0o600
    finish(tmp_path)
    assert upcoming(tmp_path) is None
    with pytest.raises(CertificateError, match="No other authority is prepared"):
        finish(tmp_path)


def test_a_former_root_is_trusted_until_it_ends(tmp_path: Path) -> None:
    """No root stays among the trusted after its own end."""
    open_authority(tmp_path)
    prepare(tmp_path)
    finish(tmp_path)
    later = NOW + timedelta(days=6 * 365)
    assert len(trusted_besides(tmp_path)) == 1
    assert trusted_besides(tmp_path, clock=lambda: later) == ()


def test_the_organisations_own_is_not_rotated_here(tmp_path: Path) -> None:
    """An imported intermediate is renewed by whoever issued it; the machine's own former root stays
    trusted.
    """
    folder = tmp_path / "authority"
    own = open_authority(folder)
    root = make("Corp root", days=900)
    one = make("Corp endpoint", root, path_length=0, days=800)
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    key.write_bytes(one.key_pem())
    chain.write_bytes(one.pem + root.pem)
    former = former_root(folder)
    import_authority(folder, key_file=key, chain_files=(chain,))
    keep_former(folder, former)
    assert trusted_besides(folder) == (own.root,)
    with pytest.raises(CertificateError, match="organisation's own"):
        prepare(folder)


def test_one_that_has_ended_is_replaced_at_once(tmp_path: Path) -> None:
    """Nothing trusts it any more, so that nothing is to be waited for; it is no former one."""
    ended, later = open_authority(tmp_path).facts(), NOW + timedelta(days=6 * 365)
    assert replace_ended(tmp_path) is None, "it has not ended"
    with pytest.raises(CertificateError, match="expired") as told:
        load_authority(tmp_path, clock=lambda: later)
    assert told.value.remedy.endswith("outgate ca rotate")
    made = replace_ended(tmp_path, clock=lambda: later)
    assert made is not None
    assert load_authority(tmp_path, clock=lambda: later).facts() == made.facts() != ended
    assert trusted_besides(tmp_path, clock=lambda: later) == ()


def test_what_was_prepared_takes_the_place_of_one_that_has_ended(tmp_path: Path) -> None:
    """Clients trust that one already."""
    open_authority(tmp_path)
    start = NOW + timedelta(days=1000)
    prepared, later = prepare(tmp_path, clock=lambda: start), NOW + timedelta(days=5 * 365 + 1)
    made = replace_ended(tmp_path, clock=lambda: later)
    assert made is not None
    assert made.facts() == prepared.facts()
    assert upcoming(tmp_path, clock=lambda: later) is None


def test_an_ended_one_of_the_organisation_is_not_replaced(tmp_path: Path) -> None:
    """Its successor is asked for, and these words say so."""
    root = make("Example root")
    own = make("Example intermediate", root, days=11)
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    key.write_bytes(own.key_pem())
    chain.write_bytes(own.pem + root.pem)
    import_authority(tmp_path, key_file=key, chain_files=(chain,))
    later = NOW + timedelta(days=20)
    assert replace_ended(tmp_path, clock=lambda: later) is None
    with pytest.raises(CertificateError, match="expired") as told:
        prepare(tmp_path, clock=lambda: later)
    assert "outgate ca csr" in told.value.remedy


def test_damaged_former_roots_are_told(tmp_path: Path) -> None:
    """With the file, and what removing it means."""
    open_authority(tmp_path)
    (tmp_path / FORMER_FILE).write_bytes(b"damaged")
    with pytest.raises(CertificateError, match=r"former\.pem holds no certificates") as told:
        trusted_besides(tmp_path)
    assert told.value.remedy.startswith("Remove it")
