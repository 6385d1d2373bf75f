"""Sentences for `benchmarks.truth`: phones, secrets in words, and what only looks so."""

import random
from collections.abc import Iterator

PASSWORD, KEY = "Xk7#mPq2vLw9", "Zt84hQmx0PbLw72Kd9sYvN31"
SECRET_SENTENCES: dict[str, tuple[str, ...]] = {
    "English": (
        f"the password for the staging db: {PASSWORD}",
        f"The password for the staging db is {PASSWORD}, thanks",
        f"use {KEY} as the api key",
        f"I set mistral_api_key to {KEY}",
        f"please use `{PASSWORD}` as password",
        f"Log in with admin / {PASSWORD}",
    ),
    "German": (
        f"Das Passwort für den Server lautet {PASSWORD}.",
        f"das Kennwort zum VPN: {PASSWORD}",
        f"nimm {KEY} als API-Key",
    ),
    "French": (
        f"Le mot de passe de la base est {PASSWORD}",
        f"mot de passe : {PASSWORD}",
        f"La clé API est {KEY}",
    ),
    "Spanish": (f"La contraseña del servidor es {PASSWORD}", f"contraseña: {PASSWORD}"),
    "Portuguese": (f"A senha do banco é {PASSWORD}", f"A palavra-passe é {PASSWORD}"),
    "Italian": (f"La password del server è {PASSWORD}", f"la parola d'ordine: {PASSWORD}"),
    "Dutch": (f"Het wachtwoord van de database is {PASSWORD}", f"wachtwoord: {PASSWORD}"),
    "Polish": (f"Hasło do serwera to {PASSWORD}", f"hasło: {PASSWORD}", f"klucz api: {KEY}"),
    "commands and code": (
        f'requests.get(u, auth=("admin","{PASSWORD}"))',
        f"sshpass -p '{PASSWORD}' ssh root@10.0.0.1",
        f"mysql -u root -p{PASSWORD} shop",
        f"net use Z: \\\\srv\\share /user:corp\\bob {PASSWORD}",
        f'variable "db_password" {{\n  default = "{PASSWORD}"\n}}',
        '{"auths":{"ghcr.io":{"auth":"YW5uOlhrNyNtUHEydkx3OQ=="}}}',
        f"redis-cli -h x -a {PASSWORD}",
    ),
    "a pasted table": (
        f"user,password,role\nann,{PASSWORD},admin\nbob,Hg73hdk2!x,user\n",
        f"| user | Passwort |\n|---|---|\n| ann | {PASSWORD} |\n| bob | Hg73hdk2!x |",
    ),
}
HARD_NEGATIVES: tuple[str, ...] = (
    "The password for the staging db is in the vault",
    "use this as the api key header name",
    "the password is required",
    "Passwort ist falsch",
    "Le mot de passe est incorrect",
    "La contraseña es obligatoria",
    "hasło jest wymagane",
    "reset your password to continue",
    "auth=(user, password)",
    'auth=("user", "password")',
    "sshpass -p $PASS ssh x",
    "mysql -u root -p shop",
    "net use Z: \\\\srv\\share /user:bob *",
    "user,password\nann,yes\nbob,no\n",
    "hashed_token=8f14e45fceea167a5a36dedd4bea2543aa",
    "a=ice-pwd:asd88fgpdd777uzjYhagZg",
    "the token for the next page is 12",
    "password reset for 2026-01-01",
    "A senha é obrigatória",
    "the password of 12 characters is too short",
    "your password to version2 of the app",
    "token is 0x1234",
    "the token to use is Bearer",
    "Order 12345678 shipped, call us if it is late",
    "Invoice no 2024-1234567 is due",
    "Rechnung Nr. 20241234567 ist offen",
    "the number 12345678 is prime",
    "call function at 0x1234567",
    "version 10.22.33.444",
    "I called 3 times, order 4711000011",
    "meeting 2026-01-02 10:00, ring the bell",
    "We sold 1 234 567 units in 2025",
    "call id 1763720000123 failed",
    "page 1234567 of text 7654321",
    "signal 9999999 received",
    "GET /call/12345678",
    "tracking number 123456789012",
    "EAN number 4006381333931",
    "number of rows: 1234567",
    "contact 12 345 678 users",
)
"""Sentences that speak of passwords and numbers, and hold none."""
_SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "Please call the customer on {}.",
        "Her number is {} and she is in after five",
        "You can reach him at {} tomorrow",
        "Ring {} before noon",
        "text me at {}, thanks",
        "He left a message: {} (mobile)",
    ),
    "de": (
        "Bitte den Kunden unter {} anrufen.",
        "Rückruf erbeten: {}",
        "Sie erreichen ihn unter {}.",
        "Seine Nummer ist {}.",
    ),
    "fr": (
        "Merci d'appeler le client au {}.",
        "Vous pouvez le joindre au {}",
        "Son numéro est le {}",
    ),
    "es": (
        "Llame al cliente al {}.",
        "Su número es {}",
        "Puede contactarlo en el {}",
    ),
    "pt": (
        "Ligue para o cliente no {}.",
        "O número dele é {}",
    ),
    "it": (
        "Chiamare il cliente al {}.",
        "Il suo numero è {}",
    ),
    "nl": (
        "Bel de klant op {}.",
        "Zijn nummer is {}",
    ),
    "pl": (
        "Proszę zadzwonić do klienta: {}.",
        "Jego numer to {}",
    ),
    "sv": ("Ring kunden på {}.",),
    "fi": ("Soita asiakkaalle {}.",),
    "cs": ("Zavolejte zákazníkovi na {}.",),
}
_COUNTRIES: dict[str, str] = {
    "en": "US GB AU ZA IE IN CA NZ SG KE NG",
    "de": "DE AT CH",
    "fr": "FR BE",
    "es": "ES MX AR CO CL",
    "pt": "PT BR",
    "it": "IT",
    "nl": "NL BE",
    "pl": "PL",
    "sv": "SE NO DK",
    "fi": "FI",
    "cs": "CZ",
}
_NUMBERS_EACH = 2


def sentences_with_phones(rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield (country, form, sentence) with made-up numbers that the country's plan allows."""
    for language, texts in _SENTENCES.items():
        for country in _COUNTRIES[language].split():
            for _ in range(_NUMBERS_EACH):
                printed = _national(country, rng)
                digits = "".join(filter(str.isdigit, printed))
                for text in texts:
                    yield country, "printed", text.format(printed)
                    yield country, "digits", text.format(digits)


def _national(country: str, rng: random.Random) -> str:
    import phonenumbers

    kinds = phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE
    example = phonenumbers.example_number_for_type(country, rng.choice(kinds))
    if example is None:
        raise LookupError(country)
    for _ in range(1_000):
        number = str(example.national_number)[:-4] + f"{rng.randrange(10_000):04d}"
        made = phonenumbers.PhoneNumber(
            country_code=example.country_code,
            national_number=int(number),
            italian_leading_zero=example.italian_leading_zero,
        )
        if phonenumbers.is_valid_number(made):
            break
    return str(phonenumbers.format_number(made, phonenumbers.PhoneNumberFormat.NATIONAL))
