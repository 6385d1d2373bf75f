"""Which library speaks to which service."""

import pytest

from destinations import find
from destinations.sdks import SDKS, services_of


def test_every_library_leads_to_an_entry_of_the_catalogue() -> None:
    """No library is named for a service that the catalogue does not know."""
    assert {name for name, service in SDKS.items() if find(service) is None} == set()


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        (["openai.types"], ["openai"]),
        (["google.cloud.storage"], ["google-cloud-storage"]),
        (["google.protobuf", "google"], []),
        (["openailike", "myopenai", "os"], []),
        (["azure.storage.blob.aio"], ["azure-blob"]),
    ],
)
def test_the_longest_name_tells(modules: list[str], expected: list[str]) -> None:
    """A library counts by whole names, and the more telling part of a family first."""
    assert [service.id for _, service in services_of(modules)] == expected
