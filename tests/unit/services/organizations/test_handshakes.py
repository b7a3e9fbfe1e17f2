from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk, root

from trailwarden.errors import AwsError

TARGET = {"Target": {"Type": "ACCOUNT", "Id": OTHER}, "Notes": "welcome"}


def refusal(call: Callable[..., Any], *given: Any, **more: Any) -> tuple[str, object]:
    with pytest.raises(AwsError) as refused:
        call(*given, **more)
    return refused.value.code_in("json"), refused.value.members.get("Reason")


def invited(org: Desk) -> dict[str, str]:
    made = org.call("organizations:InviteAccountToOrganization", TARGET)["Handshake"]
    assert (made["State"], made["Action"]) == ("OPEN", "INVITE")
    return {"HandshakeId": made["Id"]}


def test_who_accepts_an_invitation_is_a_member(org: Desk) -> None:
    handshake = invited(org)
    assert refusal(org.call, "organizations:InviteAccountToOrganization", TARGET)[0] == "DuplicateHandshakeException"
    assert refusal(org.call, "organizations:AcceptHandshake", handshake)[0] == "HandshakeNotFoundException"
    seen = org.call("organizations:ListHandshakesForAccount", caller=root(OTHER))["Handshakes"]
    assert [each["Id"] for each in seen] == [handshake["HandshakeId"]]
    accepted = org.call("organizations:AcceptHandshake", handshake, caller=root(OTHER))["Handshake"]
    assert accepted["State"] == "ACCEPTED"
    members = org.call("organizations:ListAccounts")["Accounts"]
    assert {each["Id"]: each["JoinedMethod"] for each in members} == {ACCOUNT: "INVITED", OTHER: "INVITED"}
    again = refusal(org.call, "organizations:InviteAccountToOrganization", TARGET)
    assert again == ("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION")


@pytest.mark.parametrize(("end", "who"), [("Decline", OTHER), ("Cancel", ACCOUNT)])
def test_an_ended_invitation_stays_ended(org: Desk, end: str, who: str) -> None:
    handshake = invited(org)
    org.call(f"organizations:{end}Handshake", handshake, caller=root(who))
    again = refusal(org.call, f"organizations:{end}Handshake", handshake, caller=root(who))
    assert again[0] == "HandshakeAlreadyInStateException"
    late = refusal(org.call, "organizations:AcceptHandshake", handshake, caller=root(OTHER))
    assert late[0] == "InvalidHandshakeTransitionException"


def test_an_invitation_lasts_fifteen_days(org: Desk) -> None:
    handshake = invited(org)
    org.now += 15 * 86_400 + 1
    assert org.call("organizations:DescribeHandshake", handshake)["Handshake"]["State"] == "EXPIRED"
    late = refusal(org.call, "organizations:AcceptHandshake", handshake, caller=root(OTHER))
    assert late[0] == "InvalidHandshakeTransitionException"


def test_all_features_come_when_every_invited_account_approves(org: Desk) -> None:
    org.call("organizations:DeleteOrganization")
    org.call("organizations:CreateOrganization", {"FeatureSet": "CONSOLIDATED_BILLING"})
    org.call("organizations:AcceptHandshake", invited(org), caller=root(OTHER))
    change = {"HandshakeId": org.call("organizations:EnableAllFeatures")["Handshake"]["Id"]}
    assert refusal(org.call, "organizations:EnableAllFeatures")[1] == (
        "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
    )
    assert refusal(org.call, "organizations:AcceptHandshake", change)[0] == "InvalidHandshakeTransitionException"
    asked = org.call(
        "organizations:ListHandshakesForAccount", {"Filter": {"ActionType": "APPROVE_ALL_FEATURES"}}, caller=root(OTHER)
    )
    org.call("organizations:AcceptHandshake", {"HandshakeId": asked["Handshakes"][0]["Id"]}, caller=root(OTHER))
    org.call("organizations:AcceptHandshake", change)
    assert org.call("organizations:DescribeOrganization")["Organization"]["FeatureSet"] == "ALL"
    assert refusal(org.call, "organizations:EnableAllFeatures")[1] == "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"
