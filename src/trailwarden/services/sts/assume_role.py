"""AssumeRole: from one identity to a session of a role."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailwarden.arn import Arn
from trailwarden.auth.identities import ROLE, Role
from trailwarden.auth.stages import Caller, Session
from trailwarden.errors import ValidationException
from trailwarden.policy.request import PrincipalKind
from trailwarden.services.call import Call
from trailwarden.services.registry import operation
from trailwarden.services.sts.durations import role_duration
from trailwarden.services.sts.errors import InvalidContextAssertion, NotAllowed
from trailwarden.services.sts.mfa import mfa_given
from trailwarden.services.sts.role_sessions import RoleOf, note_use, role_principal
from trailwarden.services.sts.session_policies import session_policies
from trailwarden.services.sts.session_tags import passed_on, session_tags
from trailwarden.services.sts.shape import assumed_shown
from trailwarden.services.world import World

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef

__all__ = ["assume_role"]

_BARRED = {
    PrincipalKind.ROOT: "Roles may not be assumed by root accounts.",
    PrincipalKind.FEDERATED_USER: "Cannot call AssumeRole with federation token credentials",
}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html"""


@operation("sts:AssumeRole")
def assume_role(call: Call, world: World) -> Mapping[str, Any]:
    """Give credentials of a role. Who may, the role's trust policy has told before this is reached.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    asked: AssumeRoleRequestTypeDef = call.params  # type: ignore[assignment]  # the parser holds params to the model
    account, role = _role(call, world, asked["RoleArn"])
    if call.caller.principal.kind in _BARRED:
        raise NotAllowed(reason=_BARRED[call.caller.principal.kind])
    if asked.get("ProvidedContexts"):
        raise InvalidContextAssertion
    chained = call.caller.principal.kind is PrincipalKind.ROLE_SESSION
    duration = role_duration(asked.get("DurationSeconds"), role.max_session_duration, chained=chained)
    tags, transitive = passed_on(
        call.caller.session, session_tags(asked.get("Tags", ())), asked.get("TransitiveTagKeys", ())
    )
    limits = session_policies(world, account, asked, tags)
    session = Session(
        created=call.now,
        expires=call.now + duration,
        mfa=mfa_given(call, world),
        name=asked["RoleSessionName"],
        issuer_type="Role",
        issuer_arn=role.arn,
        issuer_id=role.id,
        issuer_name=role.name,
        issuer_account=account,
        policies=limits.policies,
        policy_arns=limits.arns,
        tags=tags,
        transitive=transitive,
        source_identity=_source_identity(call.caller, asked.get("SourceIdentity", "")),
        chained=chained,
    )
    of = RoleOf(account, role)
    principal = role_principal(of, session.name)
    credentials = world.vault.issue(principal, session, expires=session.expires, chance=world.chance)
    note_use(call, world, of)
    return assumed_shown(credentials, principal, session, limits.packed)


def _role(call: Call, world: World, arn: str) -> tuple[str, Role]:
    """The role and its account. One that does not exist is refused as one that may not be assumed.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html#troubleshoot_roles_cant-assume-role
    """
    parsed = Arn.parse(arn)
    if parsed is None or not parsed.partition or not parsed.service or not parsed.resource:
        raise ValidationException(reason=f"{arn} is invalid")
    role = world.find(ROLE, parsed.account, "", parsed.name.lower())
    if role is None or role.arn != arn:
        caller = call.caller.principal.arn
        raise NotAllowed(reason=f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}")
    return parsed.account, role


def _source_identity(caller: Caller, asked: str) -> str:
    """A source identity stays the same all along a chain of roles.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    """
    standing = caller.session.source_identity if caller.session else ""
    if standing and asked and asked != standing:
        raise NotAllowed(reason="The source identity of a session cannot be changed once it is set.")
    return standing or asked
