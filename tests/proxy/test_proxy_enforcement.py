"""How long a request waits for a person: less than its client does."""

import pytest

from proxy.enforcement import client_patience


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((), None),
        ((("x-stainless-timeout", "600"),), 600),
        ((("x-stainless-timeout", " 20.5 "),), 20.5),
        ((("grpc-timeout", "10S"),), 10),
        ((("grpc-timeout", "2M"),), 120),
        ((("grpc-timeout", "500m"),), 0.5),
        ((("grpc-timeout", "1H"), ("x-stainless-timeout", "30")), 30),
        ((("x-stainless-timeout", "0"),), None),
        ((("x-stainless-timeout", "-5"),), None),
        ((("x-stainless-timeout", "NaN"),), None),
        ((("x-stainless-timeout", "inf"),), None),
        ((("x-stainless-timeout", "1e9"),), None),
        ((("x-stainless-timeout", "9" * 400),), None),
        ((("grpc-timeout", "10"),), None),
        ((("grpc-timeout", "10X"),), None),
        ((("grpc-timeout", ""),), None),
        ((("timeout", "5"),), None),
        ((("user-agent", "Boto3/1.40.1 md/Botocore#1.40.1 os/linux"),), 60),
        ((("user-agent", "Botocore/1.40.1"), ("x-stainless-timeout", "9")), 9),
        ((("user-agent", "python-requests/2.32"),), None),
    ],
)
def test_what_a_client_says_of_its_patience(
    headers: tuple[tuple[str, str], ...], seconds: float | None
) -> None:
    """Only a plain number counts; whatever else a sender writes there changes nothing."""
    assert client_patience(headers) == seconds
