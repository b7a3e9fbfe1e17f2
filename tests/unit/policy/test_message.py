from typing import Any

import pytest

from trailwarden.policy import (
    AccessRequest,
    Decision,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    compile_policy,
    denial_message,
    evaluate,
)

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/mateojackson"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
ACTION = "cloudtrail:GetTrailStatus"


def policy(layer: Layer, effect: str, *, id: str = "inline", inline: bool = False, **more: Any) -> Policy:  # noqa: A002
    statement = {"Effect": effect, "Action": "*", "Resource": "*", **more}
    return compile_policy({"Version": "2012-10-17", "Statement": statement}, Source(layer=layer, id=id, inline=inline))


def decided(policies: PolicySet, *, resource_account: str = ACCOUNT) -> Decision:
    caller = Principal(kind=PrincipalKind.USER, account=ACCOUNT, arn=USER, issuer_arn=USER)
    request = AccessRequest(principal=caller, action=ACTION, resource=TRAIL, resource_account=resource_account)
    return evaluate(request, policies)


def text(policies: PolicySet, **more: Any) -> str:
    wanted: dict[str, Any] = {"action": ACTION, "resource_named": "", "caller_arn": USER, **more}
    return denial_message(decided(policies), **wanted)


HEAD = f"User: {USER} is not authorized to perform: {ACTION}"
ALLOW = (policy(Layer.IDENTITY, "Allow"),)


def test_an_implicit_denial_names_the_layer_and_the_action() -> None:
    assert text(PolicySet()) == (
        f"{HEAD} on resource: {TRAIL} because no identity-based policy allows the {ACTION} action"
    )


def test_the_resource_is_left_out_or_named_by_the_service() -> None:
    why = f"because no identity-based policy allows the {ACTION} action"
    assert text(PolicySet(), resource_named=None) == f"{HEAD} {why}"
    assert text(PolicySet(), resource_named="user marymajor") == f"{HEAD} on resource: user marymajor {why}"
    assert text(PolicySet(), plain=True) == f"{HEAD} on resource: {TRAIL}"


def test_an_anonymous_caller_has_a_word() -> None:
    assert text(PolicySet(), caller_arn="", plain=True).startswith("User: anonymous is not authorized")


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        (PolicySet(identity=ALLOW, boundary=()), "because no permissions boundary allows"),
        (PolicySet(identity=ALLOW, session=()), "because no session policy allows"),
        (PolicySet(identity=ALLOW, scps=((),)), "because no service control policy allows"),
        (PolicySet(identity=ALLOW, endpoint=()), "because no VPC endpoint policy allows"),
    ],
)
def test_each_layer_has_its_implicit_words(policies: PolicySet, words: str) -> None:
    assert words in text(policies)


SCP = "arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5/service_control_policy/p-examplepolicyid111"
RCP = "arn:aws:organizations::111122223333:policy/o-a1b2c3d4e5/resource_control_policy/p-examplepolicyid222"
GUARD = f"arn:aws:iam::{ACCOUNT}:policy/Guard"
EVERYONE: dict[str, Any] = {"Principal": "*"}


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        (PolicySet(scps=((policy(Layer.SCP, "Deny", id=SCP),),)), f"a service control policy: {SCP}"),
        (PolicySet(identity=(policy(Layer.IDENTITY, "Deny", id=GUARD),)), f"an identity-based policy: {GUARD}"),
        (PolicySet(boundary=(policy(Layer.BOUNDARY, "Deny", id=GUARD),)), f"a permissions boundary: {GUARD}"),
        (PolicySet(session=(policy(Layer.SESSION, "Deny", id=GUARD),)), f"a session policy: {GUARD}"),
        (PolicySet(identity=(policy(Layer.IDENTITY, "Deny", inline=True),)), "an identity-based policy"),
        (PolicySet(identity=(policy(Layer.IDENTITY, "Deny", inline=True, id=GUARD),)), "an identity-based policy"),
        (PolicySet(identity=(policy(Layer.IDENTITY, "Deny"),)), "an identity-based policy"),
        (PolicySet(resource=(policy(Layer.RESOURCE, "Deny", id=TRAIL, **EVERYONE),)), "a resource-based policy"),
        (PolicySet(trust=(policy(Layer.TRUST, "Deny", id=GUARD, **EVERYONE),)), "the role trust policy"),
        (PolicySet(endpoint=(policy(Layer.ENDPOINT, "Deny", **EVERYONE),)), "a VPC endpoint policy"),
    ],
)
def test_an_explicit_denial_names_the_policy_where_aws_does(policies: PolicySet, words: str) -> None:
    assert text(policies) == f"{HEAD} on resource: {TRAIL} with an explicit deny in {words}"


def test_a_resource_control_policy_is_named_by_its_arn() -> None:
    caller = Principal(kind=PrincipalKind.USER, account=ACCOUNT, arn=USER, issuer_arn=USER)
    request = AccessRequest(principal=caller, action="s3:GetObject", resource="arn:aws:s3:::logs/a")
    decision = evaluate(request, PolicySet(identity=ALLOW, rcps=((policy(Layer.RCP, "Deny", id=RCP, **EVERYONE),),)))
    assert denial_message(decision, action="s3:GetObject", resource_named='"arn:aws:s3:::logs/a"', caller_arn=USER) == (
        f"User: {USER} is not authorized to perform: s3:GetObject on resource: "
        f'"arn:aws:s3:::logs/a" with an explicit deny in a resource control policy: {RCP}'
    )


def test_another_organization_is_not_told_the_policy() -> None:
    scps = PolicySet(scps=((policy(Layer.SCP, "Deny", id=SCP),),))
    across = decided(scps, resource_account="111122223333")
    words = denial_message(across, action=ACTION, resource_named="", caller_arn=USER, same_organization=False)
    assert words.endswith("with an explicit deny in a service control policy")
    assert text(scps, same_organization=False).endswith(SCP)
    assert denial_message(across, action=ACTION, resource_named="", caller_arn=USER).endswith(SCP)


def test_of_several_denials_the_first_in_order_is_named() -> None:
    both = PolicySet(identity=(policy(Layer.IDENTITY, "Deny", id=GUARD),), scps=((policy(Layer.SCP, "Deny", id=SCP),),))
    assert text(both).endswith(SCP)
