"""The catalogue of destinations: all that Outgate knows of a service stands in one entry."""

from destinations.catalogue import SERVICES, account_names, canonical, destination_names, find
from destinations.naming import place_name, service_name
from destinations.service import Refusal, Service

__all__ = [
    "SERVICES",
    "Refusal",
    "Service",
    "account_names",
    "canonical",
    "destination_names",
    "find",
    "place_name",
    "service_name",
]
