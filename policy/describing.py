"""The policy file's format and its rules, described for editors and for people."""

from typing import Any

from policy.rules import PolicyModel

SCHEMA_ID = "urn:outgate:policy:1"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `outgate.yaml`."""
    schema = PolicyModel.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "Outgate policy",
    }
