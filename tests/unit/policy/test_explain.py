import json
from pathlib import Path
from typing import Any

import pytest

from trailwarden.policy import (
    UNKNOWN,
    AccessRequest,
    ContextValue,
    Decision,
    Element,
    Layer,
    Policy,
    PolicySet,
    Principal,
    PrincipalKind,
    Source,
    authorization_payload,
    compile_policy,
    evaluate,
    explain,
    near_misses,
    simulation,
    simulations,
)

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/mateojackson"
BUCKET = "arn:aws:s3:::trail-logs"
CALLER = Principal(
    kind=PrincipalKind.USER, account=ACCOUNT, arn=USER, issuer_arn=USER, unique_id="AIDAIOSFODNN7EXAMPLE"
)


def policy(*statements: dict[str, Any], layer: Layer = Layer.IDENTITY, **source: Any) -> Policy:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return compile_policy(json.dumps(document, indent=1), Source(layer=layer, id="Case", **source))


def allow(action: str = "s3:GetObject", resource: str = f"{BUCKET}/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def asked(
    policies: PolicySet, resource: str = f"{BUCKET}/AWSLogs/x", account: str = ACCOUNT, **context: ContextValue
) -> Decision:
    named = {key.replace("__", ":"): value for key, value in context.items()}
    return evaluate(
        AccessRequest(
            principal=CALLER, action="s3:GetObject", resource=resource, resource_account=account, context=named
        ),
        policies,
    )


def test_every_statement_has_its_part() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    policies = PolicySet(
        identity=(policy(allow(), allow(Condition=condition), allow("s3:Put*"), allow(resource="arn:aws:s3:::x")),),
        resource=(policy(allow(Principal={"AWS": "111122223333"}), layer=Layer.RESOURCE),),
        scps=((policy(allow("*", "*"), layer=Layer.SCP),),),
    )
    parts = explain(asked(policies, aws__RequestedRegion="us-east-1"))
    assert [(part.layer, part.level, part.applies, part.failing) for part in parts] == [
        (Layer.SCP, 0, True, ()),
        (Layer.RESOURCE, None, False, (Element.PRINCIPAL,)),
        (Layer.IDENTITY, None, True, ()),
        (Layer.IDENTITY, None, False, (Element.CONDITION,)),
        (Layer.IDENTITY, None, False, (Element.ACTION,)),
        (Layer.IDENTITY, None, False, (Element.RESOURCE,)),
    ]
    assert parts[3].conditions[0].got == "us-east-1"


def test_what_is_not_known_is_neither_met_nor_failing() -> None:
    policies = PolicySet(identity=(policy(allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})),))
    decision = asked(policies, aws__MultiFactorAuthPresent=UNKNOWN)
    assert [part.applies for part in explain(decision)] == [None]
    assert not near_misses(decision)


def test_a_layer_that_does_not_reach_the_request_has_no_part() -> None:
    caller = Principal(kind=PrincipalKind.USER, account=ACCOUNT, arn=USER, issuer_arn=USER, management_account=True)
    scps = ((policy({"Effect": "Deny", "Action": "*", "Resource": "*"}, layer=Layer.SCP),),)
    decision = evaluate(
        AccessRequest(principal=caller, action="s3:GetObject", resource=f"{BUCKET}/k"),
        PolicySet(identity=(policy(allow()),), scps=scps),
    )
    assert decision.allowed
    assert [(part.layer, part.bears, part.applies) for part in explain(decision)] == [
        (Layer.SCP, False, False),
        (Layer.IDENTITY, True, True),
    ]


@pytest.mark.parametrize(
    ("statement", "element", "closest", "got"),
    [
        (
            allow(Condition={"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-2"]}}),
            Element.CONDITION,
            "us-east-2",
            "us-east-1",
        ),
        (allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}), Element.CONDITION, "vpce-1", None),
        (allow(resource=f"{BUCKET}/awslogs/*"), Element.RESOURCE, f"{BUCKET}/awslogs/*", f"{BUCKET}/AWSLogs/x"),
        (allow("s3:GetObjectVersion"), Element.ACTION, "s3:GetObjectVersion", "s3:GetObject"),
    ],
)
def test_a_near_miss_names_the_one_element(
    statement: dict[str, Any], element: Element, closest: str, got: ContextValue | None
) -> None:
    decision = asked(PolicySet(identity=(policy(statement),)), aws__RequestedRegion="us-east-1")
    (miss,) = near_misses(decision)
    assert (miss.element, miss.closest, miss.got) == (element, closest, got)
    assert (miss.condition is not None) is (element is Element.CONDITION)


def test_a_near_miss_of_the_principal_names_who_was_meant() -> None:
    other = f"arn:aws:iam::{ACCOUNT}:user/marymajor"
    policies = PolicySet(resource=(policy(allow(Principal={"AWS": other}), layer=Layer.RESOURCE),))
    (miss,) = near_misses(asked(policies))
    assert (miss.element, miss.closest, miss.got) == (Element.PRINCIPAL, other, USER)


