"""Server-side encryption with a key that the client brings (SSE-C). The key itself is never kept.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from trailwarden.services.s3.errors import AccessDenied, InvalidRequest, argument
from trailwarden.services.s3.stored import Stored

__all__ = ["check_customer_key", "check_upload_key", "customer_key_md5"]

_HEADER = "x-amz-server-side-encryption"
_KEY_BYTES = 32


def customer_key_md5(params: Mapping[str, Any], *, prefix: str = "") -> str:
    """The MD5 of the client's key in base64, "" where it brings none.

    InvalidArgument for an incomplete or wrong one.
    """
    algorithm = params.get(f"{prefix}SSECustomerAlgorithm")
    given, digest = params.get(f"{prefix}SSECustomerKey"), params.get(f"{prefix}SSECustomerKeyMD5")
    if algorithm is None and given is None:
        return ""
    if params.get("ServerSideEncryption") is not None and not prefix:
        raise argument(
            _HEADER,
            params["ServerSideEncryption"],
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        )
    if algorithm != "AES256":
        raise argument(
            _HEADER,
            None,
            "Requests specifying Server Side Encryption with Customer provided keys "
            "must provide a valid encryption algorithm.",
        )
    return _checked(given, digest)


def _checked(given: str | None, digest: str | None) -> str:
    if given is None:
        raise argument(
            _HEADER,
            None,
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.",
        )
    try:
        key = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise argument(_HEADER, None, "The secret key was invalid for the specified algorithm.")
    real = base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest())
    if digest is None or not hmac.compare_digest(real, digest.encode()):
        raise argument(_HEADER, None, "The calculated MD5 hash of the key did not match the hash that was provided.")
    return real.decode()


def check_customer_key(params: Mapping[str, Any], stored: Stored, *, prefix: str = "") -> None:
    """Whether a read brings the key that the object was written with. InvalidRequest, AccessDenied."""
    given = customer_key_md5({**params, "ServerSideEncryption": None}, prefix=prefix)
    if not stored.customer_key_md5:
        if given:
            raise InvalidRequest(reason="The encryption parameters are not applicable to this object.")
        return
    if not given:
        raise InvalidRequest(
            reason="The object was stored using a form of Server Side Encryption. "
            "The correct parameters must be provided to retrieve the object."
        )
    if not hmac.compare_digest(given, stored.customer_key_md5):
        raise AccessDenied(
            reason="Requests specifying Server Side Encryption with Customer provided keys "
            "must provide the correct secret key."
        )


def check_upload_key(params: Mapping[str, Any], draft: Stored) -> None:
    """Whether a part brings the key that its upload was begun with. InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    """
    given = customer_key_md5({**params, "ServerSideEncryption": None})
    if draft.customer_key_md5 and not given:
        raise InvalidRequest(
            reason="The multipart upload initiate requested encryption. "
            "Subsequent part requests must include the appropriate encryption parameters."
        )
    if not hmac.compare_digest(given, draft.customer_key_md5):
        raise InvalidRequest(reason="The provided encryption parameters did not match the ones used originally.")
