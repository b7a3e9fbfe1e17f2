"""Key policies.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.auth.identities import ACCOUNT, ROLE, USER
from trailwarden.auth.stages import Caller
from trailwarden.catalog.checks import Check
from trailwarden.policy import (
    RESOURCE,
    Layer,
    MalformedPolicy,
    Policy,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
)
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import MalformedPolicyDocumentException, NotFoundException
from trailwarden.services.kms.finding import own_key
from trailwarden.services.kms.key import Key, keep_key
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["check_policy", "default_policy", "get_key_policy", "keep_safely", "list_key_policies", "put_key_policy"]

_NAME = "default"


def default_policy(account: str) -> str:
    """The policy of a key made without one: the account's own policies decide.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}
    return json.dumps(document, indent=2, separators=(",", " : "))


@operation("kms:GetKeyPolicy")
def get_key_policy(call: Call, world: World) -> Mapping[str, Any]:
    """Show the key policy, as it was put.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    key = own_key(call, world, call.params["KeyId"])
    _check_name(call)
    return {"Policy": key.policy, "PolicyName": _NAME}


@operation("kms:ListKeyPolicies")
def list_key_policies(call: Call, world: World) -> Mapping[str, Any]:
    """The names of a key's policies; the only one is `default`.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html
    """
    own_key(call, world, call.params["KeyId"])
    return {"PolicyNames": [_NAME], "Truncated": False}


@operation("kms:PutKeyPolicy")
def put_key_policy(call: Call, world: World) -> None:
    """Replace the key policy. MalformedPolicyDocumentException.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """
    key = own_key(call, world, call.params["KeyId"])
    _check_name(call)
    check_policy(world, key.arn, call.params["Policy"])
    keep_safely(call, world, msgspec.structs.replace(key, policy=call.params["Policy"]))


def _check_name(call: Call) -> None:
    if call.params.get("PolicyName", _NAME) != _NAME:
        raise NotFoundException(reason="No such policy exists")


def check_policy(world: World, arn: str, document: str) -> None:
    """MalformedPolicyDocumentException where the document is no key policy or names a principal that does not exist.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    try:
        policy = compile_policy(document, Source(layer=Layer.RESOURCE, id=arn, attached_to=arn), grammar=RESOURCE)
    except MalformedPolicy as fault:
        raise MalformedPolicyDocumentException(reason=fault.text) from None
    _check_principals(world, policy)


def _check_principals(world: World, policy: Policy) -> None:
    for statement in policy.statements:
        for kind, name in statement.principals.written if statement.principals is not None else ():
            if kind == "AWS" and not _may_exist(world, name):
                raise MalformedPolicyDocumentException(
                    reason="Policy contains a statement with one or more invalid principals."
                )


def _may_exist(world: World, name: str) -> bool:
    """Whether a user or role is there; of accounts that are not of this server nothing can be said."""
    arn = Arn.parse(name)
    if arn is None or arn.service != "iam" or world.find(ACCOUNT, arn.account, "", arn.account) is None:
        return True
    if arn.type == "user":
        user = world.find(USER, arn.account, "", arn.name.lower())
        return user is not None and user.arn == name
    if arn.type == "role":
        role = world.find(ROLE, arn.account, "", arn.name.lower())
        return role is not None and role.arn == name
    return True


def keep_safely(call: Call, world: World, key: Key) -> None:
    """Write the key with a policy that was given, unless it would let nobody change it again.

    MalformedPolicyDocumentException; BypassPolicyLockoutSafetyCheck leaves the check out.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
    """
    keep_key(world, key)
    if call.params.get("BypassPolicyLockoutSafetyCheck"):
        return
    root = f"arn:aws:iam::{key.account}:root"
    account = Caller(principal=Principal(kind=PrincipalKind.ROOT, account=key.account, arn=root, issuer_arn=root))
    if not any(_may_put(call, world, key, caller) for caller in (call.caller, account)):
        raise MalformedPolicyDocumentException(
            reason="The new key policy will not allow you to update the key policy in the future."
        )


def _may_put(call: Call, world: World, key: Key, caller: Caller) -> bool:
    check = Check(action="kms:PutKeyPolicy", resource=key.arn)
    judged = world.authorizer.judge(caller, check, world.transaction, now=call.now, region=call.region)
    return judged.decision.allowed
