"""Why a call is not let in. One refusal has many spellings: by protocol family, code, status and text differ.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
"""

from collections.abc import Mapping
from typing import ClassVar

from trailwarden.auth.stages import Judged
from trailwarden.errors import AwsError

__all__ = [
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "BadDigest",
    "ContentHashMismatch",
    "ExpiredToken",
    "HeadersNotSigned",
    "IncompleteBody",
    "IncompleteSignature",
    "InvalidToken",
    "MalformedTrailer",
    "MissingAuthenticationToken",
    "MissingContentHash",
    "MissingContentLength",
    "NoKnownPermission",
    "PresignedUrlExpired",
    "SessionMayNot",
    "SignatureExpired",
    "SignatureMismatch",
    "TwoMechanisms",
    "UnknownAccessKey",
    "UnsupportedMechanism",
    "UrlNotWhole",
]

_JSON = ("json", "cbor", "rest-json")
_REFUSED_BY_FAMILY: Mapping[str, int] = {"json": 400, "cbor": 400}


class _Unproved(AwsError):
    """A refusal whose text depends on the family too: `texts` overrides `message`."""

    texts: ClassVar[Mapping[str, str]] = {}
    status = 403

    def __init__(
        self,
        family: str = "",
        *,
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(members=members, headers=headers, **facts)
        text = self.texts.get(family)
        if text is not None:
            self.args = (text.format(**facts),)


class MissingAuthenticationToken(_Unproved):
    """The call is not signed and must be."""

    code = "MissingAuthenticationToken"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "MissingAuthenticationTokenException"),
        "s3": "AccessDenied",
        "ec2": "MissingParameter",
    }
    message = "Request is missing Authentication Token"
    texts: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "Missing Authentication Token"),
        "s3": "Access Denied",
        "ec2": "The request must contain the parameter AWSAccessKeyId",
    }
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "ec2": 400}


class IncompleteSignature(_Unproved):
    """The authorization is there but not whole. S3 says so in its own words (`AuthorizationHeaderMalformed`)."""

    code = "IncompleteSignature"
    codes: ClassVar[Mapping[str, str]] = {**dict.fromkeys(_JSON, "IncompleteSignatureException"), "ec2": "AuthFailure"}
    message = "{reason}"
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "ec2": 401}


class AuthorizationHeaderMalformed(_Unproved):
    """S3's word for a header or query authorization that it cannot take; `code` differs with where it stands.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """

    code = "AuthorizationHeaderMalformed"
    message = "{reason}"
    status = 400

    def __init__(
        self,
        reason: str,
        *,
        query: bool = False,
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason=reason, members=members, headers=headers)
        self.query = query

    def code_in(self, family: str) -> str:
        """AuthorizationQueryParametersError for a presigned URL."""
        return "AuthorizationQueryParametersError" if self.query else super().code_in(family)


class SignatureMismatch(_Unproved):
    """The signature is not the one that key and request give.

    For S3, `members` hold what the server signed, so that the client can compare.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
    """

    code = "SignatureDoesNotMatch"
    codes: ClassVar[Mapping[str, str]] = {**dict.fromkeys(_JSON, "InvalidSignatureException"), "ec2": "AuthFailure"}
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )
    texts: ClassVar[Mapping[str, str]] = {
        "s3": "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        "ec2": "AWS was not able to validate the provided access credentials",
    }
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "ec2": 401}


class SignatureExpired(_Unproved):
    """The signature's time is too far from the server's.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
    """

    code = "SignatureDoesNotMatch"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "InvalidSignatureException"),
        "s3": "RequestTimeTooSkewed",
        "ec2": "RequestExpired",
    }
    message = "{reason}"
    texts: ClassVar[Mapping[str, str]] = {
        "s3": "The difference between the request time and the current time is too large.",
        "ec2": "Request has expired.",
    }
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "ec2": 400}


class PresignedUrlExpired(_Unproved):
    """A presigned URL of S3 is over its X-Amz-Expires."""

    code = "AccessDenied"
    message = "Request has expired"


class UrlNotWhole(_Unproved):
    """A presigned URL of Signature Version 2 lacks a part, or one cannot be read.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationQueryStringAuth
    """

    code = "AccessDenied"
    message = "{reason}"


class UnknownAccessKey(_Unproved):
    """There is no such access key, or it is not active, or who owned it is gone."""

    code = "InvalidClientTokenId"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "UnrecognizedClientException"),
        "s3": "InvalidAccessKeyId",
        "ec2": "AuthFailure",
    }
    message = "The security token included in the request is invalid."
    texts: ClassVar[Mapping[str, str]] = {
        "s3": "The AWS Access Key Id you provided does not exist in our records.",
        "ec2": "AWS was not able to validate the provided access credentials",
    }
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "ec2": 401}


