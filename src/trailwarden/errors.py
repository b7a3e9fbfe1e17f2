"""What every room may raise for the wire: an AWS error is a class with a code, a status and a message template.

    AwsError
    ├── InternalFailure          500, says nothing of its cause
    ├── ServiceUnavailable       503, the store cannot be reached or is full
    ├── ThrottlingException      400, "Rate exceeded"
    └── ValidationException      400, a model constraint does not hold

The other errors stand beside the code that raises them. `wire` renders each in the protocol of the call.
"""

from collections.abc import Mapping
from typing import ClassVar

__all__ = ["AwsError", "InternalFailure", "NotYet", "ServiceUnavailable", "ThrottlingException", "ValidationException"]


class NotYet(Exception):
    """A call that waits has nothing to answer yet: it changed nothing, and the front runs it again a little later."""


class AwsError(Exception):
    """An answer of AWS that is not a success.

    `code` is the code on the wire; `codes` overrides it by protocol family, where AWS spells one refusal in several
    ways. Families: "json", "query", "ec2", "rest-json", "rest-xml", "s3", "cbor". `statuses` does so for the HTTP status.
    `message` is a template over the keyword arguments. `members` are further members of the error's body, by wire name;
    `headers` go beside it.
    """

    code: ClassVar[str] = ""
    codes: ClassVar[Mapping[str, str]] = {}
    message: ClassVar[str] = ""
    status: ClassVar[int] = 400
    statuses: ClassVar[Mapping[str, int]] = {}

    def __init__(
        self, *, members: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None, **facts: object
    ) -> None:
        self.facts = facts
        self.headers: Mapping[str, str] = headers or {}
        self.members: Mapping[str, object] = members or {}
        super().__init__(self.message.format(**facts))

    @property
    def text(self) -> str:
        """The message as the client reads it."""
        return str(self)

    def code_in(self, family: str) -> str:
        """The code in a protocol family; a class without a code is named as its error."""
        return self.codes.get(family) or self.code or type(self).__name__

    def status_in(self, family: str) -> int:
        """The HTTP status in a protocol family."""
        return self.statuses.get(family, self.status)


class InternalFailure(AwsError):
    """The request failed because of a fault of ours. The cause is logged, never told.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
    """

    code = "InternalFailure"
    codes: ClassVar[Mapping[str, str]] = {"s3": "InternalError", "ec2": "InternalError"}
    message = "The request processing has failed because of an unknown error, exception or failure."
    status = 500


class ServiceUnavailable(AwsError):
    """The store is unreachable or full; the call changed nothing and may be tried again.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
    """

    code = "ServiceUnavailable"
    message = "The request has failed due to a temporary failure of the server."
    status = 503


class ThrottlingException(AwsError):
    """The caller exceeds a rate.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
    """

    code = "ThrottlingException"
    codes: ClassVar[Mapping[str, str]] = {"query": "Throttling", "ec2": "RequestLimitExceeded", "s3": "SlowDown"}
    message = "Rate exceeded"


class ValidationException(AwsError):
    """A member of the input breaks a constraint of the model.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
    """

    code = "ValidationException"
    codes: ClassVar[Mapping[str, str]] = {
        "query": "ValidationError",
        "ec2": "InvalidParameterValue",
        "s3": "InvalidArgument",
    }
    message = "{reason}"
