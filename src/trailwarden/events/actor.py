"""Who acted, as a recorded event tells: read without the rest of the record.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import msgspec

__all__ = ["Acted", "acted"]


class _Issuer(msgspec.Struct):
    arn: str = ""


class _Context(msgspec.Struct, rename="camel"):
    session_issuer: _Issuer | None = None


class _Identity(msgspec.Struct, rename="camel"):
    arn: str = ""
    session_context: _Context | None = None


class Acted(msgspec.Struct, rename="camel"):
    """What of an event says who acted, and whether it came to anything."""

    user_identity: _Identity
    error_code: str = ""

    @property
    def entity(self) -> str:
        """The user's ARN, or that of the role behind a session."""
        context = self.user_identity.session_context
        issuer = context.session_issuer if context else None
        return issuer.arn if issuer is not None and issuer.arn else self.user_identity.arn


_DECODER = msgspec.json.Decoder(Acted)


def acted(record: bytes) -> Acted:
    """Who acted in an event of ours."""
    return _DECODER.decode(record)
