"""Passwords and keys that a call takes without a name beside them are found, and no other texts."""

import pytest

from classifiers.credentials import CredentialDetector
from classifiers.sources.masking import SourceMasker
from core.organisation import Organisation

PASSWORD, KEY, HEX = "wkNhFd9Xs#Vpz", "8voAJcjv5X83ck9NN-orFABAdxObQYDf", "68160adb59261ff2" * 2
SECRET = (
    f'pymysql.connect("db1", "root", "{PASSWORD}", "ledger")',
    f'ssh.connect("db1", 22, "root", "{PASSWORD}")',
    f'ftplib.FTP("files", "bot", "{PASSWORD}")',
    f'keyring.set_password("service", "me", "{PASSWORD}")',
    f'user.set_password("{PASSWORD}")',
    f'ldap3.Connection(server, "cn=admin", "{PASSWORD}")',
    f'redis.Redis("cache", 6379, 0, "{PASSWORD}")',
    f'ClientSecretCredential(tenant, client, "{KEY}")',
    f'parser.add_argument("-p", "--password", default="{PASSWORD}")',
    f'@click.option("--api-token", default="{KEY}")\ndef f(): ...',
    f'hmac.new(b"{KEY}", body, "sha256")',
    f'jwt.encode(claims, "{KEY}", algorithm="HS256")',
    f'Fernet(b"{KEY}=")',
    f'AES.new(b"{KEY}", AES.MODE_GCM)',
    f'Client("AC{HEX}", "{HEX[::-1]}")',
    f'url = f"postgresql://{{user}}:{PASSWORD[:9]}@{{host}}/ledger"',
)
NONE = (
    'connection.connect("db1", "root", "ledger")',
    'signal.connect("sender", "receiver", "value-changed")',
    'Client("ACCOUNT_NAME", "eu-central-1")',
    'ftplib.FTP("ftp.example.org", "anonymous", "anonymous@")',
    "user.set_password(form.password)",
    'parser.add_argument("--password", default="")',
    'parser.add_argument("--password-length", default="12")',
    'parser.add_argument("--sort-key", default="created_at")',
    'parser.add_argument("--token-file", default="/etc/app/token")',
    'hmac.new(key, message, "sha256")',
    'jwt.decode(token, public_key, algorithms=["RS256"])',
    "Fernet(key)",
    'url = f"postgresql://{user}:{password}@{host}/ledger"',
    'url = f"https://{host}/api/{token}/v1"',
)


@pytest.fixture(scope="module")
def masker() -> SourceMasker:
    return SourceMasker(CredentialDetector(None, Organisation(), long_tail=False))


def test_what_a_call_takes_as_a_password_is_masked(masker: SourceMasker) -> None:
    """By its place among the arguments, by the option whose default it is, or in an address."""
    for line in SECRET:
        kept = masker.mask(f"import os\n{line}\n")
        for value in (PASSWORD[:9], KEY, HEX[::-1]):
            assert value not in kept, line


def test_what_is_no_password_is_kept(masker: SourceMasker) -> None:
    """Names, places and what only the running program knows."""
    for line in NONE:
        assert masker.mask(f"import os\n{line}\n") == f"import os\n{line}\n"
