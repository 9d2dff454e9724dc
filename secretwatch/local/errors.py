"""What can go wrong with the local cloud; each message is one sentence for the person at the terminal."""

from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked."""


class LocalStackMissing(LocalCloudError):
    """The packages of the extra `local` are not installed."""


class NotUp(LocalCloudError):
    """No local cloud runs for this state directory."""


class UnexpectedAnswer(LocalCloudError):
    """Something answers, but not with what was asked for."""


class SignInRefused(LocalCloudError):
    """A sign-in to the console that cannot be made."""


class PortNotFree(LocalCloudError):
    """Something else listens on the port, or the local cloud is up on another one."""


class DidNotStart(LocalCloudError):
    """LocalStack ended, or did not answer in time, while it was started."""