def test_two_elements_off_is_no_near_miss_and_neither_is_another_service() -> None:
    far = policy(allow("s3:PutObject", "arn:aws:s3:::other"), allow("ec2:*", "*"))
    assert not near_misses(asked(PolicySet(identity=(far,))))


def test_only_what_would_remove_a_reason_is_a_near_miss() -> None:
    region = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    levels = (
        (policy(allow("*", "*", Sid="Fine"), allow("*", "*", Condition=region, Sid="Vain"), layer=Layer.SCP),),
        (policy(allow("*", "*", Condition=region, Sid="Wanted"), layer=Layer.SCP),),
    )
    policies = PolicySet(identity=(policy(allow(), allow(Condition=region)),), scps=levels)
    (miss,) = near_misses(asked(policies, aws__RequestedRegion="us-east-1"))
    assert (miss.part.statement.sid, miss.block.level) == ("Wanted", 1)
    assert not near_misses(asked(PolicySet(identity=(policy(allow(), allow(Condition=region)),))))


def test_the_nearest_miss_comes_first() -> None:
    policies = PolicySet(
        identity=(
            policy(
                allow("s3:GetObjectAcl", Sid="Action"),
                allow(resource="arn:aws:s3:::other/*", Sid="Far"),
                allow(resource=f"{BUCKET}/aws/*", Sid="Near"),
                allow(Condition={"Null": {"aws:SourceVpc": "false"}}, Sid="Condition"),
            ),
        )
    )
    assert [miss.part.statement.sid for miss in near_misses(asked(policies))] == ["Condition", "Near", "Far", "Action"]


