"""Service-linked roles against the catalog and against answers recorded from AWS."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk

import trailwarden.services.iam
from trailwarden import catalog
from trailwarden.arn import Arn
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.iam.facts import iam_facts
from trailwarden.services.linked_services import LINKED, SUFFIXED

assert trailwarden.services.iam.__all__

RECORDED = Path(__file__).parents[5] / "shared" / "recorded" / "iam" / "test_iam.json"


def recorded() -> dict[str, Any]:
    if not RECORDED.exists():
        return {}
    cases: dict[str, Any] = json.loads(RECORDED.read_text())
    return {name.rpartition("::")[2]: case["recorded-content"] for name, case in cases.items()}


def named(test: str) -> dict[str, Any]:
    """The recorded cases of one parametrized test, by service."""
    pattern = re.compile(rf"{test}\[(.+)\]\Z")
    return {match[1]: case for name, case in recorded().items() if (match := pattern.match(name))}


WITHDRAWN = {"AmazonLexBotPolicy"}


@pytest.mark.parametrize(
    ("service", "policy"),
    [(service, names[1]) for service, names in sorted(LINKED.items()) if names[1] not in WITHDRAWN],
)
def test_policy_of_each_linked_role_is_known(service: str, policy: str) -> None:
    assert catalog.managed_policy(f"arn:aws:iam::aws:policy/aws-service-role/{policy}") is not None, service


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not here")
def test_linked_roles_are_as_recorded(desk: Desk) -> None:
    cases = named("test_service_role_lifecycle")
    assert len(cases) > 50
    for service, case in cases.items():
        told = case["describe-response"]["Role"]
        name = desk.call("iam:CreateServiceLinkedRole", {"AWSServiceName": service})["Role"]["RoleName"]
        assert (name, f"/aws-service-role/{service}/") == (told["RoleName"], told["Path"])
        attached = desk.call("iam:ListAttachedRolePolicies", {"RoleName": name})["AttachedPolicies"]
        wanted = [policy["PolicyName"] for policy in case["attached-role-policies"]["AttachedPolicies"]]
        assert [policy["PolicyName"] for policy in attached] == wanted
        shown = desk.call("iam:GetRole", {"RoleName": name})["Role"]
        assert set(shown) == set(told)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not here")
def test_suffixes_are_as_recorded(desk: Desk) -> None:
    assert set(named("test_service_role_lifecycle_custom_suffix")) == SUFFIXED
    for service, case in named("test_service_role_lifecycle_custom_suffix_not_allowed").items():
        with pytest.raises(InvalidInput) as told:
            desk.call("iam:CreateServiceLinkedRole", {"AWSServiceName": service, "CustomSuffix": "x"})
        assert told.value.text == case["custom-suffix-not-allowed"]["Error"]["Message"]


def test_facts_tell_owner_and_tags(desk: Desk) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    desk.call("iam:CreateUser", {"UserName": "mateojackson", "Path": "/x/", "Tags": tags})
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    arn = desk.call("iam:CreatePolicy", {"PolicyName": "p", "PolicyDocument": policy, "Tags": tags})["Policy"]["Arn"]
    desk.call("iam:CreateGroup", {"GroupName": "g"})
    reader = desk.storage.begin()
    for text, wanted in (
        (f"arn:aws:iam::{ACCOUNT}:user/x/mateojackson", {"team": "a"}),
        (arn, {"team": "a"}),
        (f"arn:aws:iam::{ACCOUNT}:group/g", {}),
        (f"arn:aws:iam::{ACCOUNT}:root", {}),
    ):
        parsed = Arn.parse(text)
        assert parsed is not None
        facts = iam_facts(parsed, reader)
        assert facts is not None
        assert (facts.account, dict(facts.tags)) == (ACCOUNT, wanted)
    for text in (f"arn:aws:iam::{OTHER}:group/g", "arn:aws:iam::000000000000:root"):
        parsed = Arn.parse(text)
        assert parsed is not None
        assert iam_facts(parsed, reader) is None
