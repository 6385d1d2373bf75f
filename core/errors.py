"""Errors by whose fault they are; each has words for an officer. No message ever holds payload
text.
"""


class OutgateError(Exception):
    """Base of everything that can go wrong in service.

    `str(error)` is for an engineer; `for_officer()` is for a person who does not program.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def for_officer(self) -> str:
        """Return two plain sentences: what happened and what to do."""
        return f"{self.message} {self.remedy or 'Ask the person who runs Outgate here.'}"


class SettingsError(OutgateError):
    """A setting, policy or rule is wrong: the user's to mend before Outgate starts."""


class CannotRunError(SettingsError):
    """The program that was asked for cannot be started; `code` is what a shell would exit with."""

    def __init__(self, message: str, *, code: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class DegradedError(OutgateError):
    """One stage failed; the failure table decides what that means, and the record names the
    stage.
    """

    found: object = None
    """What was found until then: a `core.classification.Classification`; None where nothing came
    back."""

    def __init__(self, stage: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.stage = stage


class EvidenceError(OutgateError):
    """Evidence cannot be written or read: nothing may pass while this lasts."""


class ForbiddenError(OutgateError):
    """The person who asks has no role here that may do it."""


class InputError(OutgateError):
    """A file or value that the user gave cannot be read as what it should be."""


class CertificateError(OutgateError):
    """A certificate, key or chain does not do what Outgate needs of it."""