class InvalidToken(_Unproved):
    """The session token is not one of ours, or belongs to another access key."""

    code = "InvalidClientTokenId"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "UnrecognizedClientException"),
        "s3": "InvalidToken",
        "ec2": "AuthFailure",
    }
    message = "The security token included in the request is invalid."
    texts: ClassVar[Mapping[str, str]] = {
        "s3": "The provided token is malformed or otherwise invalid.",
        "ec2": "AWS was not able to validate the provided access credentials",
    }
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "s3": 400, "ec2": 401}


class SessionMayNot(AwsError):
    """Most of STS is closed to the credentials that STS gives a user or a guest.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """

    code = "AccessDenied"
    message = "Cannot call {operation} with session credentials"
    status = 403


class ExpiredToken(_Unproved):
    """The session is over."""

    code = "ExpiredToken"
    codes: ClassVar[Mapping[str, str]] = {**dict.fromkeys(_JSON, "ExpiredTokenException"), "ec2": "RequestExpired"}
    message = "The security token included in the request is expired"
    texts: ClassVar[Mapping[str, str]] = {"s3": "The provided token has expired.", "ec2": "Request has expired."}
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "s3": 400, "ec2": 400}


class HeadersNotSigned(_Unproved):
    """Headers that mean something to AWS were sent without being signed. `names` is the list."""

    code = "SignatureDoesNotMatch"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "InvalidSignatureException"),
        "s3": "AccessDenied",
        "ec2": "AuthFailure",
    }
    message = "'{names}' must be a 'SignedHeader' in the AWS Authorization."
    texts: ClassVar[Mapping[str, str]] = {
        "s3": "There were headers present in the request which were not signed",
        "ec2": "AWS was not able to validate the provided access credentials",
    }
    statuses: ClassVar[Mapping[str, int]] = {**_REFUSED_BY_FAMILY, "ec2": 401}


class TwoMechanisms(AwsError):
    """A call is authorized by its header or by its query, not by both."""

    code = "InvalidArgument"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "IncompleteSignatureException"),
        "query": "IncompleteSignature",
        "rest-xml": "IncompleteSignature",
        "ec2": "AuthFailure",
    }
    message = (
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
        "Signature query string parameter or the Authorization header should be specified"
    )


class UnsupportedMechanism(AwsError):
    """Signature Version 2 and whatever else is not AWS4.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """

    code = "IncompleteSignature"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "IncompleteSignatureException"),
        "s3": "InvalidRequest",
        "ec2": "AuthFailure",
    }
    message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."


class MissingContentHash(AwsError):
    """S3 wants the payload's hash, or the word that says there is none.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """

    code = "InvalidRequest"
    message = "Missing required header for this request: x-amz-content-sha256"


class ContentHashMismatch(AwsError):
    """The payload is not the one that was hashed.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """

    code = "XAmzContentSHA256Mismatch"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "InvalidSignatureException"),
        "query": "SignatureDoesNotMatch",
        "rest-xml": "SignatureDoesNotMatch",
        "ec2": "AuthFailure",
    }
    message = "The provided 'x-amz-content-sha256' header does not match what was computed."
    statuses: ClassVar[Mapping[str, int]] = {"query": 403, "rest-json": 403, "rest-xml": 403, "ec2": 401}


class IncompleteBody(AwsError):
    """An aws-chunked body ends too early, or is not framed as it must be.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """

    code = "IncompleteBody"
    message = "The request body terminated unexpectedly"


class MissingContentLength(AwsError):
    """An aws-chunked body comes without x-amz-decoded-content-length.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """

    code = "MissingContentLength"
    message = "You must provide the Content-Length HTTP header."
    status = 411


class MalformedTrailer(AwsError):
    """The trailing headers are not those that x-amz-trailer announced, or cannot be read.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """

    code = "MalformedTrailerError"
    message = "The request contained trailing data that was not well-formed or did not conform to our published schema."


class BadDigest(AwsError):
    """A trailing checksum is not the payload's. `algorithm` is CRC32, SHA256 ….

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
    """

    code = "BadDigest"
    message = "The {algorithm} you specified did not match the calculated checksum."


class _Denied(AwsError):
    """What all denials share."""

    code = "AccessDenied"
    codes: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON, "AccessDeniedException"),
        "ec2": "UnauthorizedOperation",
    }
    message = "{reason}"
    status = 403
    statuses: ClassVar[Mapping[str, int]] = _REFUSED_BY_FAMILY


class AccessDenied(_Denied):
    """The policies do not allow it. `judged` holds the whole decision, kept under `authorization_id`.

    `denial_code` is the service's own code where it has one (SNS: AuthorizationError), "" for the family's.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """

    def __init__(self, reason: str, *, judged: Judged, authorization_id: str, denial_code: str = "") -> None:
        super().__init__(reason=reason)
        self.judged = judged
        self.authorization_id = authorization_id
        self.denial_code = denial_code

    def code_in(self, family: str) -> str:
        """The service's own code, or the family's."""
        return self.denial_code or super().code_in(family)


class NoKnownPermission(_Denied):
    """Nobody knows which permission the operation needs; unknown means deny, and that is said."""

    message = (
        "User: {caller} is not authorized to perform: {operation} "
        "because no permission that the operation needs is known to this server"
    )
