"""Refusals of this server's own service. Their meaning stands in docs/design/0007-access-requests.md."""

from trailwarden.errors import AwsError

__all__ = [
    "AccessRequestNotFoundException",
    "AccessRequestStateException",
    "InvalidNextTokenException",
    "LimitExceededException",
    "NoMendException",
    "OwnRequestException",
]


class AccessRequestNotFoundException(AwsError):
    """There is no such access request in the caller's account and Region."""

    message = "There is no access request {id}."


class AccessRequestStateException(AwsError):
    """The request has been decided already."""

    message = "The access request {id} is {state}."


class InvalidNextTokenException(AwsError):
    """The token is not one that the operation gave."""

    message = "The next token is not valid."


class LimitExceededException(AwsError):
    """A requester has only so many pending requests."""

    message = "There are {limit} pending access requests of {requester} already."


class NoMendException(AwsError):
    """Nothing that an administrator could approve lets the call through."""

    message = "{reason}"


class OwnRequestException(AwsError):
    """Whoever asks is not who approves."""

    message = "Nobody approves their own access request."
