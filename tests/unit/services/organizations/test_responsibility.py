"""Responsibility transfers, over handlers: who may, when, and what both sides see."""

from datetime import UTC, datetime

import pytest
from tests.unit.services.desk import ACCOUNT, OTHER, Desk, root
from tests.unit.services.organizations.test_handshakes import refusal

from trailwarden.storage.ports import Lookup

JULY = datetime(2025, 7, 1, tzinfo=UTC)
INVITATION = {
    "Type": "BILLING",
    "Target": {"Id": OTHER, "Type": "ACCOUNT"},
    "SourceName": "Their bills",
    "StartTimestamp": JULY,
    "Tags": [{"Key": "team", "Value": "finance"}],
}


@pytest.fixture
def pair(org: Desk) -> Desk:
    """Two organizations, one of each account."""
    org.call("organizations:CreateOrganization", caller=root(OTHER))
    return org


def invited(pair: Desk) -> dict[str, str]:
    made = pair.call("organizations:InviteOrganizationToTransferResponsibility", INVITATION)["Handshake"]
    assert (made["Action"], made["State"]) == ("TRANSFER_RESPONSIBILITY", "OPEN")
    assert {each["Type"] for each in made["Resources"]} == {"RESPONSIBILITY_TRANSFER", "ACCOUNT"}
    return {"HandshakeId": made["Id"]}


def only(pair: Desk, direction: str, account: str) -> dict[str, object]:
    listed = pair.call(
        f"organizations:List{direction}ResponsibilityTransfers", {"Type": "BILLING"}, caller=root(account)
    )
    (transfer,) = listed["ResponsibilityTransfers"]
    assert isinstance(transfer, dict)
    return transfer


def test_both_sides_see_a_transfer_from_theirs(pair: Desk) -> None:
    handshake = invited(pair)
    inbound, outbound = only(pair, "Inbound", ACCOUNT), only(pair, "Outbound", OTHER)
    assert inbound["Status"] == outbound["Status"] == "REQUESTED"
    assert inbound["ActiveHandshakeId"] == handshake["HandshakeId"]
    assert "/billing/inbound/rt-" in str(inbound["Arn"])
    assert "/billing/outbound/rt-" in str(outbound["Arn"])
    assert inbound["Source"] == {"ManagementAccountId": OTHER, "ManagementAccountEmail": "root@example.com"}
    tags = pair.call("organizations:ListTagsForResource", {"ResourceId": inbound["Id"]})
    assert tags["Tags"] == [{"Key": "team", "Value": "finance"}]


def test_a_transfer_is_accepted_renamed_and_withdrawn(pair: Desk) -> None:
    pair.call("organizations:AcceptHandshake", invited(pair), caller=root(OTHER))
    name = only(pair, "Inbound", ACCOUNT)["Id"]
    again = refusal(pair.call, "organizations:InviteOrganizationToTransferResponsibility", INVITATION)
    assert again == ("HandshakeConstraintViolationException", "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS")
    renaming = {"Id": name, "Name": "Other name"}
    assert refusal(pair.call, "organizations:UpdateResponsibilityTransfer", renaming, caller=root(OTHER))[0] == (
        "AccessDeniedException"
    )
    renamed = pair.call("organizations:UpdateResponsibilityTransfer", renaming)["ResponsibilityTransfer"]
    assert (renamed["Name"], renamed["Status"]) == ("Other name", "ACCEPTED")
    assert refusal(pair.call, "organizations:DeleteOrganization")[1] == "ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS"
    ended = pair.call("organizations:TerminateResponsibilityTransfer", {"Id": name}, caller=root(OTHER))
    assert ended["ResponsibilityTransfer"]["Status"] == "WITHDRAWN"
    assert ended["ResponsibilityTransfer"]["EndTimestamp"] == datetime(2025, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert refusal(pair.call, "organizations:TerminateResponsibilityTransfer", {"Id": name})[0] == (
        "ResponsibilityTransferAlreadyInStatusException"
    )
    assert refusal(pair.call, "organizations:UpdateResponsibilityTransfer", renaming)[1] == (
        "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED"
    )
    for account in (ACCOUNT, OTHER):
        told = pair.storage.journal.lookup(Lookup(account=account, region="us-east-1", start=0, end=2e9, limit=10))
        assert [entry.name for _, entry in told] == ["ResponsibilityTransferTerminated"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"StartTimestamp": datetime(2025, 7, 2, tzinfo=UTC)}, "START_DATE_NOT_BEGINNING_OF_MONTH"),
        ({"StartTimestamp": datetime(2025, 7, 1, 1, tzinfo=UTC)}, "START_DATE_NOT_BEGINNING_OF_DAY"),
        ({"StartTimestamp": datetime(2025, 6, 1, tzinfo=UTC)}, "START_DATE_TOO_EARLY"),
        ({"Target": {"Id": ACCOUNT, "Type": "ACCOUNT"}}, "SOURCE_AND_TARGET_CANNOT_MATCH"),
        ({"Target": {"Id": "o-exampleorgid", "Type": "ORGANIZATION"}}, "INVALID_PARTY_TYPE_TARGET"),
    ],
)
def test_what_cannot_be_offered(pair: Desk, given: dict[str, object], reason: str) -> None:
    refused = refusal(pair.call, "organizations:InviteOrganizationToTransferResponsibility", {**INVITATION, **given})
    assert refused[1] == reason