def test_an_explicit_denial_decodes() -> None:
    deny = {
        "Sid": "NoRead",
        "Effect": "Deny",
        "Action": "s3:Get*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}},
    }
    context = {"aws:RequestedRegion": "us-east-1", "s3:prefix": "x"}
    request = AccessRequest(
        principal=CALLER,
        action="s3:GetObject",
        resource=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        context=context,
    )
    payload = authorization_payload(evaluate(request, PolicySet(identity=(policy(deny),))))
    assert payload == {
        "allowed": False,
        "explicitDeny": True,
        "matchedStatements": {
            "items": [
                {
                    "statementId": "NoRead",
                    "effect": "DENY",
                    "principals": {"items": [{"value": "AIDAIOSFODNN7EXAMPLE"}]},
                    "principalGroups": {"items": []},
                    "actions": {"items": [{"value": "s3:Get*"}]},
                    "resources": {"items": [{"value": "*"}]},
                    "conditions": {
                        "items": [{"key": "aws:RequestedRegion", "values": {"items": [{"value": "us-east-1"}]}}]
                    },
                }
            ]
        },
        "failures": {"items": []},
        "context": {
            "principal": {"id": "AIDAIOSFODNN7EXAMPLE", "name": "mateojackson", "arn": USER},
            "action": "s3:GetObject",
            "resource": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
            "conditions": {
                "items": [
                    {"key": "aws:Resource", "values": {"items": [{"value": "function:f"}]}},
                    {"key": "aws:Account", "values": {"items": [{"value": ACCOUNT}]}},
                    {"key": "aws:Region", "values": {"items": [{"value": "us-east-1"}]}},
                    {"key": "aws:Service", "values": {"items": [{"value": "lambda"}]}},
                    {"key": "aws:Type", "values": {"items": [{"value": "function"}]}},
                    {
                        "key": "aws:ARN",
                        "values": {"items": [{"value": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"}]},
                    },
                    {"key": "s3:prefix", "values": {"items": [{"value": "x"}]}},
                ]
            },
        },
    }


def test_an_implicit_denial_decodes_without_statements_and_hides_the_organization() -> None:
    payload = authorization_payload(asked(PolicySet()))
    assert (payload["explicitDeny"], payload["matchedStatements"]) == (False, {"items": []})
    scps = ((policy({"Effect": "Deny", "Action": "*", "Resource": "*"}, layer=Layer.SCP),),)
    payload = authorization_payload(asked(PolicySet(scps=scps)))
    assert (payload["explicitDeny"], payload["matchedStatements"]) == (True, {"items": []})


def test_a_simulation_points_at_the_statement() -> None:
    inline = policy(allow(), name="ReadLogs", inline=True, attached_to=USER)
    assert simulation(asked(PolicySet(identity=(inline,)))) == {
        "EvalActionName": "s3:GetObject",
        "EvalResourceName": f"{BUCKET}/AWSLogs/x",
        "EvalDecision": "allowed",
        "MatchedStatements": [
            {
                "SourcePolicyId": "user_mateojackson_ReadLogs",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 3, "Column": 16},
                "EndPosition": {"Line": 8, "Column": 4},
            }
        ],
        "MissingContextValues": [],
        "EvalDecisionDetails": {},
    }


ADMINISTRATOR = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"""


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (ADMINISTRATOR, (3, 17), (8, 6)),
        (json.dumps(json.loads(ADMINISTRATOR)), (1, 41), (1, 92)),
        (json.dumps(json.loads(ADMINISTRATOR)).replace("[", "").replace("]", ""), (1, 41), (1, 91)),
        (json.dumps(json.loads(ADMINISTRATOR), separators=(",", ":")), (1, 38), (1, 84)),
    ],
)
def test_positions_are_counted_as_aws_counts_them(text: str, start: tuple[int, int], end: tuple[int, int]) -> None:
    source = Source(layer=Layer.IDENTITY, id="arn:aws:iam::aws:policy/AdministratorAccess", aws_managed=True)
    decision = asked(PolicySet(identity=(compile_policy(text, source),)))
    (matched,) = simulation(decision)["MatchedStatements"]
    assert matched["SourcePolicyId"] == "AdministratorAccess"
    assert tuple(matched["StartPosition"].values()) == start
    assert tuple(matched["EndPosition"].values()) == end


RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "iam" / "test_iam.json"


@pytest.mark.skipif(not RECORDED.exists(), reason="recordings of AWS are not here")
def test_a_simulation_has_the_form_that_was_recorded_of_aws() -> None:
    recorded = [
        result
        for name, test in json.loads(RECORDED.read_text()).items()
        if "test_simulate_principle_policy" in name
        for result in test["recorded-content"]["response"]["EvaluationResults"]
    ]
    assert recorded
    scps = ((policy(allow("*", "*"), layer=Layer.SCP),),)
    for result in recorded:
        allowed = result["EvalDecision"] == "allowed"
        identity = (policy(allow() if allowed else allow("s3:PutObject")),)
        ours = simulations([asked(PolicySet(identity=identity, scps=scps))])
        assert ours["EvalDecision"] == result["EvalDecision"]
        assert form(ours) == form(result)


def form(value: Any) -> Any:
    """The members and kinds of a value, its texts and numbers left aside."""
    if isinstance(value, dict):
        return {key: form(each) for key, each in value.items()}
    return [form(each) for each in value] if isinstance(value, list) else type(value).__name__


def test_a_simulation_tells_what_is_missing_and_which_layers_object() -> None:
    mfa = policy(allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    policies = PolicySet(identity=(mfa,), boundary=(), scps=((policy(allow("*", "*"), layer=Layer.SCP),),))
    found = simulation(asked(policies, account="111122223333"))
    assert found["EvalDecision"] == "implicitDeny"
    assert found["MissingContextValues"] == ["aws:MultiFactorAuthPresent"]
    assert found["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    assert found["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert found["EvalDecisionDetails"] == {"IAM Policy": "implicitDeny", "Resource Policy": "implicitDeny"}


@pytest.mark.parametrize(
    ("source", "id_"),
    [
        ({"name": "ReadLogs"}, "ReadLogs"),
        ({"inline": True, "attached_to": f"arn:aws:iam::{ACCOUNT}:group/Admins"}, "group_Admins_Case"),
        ({"inline": True, "attached_to": f"arn:aws:iam::{ACCOUNT}:role/path/Dev"}, "role_Dev_Case"),
        ({"inline": True}, "Case"),
    ],
)
def test_a_simulation_tells_where_a_policy_hangs(source: dict[str, Any], id_: str) -> None:
    found = simulation(asked(PolicySet(identity=(policy(allow(), **source),))))
    assert found["MatchedStatements"][0]["SourcePolicyId"] == id_


def test_a_resources_policy_is_told_from_the_callers() -> None:
    policies = PolicySet(resource=(policy(allow(Principal={"AWS": USER}), layer=Layer.RESOURCE),))
    assert simulation(asked(policies))["MatchedStatements"][0]["SourcePolicyType"] == "Resource Policy"


def test_several_resources_share_one_result_with_the_worst_on_top() -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": f"{BUCKET}/secret"}
    policies = PolicySet(identity=(policy(allow(), deny),))
    template = "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    found = simulations([asked(policies, f"{BUCKET}/{key}") for key in ("open", "secret")], resources=template)
    assert (found["EvalDecision"], found["EvalResourceName"]) == ("explicitDeny", template)
    assert [part["EvalResourceDecision"] for part in found["ResourceSpecificResults"]] == ["allowed", "explicitDeny"]


def test_the_shapes_are_those_of_the_service_model() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    shape = session.get_service_model("iam").shape_for("EvaluationResult")
    policies = PolicySet(identity=(policy(allow()),), boundary=(), scps=((),))
    result = simulations([asked(policies, account="111122223333")])
    assert set(result) <= set(shape.members)
    assert set(result["ResourceSpecificResults"][0]) <= set(shape.members["ResourceSpecificResults"].member.members)
    assert set(simulation(asked(PolicySet(identity=(policy(allow()),))))["MatchedStatements"][0]) <= set(
        shape.members["MatchedStatements"].member.members
    )
