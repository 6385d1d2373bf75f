"""Secrets: keys, passwords, tokens and private keys in a payload, and whose key authenticates a request."""

from classifiers.credentials.detector import CredentialDetector
from classifiers.credentials.judging.identity import Identity

__all__ = ["CredentialDetector", "Identity"]
