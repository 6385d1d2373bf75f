"""Passwords that a sentence tells with nothing but the word before them, in eight languages."""

import pytest
from families import with_each

from classifiers.credentials.detector import CredentialDetector
from classifiers.credentials.rules.spoken import is_chosen
from classifiers.payload import Payload, Segment
from core.organisation import Organisation

VALUES = ("gR7!wq2_Z" + "t9k", "Sommer" + "2019!", "tz7#qlw9" + "2bx", "k3yB0" + "ardX7")
SENTENCES = (
    "log in with password %s ok?",
    "use the password %s to log in",
    "password for the staging box %s, thanks",
    'the passphrase "%s" is still valid',
    "(pw %s)",
    "pass `%s`",
    "creds: admin / %s",
    "login: ledger:%s",
    "admin:%s works on staging",
    "Anmeldung mit Passwort %s bitte",
    "mit dem Passwort %s anmelden",
    "Benutzer ledger, Kennwort %s",
    "Kennwort für das VPN %s",
    "PW %s",
    "Zugang: ledger / %s",
    "connexion avec le mot de passe %s",
    "le mot de passe du wifi %s",
    "mdp %s",
    "identifiants : admin / %s",
    "entra con la contraseña %s",
    "la clave %s",
    "credenciales: admin / %s",
    "entre com a senha %s",
    "a palavra-passe %s",
    "accedi con la password %s",
    "credenziali: admin / %s",
    "log in met wachtwoord %s",
    "ww: %s",
    "inloggegevens: admin / %s",
    "zaloguj się hasłem %s",
    "hasło %s",
    "dane logowania: admin / %s",
)
OTHERS = (
    "Please see password reset for Windows11 and Office365.",
    "password manager KeePass2 or Bitwarden2024.1",
    "passwords v2.3.1 to v2.4.0, password RFC7617",
    "hash the password SHA-256, PBKDF2-HMAC-SHA256 or bcrypt2b",
    "Passwort ändern: Hilfe123 lesen",
    "Passwort iPhone15Pro einrichten",
    "Kennwort Richtlinie2024 gilt",
    "mot de passe oublié ? Voir FAQ-2024",
    "contraseña ISO27001 política",
    "senha CVE-2024-12345 corrigida",
    "wachtwoord minimaal 8 tekens, maximaal 64!",
    "hasło min8znakow, rozdział 3.2.1",
    "password $DB_PASSWORD_2 and ${PW1} and %PW1%",
    "password [A-Za-z0-9]{8,12} must match",
    "password #123456 was filed as JIRA-4711",
    "pass user_name1 and x_train2d to f(x1, y2)",
    "pass --max-old-space-size=4096 to node",
    "pass Arc<Mutex<Vec8>>, pass 0x7ffe12ab9c30 instead",
    "log in as admin/reports2024/Q3.pdf",
    "login: octocat, 2024-11-28T05:30:00Z",
    "user: agent007, root:x:0:0:root:/root:/bin/bash",
    "admin:read2024:write, admin/v1beta1/users",
    "account: 4711-0815, account DE12/2024!",
    "password /reset?id=7&token=abc, password page?x=1",
    "pw 12W LED, WW 2: 1939-1945!",
    "the password has 12 characters!",
    "pass 100% of tests, pass 3!",
    "password user@host1.corp-intern.net",
    "password me@2024 2x4=8",
    "pass rate: 98.5%, password_hash a1b2",
)


@pytest.fixture(scope="module")
def detector() -> CredentialDetector:
    """All rules but those of the long tail."""
    return CredentialDetector(None, Organisation(), long_tail=False)


def told(detector: CredentialDetector, text: str) -> list[str]:
    """Return the values of secrets that the text tells."""
    hits = detector.detect(Payload(segments=[Segment(text, "content")]), "a.example")
    return [hit.value for hit in hits if hit.rejected is None]


@with_each("sentence", SENTENCES)
@with_each("value", VALUES)
def test_a_password_behind_the_word_alone_is_told(
    detector: CredentialDetector, sentence: str, value: str
) -> None:
    """No colon and no verb parts them; the value itself looks like a password."""
    assert told(detector, f"hi, {sentence % value}\nbye") == [value]


@with_each("text", OTHERS)
def test_a_word_behind_password_that_looks_like_none_is_none(
    detector: CredentialDetector, text: str
) -> None:
    """Names of products, standards, versions, options, paths and rules are no passwords."""
    assert told(detector, text) == []


@pytest.mark.parametrize("value", VALUES)
def test_what_is_chosen_has_several_kinds_of_characters(value: str) -> None:
    """One kind less, and it may be a word of the sentence."""
    assert is_chosen(value)
    assert not is_chosen("".join(char for char in value if not char.isdigit()))
    assert not is_chosen(value[:7])
    assert not is_chosen(f"/{value}")