def test_only_management_accounts_can_be_asked(org: Desk) -> None:
    refused = refusal(org.call, "organizations:InviteOrganizationToTransferResponsibility", INVITATION)
    assert refused == ("HandshakeConstraintViolationException", "TARGET_ACCOUNT_VALIDATION_FAILURE")


def test_an_open_offer_is_no_transfer_yet(pair: Desk) -> None:
    handshake = invited(pair)
    name = only(pair, "Inbound", ACCOUNT)["Id"]
    assert refusal(pair.call, "organizations:InviteOrganizationToTransferResponsibility", INVITATION)[0] == (
        "DuplicateHandshakeException"
    )
    assert refusal(pair.call, "organizations:TerminateResponsibilityTransfer", {"Id": name})[0] == (
        "InvalidResponsibilityTransferTransitionException"
    )
    pair.call("organizations:DeclineHandshake", handshake, caller=root(OTHER))
    assert only(pair, "Outbound", OTHER)["Status"] == "DECLINED"
    missing = {"Id": "rt-00000000"}
    assert refusal(pair.call, "organizations:DescribeResponsibilityTransfer", missing)[0] == (
        "ResponsibilityTransferNotFoundException"
    )


def test_bills_do_not_go_in_a_circle(pair: Desk) -> None:
    pair.call("organizations:AcceptHandshake", invited(pair), caller=root(OTHER))
    back = {**INVITATION, "Target": {"Id": ACCOUNT, "Type": "ACCOUNT"}}
    made = pair.call("organizations:InviteOrganizationToTransferResponsibility", back, caller=root(OTHER))["Handshake"]
    refused = refusal(pair.call, "organizations:AcceptHandshake", {"HandshakeId": made["Id"]})
    assert refused[1] == "SOURCE_AND_TARGET_CANNOT_MATCH"


def test_an_end_is_that_of_a_month(pair: Desk) -> None:
    pair.call("organizations:AcceptHandshake", invited(pair), caller=root(OTHER))
    name = only(pair, "Inbound", ACCOUNT)["Id"]
    for end, reason in (
        (datetime(2025, 8, 30, 23, 59, 59, tzinfo=UTC), "END_DATE_NOT_END_OF_MONTH"),
        (datetime(2025, 5, 31, 23, 59, 59, tzinfo=UTC), "END_DATE_TOO_EARLY"),
    ):
        given = {"Id": name, "EndTimestamp": end}
        assert refusal(pair.call, "organizations:TerminateResponsibilityTransfer", given)[1] == reason
    given = {"Id": name, "EndTimestamp": datetime(2025, 8, 31, 23, 59, 59, tzinfo=UTC)}
    pair.call("organizations:TerminateResponsibilityTransfer", given)


def test_no_account_here_has_a_twin_in_gov_cloud(org: Desk) -> None:
    asked = {"Email": "mateojackson@example.com", "AccountName": "Gov"}
    refused = refusal(org.call, "organizations:CreateGovCloudAccount", asked)
    assert refused == ("ConstraintViolationException", "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED")
