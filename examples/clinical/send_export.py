"""Send the export of the trial's visits to the partner that analyses them."""

import sys
from pathlib import Path

import requests

PARTNER = "https://transfer.trial-partner.example/inbox"


def send(export: Path) -> None:
    """Upload the file as it lies there."""
    with export.open("rb") as content:
        answer = requests.put(f"{PARTNER}/{export.name}", data=content, timeout=60)
    print("The partner answered", answer.status_code)


if __name__ == "__main__":
    send(Path(sys.argv[1]))
