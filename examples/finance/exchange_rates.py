"""Print today's exchange rates."""

import json
import urllib.request


def main() -> None:
    """Fetch and print."""
    with urllib.request.urlopen("https://rates.example.com/latest?base=EUR", timeout=30) as answer:
        for currency, rate in json.load(answer)["rates"].items():
            print(f"1 EUR = {rate} {currency}")


if __name__ == "__main__":
    main()
