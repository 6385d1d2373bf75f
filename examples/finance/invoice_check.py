# /// script
# requires-python = ">=3.10"
# dependencies = ["openai", "pyyaml==5.3.1"]
# ///
"""Ask a language model whether invoices match their orders."""

import os

from openai import OpenAI, PermissionDeniedError

DATABASE = "postgresql://invoice_app:Zx9rT4vLq7wKe2@erp-db.internal:5432/payables"

INVOICES = [
    ("2026-1181", "Nordwind Logistik GmbH", "DE90 8713 1860 9139 0996 03", "4 120.00"),
    ("2026-1182", "Atelier Lumière BV", "NL05 XYZB 0417 1643 00", "980.50"),
    ("2026-1183", "Harbour & Sons Ltd", "GB93 QQXA 9351 8190 9378 65", "12 775.00"),
]


def prompt() -> str:
    """Put everything that might help into the prompt."""
    lines = "\n".join(
        f"Invoice {no} from {vendor}, pay to IBAN {iban}, EUR {eur}"
        for no, vendor, iban, eur in INVOICES
    )
    return (
        f"These invoices come from {DATABASE}:\n{lines}\nWhich of them match an order of the same"
        " amount?"
    )


def ask() -> None:
    """Send the prompt."""
    client = OpenAI(api_key=os.environ.get("OPENAI_API_KEY", "sk-proj-" + "demo" * 12))
    messages = [
        {"role": "system", "content": "You check invoices."},
        {"role": "user", "content": prompt()},
    ]
    try:
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    except PermissionDeniedError as error:
        print("OpenAI refused:", error)
        return
    print("The model says:", answer.choices[0].message.content)


if __name__ == "__main__":
    ask()
