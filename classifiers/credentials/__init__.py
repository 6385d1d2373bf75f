"""Secrets: keys, passwords, tokens and private keys in a payload, and whose key authenticates a request."""

from classifiers.credentials.detector import CredentialDetector

__all__ = ["CredentialDetector"]
