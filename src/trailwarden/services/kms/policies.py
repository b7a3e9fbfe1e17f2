"""Key policies.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.auth.stages import Caller
from trailwarden.catalog.checks import Check
from trailwarden.policy import (
    RESOURCE,
    Layer,
    MalformedPolicy,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
)
from trailwarden.services.call import Call
from trailwarden.services.kms.errors import MalformedPolicyDocumentException, NotFoundException
from trailwarden.services.kms.finding import own_key
from trailwarden.services.kms.key import Key, keep_key
from trailwarden.services.principals import unknown_principals
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
    if any(True for statement in policy.statements for _ in unknown_principals(world, statement)):
        raise MalformedPolicyDocumentException(
            reason="Policy contains a statement with one or more invalid principals."
        )


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
