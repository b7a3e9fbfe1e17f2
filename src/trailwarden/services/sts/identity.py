"""Who is calling, and whose is a key."""

from collections.abc import Mapping
from typing import Any

from trailwarden.auth.identities import ACCESS_KEY
from trailwarden.errors import ValidationException
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sts.errors import InvalidAuthorizationMessageException, NotAllowed
from trailwarden.services.world import World

__all__ = ["decode_authorization_message", "get_access_key_info", "get_caller_identity"]


@operation("sts:GetCallerIdentity")
def get_caller_identity(call: Call, world: World) -> Mapping[str, Any]:  # noqa: ARG001 — the caller is all it needs
    """Tell who signed the call; no permission is needed.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    principal = call.caller.principal
    return {"UserId": principal.unique_id or principal.account, "Account": principal.account, "Arn": principal.arn}


@operation("sts:GetAccessKeyInfo")
def get_access_key_info(call: Call, world: World) -> Mapping[str, Any]:
    """Tell the account of a long-term key, whoever's it is.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
    """
    key_id = call.params["AccessKeyId"]
    if key_id == call.caller.access_key:
        return {"Account": call.account}
    key = world.find(ACCESS_KEY, "", "", key_id)
    if key is None and key_id.startswith("ASIA"):
        raise NotAllowed(reason="The account of temporary credentials is told to their owner alone.")
    if key is None:
        raise ValidationException(reason=f"Invalid Access Key: {key_id}")
    return {"Account": key.account}


@operation("sts:DecodeAuthorizationMessage")
def decode_authorization_message(call: Call, world: World) -> Mapping[str, Any]:
    """Open an encoded authorization message that this server has put into a refusal.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    message = world.vault.open_message(call.params["EncodedMessage"])
    if message is None:
        raise InvalidAuthorizationMessageException
    return {"DecodedMessage": message.decode()}
