"""Summarise this week's visits with a language model."""

import json
import os

from anthropic import Anthropic, PermissionDeniedError

VISITS = [
    {
        "patient_name": "Maria Beispiel",
        "date_of_birth": "1961-04-12",
        "nhs_number": "597 543 2316",
        "icd10": "E11.9",
        "diagnosis": "type 2 diabetes",
        "note": "HbA1c 8.1, start metformin",
    },
    {
        "patient_name": "John Sample",
        "date_of_birth": "1974-11-30",
        "nhs_number": "648 757 4910",
        "icd10": "I10",
        "diagnosis": "hypertension",
        "note": "blood pressure 152/94, review in four weeks",
    },
]


def summarise() -> None:
    """Stream the model's summary to the terminal."""
    client = Anthropic(api_key=os.environ.get("ANTHROPIC_API_KEY", "sk-ant-api03-" + "demo" * 20))
    content = "Summarise these visits for the team meeting:\n" + json.dumps(VISITS)
    request = {
        "model": "claude-haiku-4-5",
        "max_tokens": 300,
        "messages": [{"role": "user", "content": content}],
    }
    try:
        with client.messages.stream(**request) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
    except PermissionDeniedError as error:
        print("Anthropic refused:", error)
        return
    print()


if __name__ == "__main__":
    summarise()
