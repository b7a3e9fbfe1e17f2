"""What decisions look like to those who call AWS, in the corners."""

import json
from typing import Any

from tests.unit.policy.cases import ACCOUNT, PRINCIPALS

from trailwarden.policy import (
    AccessRequest,
    Layer,
    Policy,
    PolicySet,
    Source,
    authorization_payload,
    compile_policy,
    evaluate,
    explain,
    simulation,
    simulations,
)

OBJECT = "arn:aws:s3:::trail-logs/x"
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict[str, Any], layer: Layer = Layer.IDENTITY) -> Policy:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return compile_policy(text, Source(layer=layer, id="Case"))


def request(principal: str = "user", resource: str = OBJECT, account: str = ACCOUNT) -> AccessRequest:
    return AccessRequest(
        principal=PRINCIPALS[principal], action="s3:GetObject", resource=resource, resource_account=account
    )


def test_a_buckets_denial_names_its_own_principals() -> None:
    bucket = policy({**DENY, "Principal": {"AWS": "*", "Service": ["a.amazonaws.com"]}}, layer=Layer.RESOURCE)
    payload = authorization_payload(evaluate(request("role"), PolicySet(resource=(bucket,))))
    (statement,) = payload["matchedStatements"]["items"]
    assert statement["principals"]["items"] == [{"value": "*"}, {"value": "a.amazonaws.com"}]
    assert payload["context"]["principal"] == {"id": "AROADEV:session", "arn": PRINCIPALS["role"].arn}


def test_a_request_without_a_resource_has_no_keys_of_one() -> None:
    payload = authorization_payload(evaluate(request(resource="*"), PolicySet()))
    assert payload["context"]["conditions"] == {"items": []}


def test_a_denial_across_accounts_tells_the_sides_apart() -> None:
    sides = PolicySet(
        identity=(policy(ALLOW, DENY),), resource=(policy({**ALLOW, "Principal": "*"}, layer=Layer.RESOURCE),)
    )
    found = simulation(evaluate(request(account="111122223333"), sides))
    assert found["EvalDecisionDetails"] == {"IAM Policy": "explicitDeny", "Resource Policy": "allowed"}


def test_a_document_that_came_as_a_mapping_has_no_positions() -> None:
    document = {"Version": "2012-10-17", "Statement": ALLOW}
    compiled = compile_policy(document, Source(layer=Layer.IDENTITY, id="Case"))
    (matched,) = simulation(evaluate(request(), PolicySet(identity=(compiled,))))["MatchedStatements"]
    assert matched == {"SourcePolicyId": "Case", "SourcePolicyType": "IAM Policy"}


def test_resource_control_policies_have_their_parts_by_level() -> None:
    control = policy({**DENY, "Principal": "*"}, layer=Layer.RCP)
    for principal, bears in (("role", True), ("linked", False)):
        decision = evaluate(request(principal), PolicySet(rcps=((), (control,))))
        (part,) = explain(decision)
        assert (part.layer, part.level, part.bears, part.applies) == (Layer.RCP, 1, bears, bears)


def test_each_resource_has_its_own_statements_and_only_sides_that_there_are() -> None:
    (part,) = simulations([evaluate(request(), PolicySet(identity=(policy(ALLOW),)))])["ResourceSpecificResults"]
    assert (len(part["MatchedStatements"]), part["MissingContextValues"]) == (1, [])
    assert "EvalDecisionDetails" not in part


def test_several_resources_together_have_the_template_and_the_statements_of_the_decision() -> None:
    held = PolicySet(identity=(policy(ALLOW, {**DENY, "Resource": "arn:aws:s3:::trail-logs/b"}),))
    asked = [evaluate(request(resource=f"arn:aws:s3:::trail-logs/{name}"), held) for name in "acb"]
    whole = simulations(asked, resources="arn:${Partition}:s3:::${BucketName}/${ObjectName}")
    assert (whole["EvalResourceName"], whole["EvalDecision"]) == (
        "arn:${Partition}:s3:::${BucketName}/${ObjectName}",
        "explicitDeny",
    )
    assert [part["EvalResourceDecision"] for part in whole["ResourceSpecificResults"]] == [
        "allowed",
        "allowed",
        "explicitDeny",
    ]
    assert len(whole["MatchedStatements"]) == 1
    allowed = simulations(asked[:2])
    assert allowed["MatchedStatements"] == allowed["ResourceSpecificResults"][0]["MatchedStatements"]


def test_missing_values_stand_where_the_resource_stands() -> None:
    tagged = {**ALLOW, "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}}
    held = PolicySet(identity=(policy(tagged),))
    for resource, whole_misses in (("*", True), ("arn:aws:s3:::trail-logs/a", False)):
        whole = simulations([evaluate(request(resource=resource), held)])
        (part,) = whole["ResourceSpecificResults"]
        assert bool(whole["MissingContextValues"]) is whole_misses
        assert bool(part["MissingContextValues"]) is not whole_misses
        assert ("EvalDecisionDetails" in whole) is not whole_misses


def test_an_organization_that_denies_ends_the_evaluation() -> None:
    held = PolicySet(identity=(policy(ALLOW),), scps=((policy(DENY, layer=Layer.SCP),),))
    found = simulation(evaluate(request(account="111122223333"), held))
    assert found["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert "EvalDecisionDetails" not in found


def test_a_statement_that_stands_alone_has_its_place_whatever_lists_it_holds() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": {**ALLOW, "Action": ["s3:*", "iam:*"]}, "Id": "[x]"})
    (statement,) = compile_policy(text, Source(layer=Layer.IDENTITY, id="Case")).statements
    assert statement.span is not None
    assert text[statement.span.start.column - 1 : statement.span.end.column] == json.dumps(
        {**ALLOW, "Action": ["s3:*", "iam:*"]}
    )
