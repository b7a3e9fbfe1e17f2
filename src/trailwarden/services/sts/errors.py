"""STS's errors.

https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from trailwarden.errors import AwsError

__all__ = [
    "ExpiredTokenException",
    "IDPCommunicationError",
    "IDPRejectedClaim",
    "InvalidAuthorizationMessageException",
    "InvalidContextAssertion",
    "InvalidIdentityToken",
    "InvalidParameterValue",
    "MalformedPolicyDocument",
    "NotAllowed",
    "PackedPolicyTooLarge",
]


class MalformedPolicyDocument(AwsError):
    """A session policy is refused.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """

    code = "MalformedPolicyDocument"
    message = "{reason}"


class PackedPolicyTooLarge(AwsError):
    """Session policies and tags do not fit into the session.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """

    code = "PackedPolicyTooLarge"
    message = "Serialized token too large for session"


class InvalidParameterValue(AwsError):
    """A session tag is not acceptable.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """

    code = "InvalidParameterValue"
    message = "{reason}"


class InvalidAuthorizationMessageException(AwsError):
    """The message was not encoded by this service, or was changed on its way.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """

    message = "Message is not valid"


class InvalidContextAssertion(AwsError):
    """A context assertion was given; this server knows no issuer of such, so that none can be verified.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """

    code = "InvalidContextAssertion"
    message = "The context assertion could not be verified."


class NotAllowed(AwsError):
    """Whatever policies say, such a caller cannot do this.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """

    code = "AccessDenied"
    message = "{reason}"
    status = 403


class InvalidIdentityToken(AwsError):
    """A token or assertion is not well-formed, not signed by its provider, or not meant for AWS.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
    """

    code = "InvalidIdentityToken"
    message = "{reason}"


class ExpiredTokenException(AwsError):
    """A token or assertion has run out.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """

    message = "{reason}"


class IDPRejectedClaim(AwsError):
    """The provider could not identify the caller: it has revoked the token, or issued it for somebody else.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """

    code = "IDPRejectedClaim"
    message = "{reason}"
    status = 403


class IDPCommunicationError(AwsError):
    """The provider's keys are not at hand.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """

    code = "IDPCommunicationError"
    message = "{reason}"
