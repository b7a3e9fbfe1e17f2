"""How credentials look in answers."""

from typing import Any

from trailwarden.auth.sealing import Credentials
from trailwarden.auth.stages import Session
from trailwarden.policy.request import Principal

__all__ = ["assumed_shown", "credentials_shown"]


def credentials_shown(credentials: Credentials) -> dict[str, Any]:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html."""
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": credentials.expiration,
    }


def assumed_shown(credentials: Credentials, principal: Principal, session: Session, packed: int) -> dict[str, Any]:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_ResponseElements."""
    answer: dict[str, Any] = {
        "Credentials": credentials_shown(credentials),
        "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
    }
    if packed:
        answer["PackedPolicySize"] = packed
    if session.source_identity:
        answer["SourceIdentity"] = session.source_identity
    return answer
