"""Access Analyzer's errors.

https://docs.aws.amazon.com/access-analyzer/latest/APIReference/CommonErrors.html
"""

from collections.abc import Mapping
from typing import ClassVar

from trailwarden.errors import AwsError

__all__ = [
    "ConflictException",
    "InvalidParameterException",
    "NotValid",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "UnprocessableEntityException",
]


class ConflictException(AwsError):
    """A name is taken.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html
    """

    message = "{reason}"
    status = 409


class InvalidParameterException(AwsError):
    """A parameter does not fit the others.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckAccessNotGranted.html
    """

    message = "{reason}"


class NotValid(AwsError):
    """The input breaks a constraint that the model does not tell.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html (ValidationException)
    """

    code = "ValidationException"
    message = "{reason}"

    def __init__(
        self,
        *,
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(members={"reason": "other", **(members or {})}, headers=headers, **facts)


class ResourceNotFoundException(AwsError):
    """There is no such analyzer or finding.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetAnalyzer.html
    """

    message = "The specified resource {name} could not be found."
    status = 404


class ServiceQuotaExceededException(AwsError):
    """An account has one analyzer of its own, and one of its organization's, in a Region.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html
    """

    message: ClassVar[str] = "The maximum number of analyzers of type {type} in this Region has been reached."
    status = 402


class UnprocessableEntityException(AwsError):
    """A policy cannot be read as one.

    https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoNewAccess.html
    """

    message = "{reason}"
    status = 422
