"""Passwords that a sentence says were changed, or gives for use, and those of more programs."""

import pytest
from families import with_each

from classifiers.credentials.detector import CredentialDetector
from classifiers.payload import Payload, Segment
from core.organisation import Organisation

VALUES = ("vK8#" + "tq2!Lm", "Zr4t" + "Yq9wPx", "Mango-" + "Tiger!8x")
SENTENCES = (
    "the root password was changed to %s yesterday",
    "the password for the lab has been reset to %s.",
    "password (temporary): %s",
    "you'll need %s as the password",
    "das Passwort wurde auf %s geändert",
    "Das Kennwort wurde gestern auf %s zurückgesetzt.",
    "Das WLAN-Passwort lautet %s",
    "als Passwort nimmst du %s",
    "mit %s als Passwort kommst du rein",
    "le mot de passe a été changé en %s",
    "le mot de passe a été remplacé par %s hier",
    "la contraseña se cambió a %s",
    "la contraseña fue cambiada por %s",
    "a senha foi alterada para %s",
    "la password è stata cambiata in %s",
    "het wachtwoord is gewijzigd naar %s",
    "hasło zostało zmienione na %s",
    "użyj %s jako hasła",
    "echo %s | docker login --password-stdin reg.example",
    "sudo -S apt update <<< '%s'",
    "sudo -S <<< '%s' apt update",
    "plink -ssh -pw %s root@h.example",
    "schtasks /create /ru svc /rp %s /tn nightly",
    "keytool -list -storepass %s",
    "rabbitmqctl add_user ledger %s",
    "mosquitto_pub -u ledger -P %s -t a -m b",
    "snmpwalk -v3 -u ledger -A %s -l authNoPriv h",
    "openssl enc -aes-256-cbc -k %s -in a.csv",
    "http -a ledger:%s GET api.partner.example",
)
OTHERS = (
    "the password was changed to a longer one in v2.3.1",
    "the password policy was changed to ISO27001 rules",
    "the password hash was changed to SHA-256 and bcrypt2b",
    "password (min. 8 characters): see RFC7617",
    "you need 2FA as the password alone is weak",
    "das Passwort wurde am 3.11.2026 geändert",
    "das Passwort wurde auf Server3 nicht geändert",
    "le mot de passe a été changé en 2024",
    "la contraseña se cambió a las 10:30",
    "a senha foi alterada para o usuario",
    "het wachtwoord is gewijzigd naar aanleiding van ISO27001",
    "hasło zostało zmienione na serwerze2",
    'echo "$REG_PASSWORD" | docker login --password-stdin reg.example',
    'sudo -S apt update <<< "$PW"',
    "plink -pw $PW root@h.example",
    "keytool -list -storepass changeit",
    "rabbitmqctl add_user ledger $PW",
    "mosquitto_sub -h broker -P $MQTT_PW",
    "http -a $USER:$TOKEN GET api.partner.example",
    "http -a https://api.partner.example/v2 GET",
    "openssl enc -aes-256-cbc -k $KEY -in a.csv",
    "a=ice-pwd:asd88fgpdd777uzjYhagZg",
    "a=ice-ufrag:8hhY a=ice-pwd: 9uB6 x-creds: asd88fgpdd777uzjYhagZg",
)


@pytest.fixture(scope="module")
def detector() -> CredentialDetector:
    """All rules but those of the long tail."""
    return CredentialDetector(None, Organisation(), long_tail=False)


def told(detector: CredentialDetector, text: str) -> list[str]:
    """Return the values of secrets that the text tells, without published examples."""
    hits = detector.detect(Payload(segments=[Segment(text, "content")]), "a.example")
    return [hit.value for hit in hits if hit.rejected is None and not hit.test_data]


@with_each("sentence", SENTENCES)
@with_each("value", VALUES)
def test_a_password_that_was_changed_or_is_given_is_told(
    detector: CredentialDetector, sentence: str, value: str
) -> None:
    """What it was changed to, in eight languages; where programs take theirs."""
    assert told(detector, f"hi, \n{sentence % value}\nbye") == [value]


@with_each("text", OTHERS)
def test_a_change_without_a_password_tells_none(detector: CredentialDetector, text: str) -> None:
    """Dates, versions, products, hours and variables are no passwords."""
    assert told(detector, text) == []
