import json
from typing import Any

import pytest

from trailwarden.auth.decisions import Decisions
from trailwarden.policy import AccessRequest, Layer, Policy, PolicySet, Principal, PrincipalKind, Source, compile_policy

ARN = "arn:aws:iam::123456789012:user/mateojackson"
PRINCIPAL = Principal(
    kind=PrincipalKind.USER, account="123456789012", arn=ARN, issuer_arn=ARN, unique_id="AIDACKCEVSQ6C2EXAMPLE"
)
RESOURCE = "arn:aws:s3:::amzn-s3-demo-bucket/report"


def policy(layer: Layer = Layer.IDENTITY, **members: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **members}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return compile_policy(text, Source(layer=layer, id="policy", attached_to=ARN))


def request(**changes: Any) -> AccessRequest:
    told: dict[str, Any] = {"context": {"aws:SourceIp": "203.0.113.7"}, "resource_account": "123456789012", **changes}
    return AccessRequest(**{"principal": PRINCIPAL, "action": "s3:GetObject", "resource": RESOURCE, **told})


def test_a_plain_permission_is_decided_once() -> None:
    decisions, policies = Decisions(), PolicySet(identity=(policy(),))
    first = decisions.of(request(), policies)
    assert first.allowed
    assert decisions.of(request(context={}), policies) is first


@pytest.mark.parametrize(
    "policies",
    [
        PolicySet(identity=(policy(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),)),
        PolicySet(
            identity=(policy(), policy(Effect="Deny", Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))
        ),
        PolicySet(
            identity=(policy(),),
            boundary=(policy(Layer.BOUNDARY, Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),),
        ),
        PolicySet(
            identity=(policy(),),
            scps=((policy(Layer.SCP, Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),),),
        ),
    ],
    ids=["allow", "deny", "boundary", "scp"],
)
def test_what_a_condition_decides_is_decided_each_time(policies: PolicySet) -> None:
    decisions = Decisions()
    assert decisions.of(request(), policies).allowed
    assert not decisions.of(request(context={"aws:SourceIp": "198.51.100.1"}), policies).allowed
    assert decisions.of(request(), policies).allowed


def test_what_a_variable_decides_is_decided_each_time() -> None:
    decisions = Decisions()
    policies = PolicySet(identity=(policy(Resource="arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/team}"),))
    assert decisions.of(request(context={"aws:PrincipalTag/team": "report"}), policies).allowed
    assert not decisions.of(request(context={"aws:PrincipalTag/team": "other"}), policies).allowed


def test_other_policies_and_others_who_ask_are_judged_anew() -> None:
    decisions, policies = Decisions(), PolicySet(identity=(policy(),))
    assert decisions.of(request(), policies).allowed
    assert not decisions.of(request(), PolicySet()).allowed
    assert decisions.of(request(), policies).allowed
    assert not decisions.of(request(resource_account="111122223333"), policies).allowed
    linked = Principal(kind=PrincipalKind.SERVICE, account="", arn=ARN)
    assert not decisions.of(request(principal=linked), policies).allowed
    assert not decisions.of(request(action="s3:PutObject"), policies).allowed


def test_a_denial_is_always_judged() -> None:
    decisions, policies = Decisions(), PolicySet()
    assert decisions.of(request(), policies) is not decisions.of(request(), policies)
