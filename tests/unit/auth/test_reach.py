"""What sessions of users and guests cannot call, whatever their policies say."""

import pytest
from botocore.credentials import Credentials as BotoCredentials
from tests.unit.auth.house import ACCOUNT_ID, NOW, House, signed, user

from trailwarden.auth.stages import Session
from trailwarden.clock import Chance
from trailwarden.errors import AwsError
from trailwarden.policy import Principal, PrincipalKind

USER = Principal(kind=PrincipalKind.USER, account=ACCOUNT_ID, arn=user().arn, unique_id=user().id)
GUEST = Principal(
    kind=PrincipalKind.FEDERATED_USER,
    account=ACCOUNT_ID,
    arn=f"arn:aws:sts::{ACCOUNT_ID}:federated-user/marymajor",
    issuer_arn=user().arn,
    unique_id=f"{ACCOUNT_ID}:marymajor",
)
ROOT = Principal(
    kind=PrincipalKind.ROOT, account=ACCOUNT_ID, arn=f"arn:aws:iam::{ACCOUNT_ID}:root", unique_id=ACCOUNT_ID
)


def answer(house: House, who: Principal, service: str, operation: str, *, mfa: bool = False, **session: bool) -> str:
    """The refusal's code and text; "" where the caller is let on."""
    made = Session(created=NOW, expires=NOW + 900, mfa=mfa, **session)  # type: ignore[arg-type]  # only flags are given
    issued = house.vault.issue(who, made, expires=NOW + 900, chance=Chance())
    credentials = BotoCredentials(issued.access_key_id, issued.secret_access_key, issued.session_token)
    try:
        house.authenticate(signed(service, credentials=credentials), service, operation)
    except AwsError as error:
        return f"{error.code_in('query')}: {error.text}"
    return ""


@pytest.mark.parametrize("who", [USER, GUEST, ROOT], ids=lambda who: who.kind)
def test_iam_is_closed_without_mfa(house: House, who: Principal) -> None:
    wanted = "InvalidClientTokenId: The security token included in the request is invalid."
    assert answer(house, who, "iam", "ListUsers") == wanted
    assert answer(house, who, "cloudtrail", "DescribeTrails") == ""


def test_iam_is_open_with_mfa(house: House) -> None:
    assert answer(house, USER, "iam", "ListUsers", mfa=True) == ""


@pytest.mark.parametrize("who", [USER, GUEST], ids=lambda who: who.kind)
@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken", "GetAccessKeyInfo", "AssumeRoot"])
def test_most_of_sts_is_closed(house: House, who: Principal, operation: str) -> None:
    refusal = f"AccessDenied: Cannot call {operation} with session credentials"
    assert answer(house, who, "sts", operation, mfa=True) == refusal


@pytest.mark.parametrize("operation", ["AssumeRole", "GetCallerIdentity"])
def test_the_rest_is_open(house: House, operation: str) -> None:
    assert answer(house, USER, "sts", operation) == ""


def test_an_assumed_root_has_its_own_bounds(house: House) -> None:
    assert answer(house, ROOT, "iam", "DeleteLoginProfile", assumed_root=True) == ""
