"""GetSessionToken and GetFederationToken: temporary credentials of the caller's own user."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailwarden.auth.stages import Session
from trailwarden.policy.request import Principal, PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sts.durations import federation_duration
from trailwarden.services.sts.errors import NotAllowed
from trailwarden.services.sts.mfa import mfa_given
from trailwarden.services.sts.session_policies import session_policies
from trailwarden.services.sts.session_tags import session_tags
from trailwarden.services.sts.shape import credentials_shown
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetFederationTokenRequestTypeDef

__all__ = ["get_federation_token", "get_session_token"]


@operation("sts:GetSessionToken")
def get_session_token(call: Call, world: World) -> Mapping[str, Any]:
    """Give temporary credentials with the caller's own permissions, marked where a one-time code proved presence.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    _check_long_term(call, "GetSessionToken")
    root = call.caller.principal.kind is PrincipalKind.ROOT
    expires = call.now + federation_duration(call.params.get("DurationSeconds"), root=root)
    session = Session(created=call.now, expires=expires, mfa=mfa_given(call, world))
    credentials = world.vault.issue(
        call.caller.principal, session, expires=expires, chance=world.chance, user_name=call.caller.user_name
    )
    return {"Credentials": credentials_shown(credentials)}


@operation("sts:GetFederationToken")
def get_federation_token(call: Call, world: World) -> Mapping[str, Any]:
    """Give temporary credentials to a named guest; their permissions are those common to the caller and the session policies.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    asked: GetFederationTokenRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    _check_long_term(call, "GetFederationToken")
    issuer = call.caller.principal
    root = issuer.kind is PrincipalKind.ROOT
    tags = session_tags(asked.get("Tags", ()))
    limits = session_policies(world, call.account, asked, tags)
    expires = call.now + federation_duration(asked.get("DurationSeconds"), root=root)
    session = Session(
        created=call.now,
        expires=expires,
        name=asked["Name"],
        issuer_type="Root" if root else "IAMUser",
        issuer_arn=issuer.arn,
        issuer_id=issuer.unique_id,
        issuer_name=call.caller.user_name,
        issuer_account=call.account,
        policies=limits.policies,
        policy_arns=limits.arns,
        tags=tags,
    )
    guest = _guest(issuer, asked["Name"])
    credentials = world.vault.issue(guest, session, expires=expires, chance=world.chance)
    return {
        "Credentials": credentials_shown(credentials),
        "FederatedUser": {"FederatedUserId": guest.unique_id, "Arn": guest.arn},
        "PackedPolicySize": limits.packed,
    }


def _guest(issuer: Principal, name: str) -> Principal:
    return Principal(
        kind=PrincipalKind.FEDERATED_USER,
        account=issuer.account,
        arn=f"arn:aws:sts::{issuer.account}:federated-user/{name}",
        issuer_arn=issuer.arn,
        unique_id=f"{issuer.account}:{name}",
        issuer_id=issuer.unique_id,
    )


def _check_long_term(call: Call, operation_name: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html."""
    if call.caller.session is not None:
        raise NotAllowed(reason=f"Cannot call {operation_name} with session credentials")
