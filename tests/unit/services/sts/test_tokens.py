import base64
import hashlib
import hmac

import pytest
import segno
from tests.unit.services.desk import ACCOUNT, NOW, Desk

import trailwarden.services.iam
import trailwarden.services.sts
from trailwarden.errors import ValidationException
from trailwarden.policy import PrincipalKind
from trailwarden.services.iam.errors import DeleteConflict
from trailwarden.services.iam.mfa import InvalidAuthenticationCode
from trailwarden.services.sts.errors import NotAllowed

assert trailwarden.services.iam.__all__
assert trailwarden.services.sts.__all__

READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'


def code(seed: bytes, moment: float) -> str:
    """RFC 6238 as an authenticator app does it."""
    digest = hmac.digest(base64.b32decode(seed), int(moment // 30).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def test_code_is_that_of_the_rfc() -> None:
    assert code(base64.b32encode(b"12345678901234567890"), 59) == "287082"


def device(desk: Desk) -> tuple[str, bytes]:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    made = desk.call("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"})["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    desk.call(
        "iam:EnableMFADevice",
        {
            "UserName": "mateojackson",
            "SerialNumber": serial,
            "AuthenticationCode1": code(seed, NOW - 90),
            "AuthenticationCode2": code(seed, NOW - 60),
        },
    )
    return serial, seed


def test_a_new_device_shows_its_seed_as_a_picture(desk: Desk) -> None:
    made = desk.call("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "my phone"})["VirtualMFADevice"]
    seed = made["Base32StringSeed"].decode()
    expected = segno.make_qr(f"otpauth://totp/my%20phone@{ACCOUNT}?secret={seed}")
    assert made["QRCodePNG"].startswith(b"\x89PNG")
    assert made["QRCodePNG"] == base64.b64decode(expected.png_data_uri(scale=4).partition(",")[2])


def test_session_token_is_the_users_own(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    caller = desk.as_user("mateojackson")
    answer = desk.call("sts:GetSessionToken", caller=caller)
    assert answer["Credentials"]["Expiration"] == NOW + 12 * 3600
    session = desk.as_session(answer)
    assert (session.principal.arn, session.user_name) == (caller.principal.arn, "mateojackson")
    assert session.session is not None
    assert not session.session.mfa
    with pytest.raises(NotAllowed, match="Cannot call GetSessionToken with session credentials"):
        desk.call("sts:GetSessionToken", caller=session)
    assert desk.call("sts:GetSessionToken")["Credentials"]["Expiration"] == NOW + 3600
    with pytest.raises(ValidationException):
        desk.call("sts:GetSessionToken", {"DurationSeconds": 899}, caller=caller)


def test_code_proves_presence_once(desk: Desk) -> None:
    serial, seed = device(desk)
    caller = desk.as_user("mateojackson")
    given = {"SerialNumber": serial, "TokenCode": code(seed, NOW)}
    session = desk.as_session(desk.call("sts:GetSessionToken", given, caller=caller)).session
    assert session is not None
    assert session.mfa
    with pytest.raises(NotAllowed, match="MultiFactorAuthentication failed with invalid MFA one time pass code"):
        desk.call("sts:GetSessionToken", given, caller=caller)
    with pytest.raises(NotAllowed, match="must provide both"):
        desk.call("sts:GetSessionToken", {"SerialNumber": serial}, caller=caller)
    desk.call("iam:CreateUser", {"UserName": "marymajor"})
    desk.now += 60
    with pytest.raises(NotAllowed, match="unable to validate MFA code"):
        desk.call("sts:GetSessionToken", {**given, "TokenCode": code(seed, desk.now)}, caller=desk.as_user("marymajor"))


def test_device_is_assigned_listed_and_returned(desk: Desk) -> None:
    serial, _ = device(desk)
    listed = desk.call("iam:ListMFADevices", {"UserName": "mateojackson"})["MFADevices"]
    assert listed == [{"UserName": "mateojackson", "SerialNumber": serial, "EnableDate": NOW}]
    shown = desk.call("iam:GetMFADevice", {"SerialNumber": serial})
    assert shown == {"UserName": "mateojackson", "SerialNumber": serial, "EnableDate": NOW}
    assert desk.call("iam:ListVirtualMFADevices", {"AssignmentStatus": "Unassigned"})["VirtualMFADevices"] == []
    with pytest.raises(DeleteConflict):
        desk.call("iam:DeleteUser", {"UserName": "mateojackson"})
    with pytest.raises(DeleteConflict, match="Must deactivate first"):
        desk.call("iam:DeleteVirtualMFADevice", {"SerialNumber": serial})
    desk.call("iam:DeactivateMFADevice", {"UserName": "mateojackson", "SerialNumber": serial})
    desk.call("iam:DeleteVirtualMFADevice", {"SerialNumber": serial})
    desk.call("iam:DeleteUser", {"UserName": "mateojackson"})


def test_wrong_codes_do_not_enable(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    made = desk.call("iam:CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"})["VirtualMFADevice"]
    wrong = {
        "UserName": "mateojackson",
        "SerialNumber": made["SerialNumber"],
        "AuthenticationCode1": "x",
        "AuthenticationCode2": "y",
    }
    with pytest.raises(InvalidAuthenticationCode):
        desk.call("iam:EnableMFADevice", wrong)


def test_federation_token_is_a_guests(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    asked = {"Name": "guest", "Policy": READ, "DurationSeconds": 900}
    answer = desk.call("sts:GetFederationToken", asked, caller=desk.as_user("mateojackson"))
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:guest", "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/guest",
    }  # fmt: skip
    assert answer["PackedPolicySize"] > 0
    session = desk.as_session(answer)
    assert session.principal.kind is PrincipalKind.FEDERATED_USER
    assert session.session is not None
    assert (session.session.policies, session.session.issuer_type) == ((READ,), "IAMUser")
