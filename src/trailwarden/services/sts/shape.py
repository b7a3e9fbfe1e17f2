"""How credentials look in answers."""

from typing import Any

from trailwarden.auth.sealing import Credentials

__all__ = ["credentials_shown"]


def credentials_shown(credentials: Credentials) -> dict[str, Any]:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html."""
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": credentials.expiration,
    }
