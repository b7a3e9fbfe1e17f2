"""KMS's exceptions that more than one of its operations raise.

Texts are those of recorded answers where one is known; several of AWS's have none.

https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "DisabledException",
    "DryRunOperationException",
    "IncorrectKeyException",
    "InvalidArnException",
    "InvalidCiphertextException",
    "InvalidKeyUsageException",
    "KMSInvalidStateException",
    "LimitExceededException",
    "MalformedPolicyDocumentException",
    "NotFoundException",
    "TagException",
    "UnsupportedOperationException",
]


class DisabledException(AwsError):
    """The key is disabled."""

    message = "{arn} is disabled."


class DryRunOperationException(AwsError):
    """The call would have succeeded, but asked only whether it would."""

    message = "The request would have succeeded, but the DryRun option is set."


class IncorrectKeyException(AwsError):
    """The key named is not the one the ciphertext was made with."""

    message = "The key ID in the request does not identify a CMK that can perform this operation."


class InvalidArnException(AwsError):
    """The ARN is of no form that the operation takes."""

    message = "Invalid arn {arn}"


class InvalidCiphertextException(AwsError):
    """The ciphertext is damaged, or its encryption context is another. KMS does not tell which."""


class InvalidKeyUsageException(AwsError):
    """The key is not for this use."""

    message = "{reason}"


class KMSInvalidStateException(AwsError):
    """The key's state does not admit the operation."""

    message = "{reason}"


class LimitExceededException(AwsError):
    """A quota is used up."""

    message = "{reason}"


class MalformedPolicyDocumentException(AwsError):
    """The key policy is not valid, or would lock everybody out."""

    message = "{reason}"


class NotFoundException(AwsError):
    """No such key, alias or grant."""

    message = "{reason}"


class TagException(AwsError):
    """A tag is not valid."""

    message = "{reason}"


class UnsupportedOperationException(AwsError):
    """The parameter or the kind of key is not supported by the operation."""

    message = "{reason}"
