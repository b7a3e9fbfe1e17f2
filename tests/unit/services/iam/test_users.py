import pytest
from tests.unit.services.desk import ACCOUNT, NOW, OTHER, Desk, root

import trailwarden.services.iam  # noqa: F401 — registers the operations
from trailwarden.auth.identities import ACCOUNT as ACCOUNTS
from trailwarden.auth.sealing import secret_purpose
from trailwarden.auth.stages import Caller
from trailwarden.errors import ValidationException
from trailwarden.policy import Principal, PrincipalKind
from trailwarden.services.iam.aliases import AliasTaken
from trailwarden.services.iam.errors import DeleteConflict, InvalidInput, NoSuchEntity, QuotaExceeded
from trailwarden.services.iam.tagging import TooManyTags
from trailwarden.services.iam.users import UserAlreadyExists

POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def test_user_is_made_shown_and_listed(desk: Desk) -> None:
    made = desk.call(
        "iam:CreateUser", {"UserName": "mateojackson", "Path": "/team/", "Tags": [{"Key": "a", "Value": "b"}]}
    )
    user = made["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/mateojackson"
    assert user["UserId"].startswith("AIDA")
    assert len(user["UserId"]) == 21
    assert desk.call("iam:GetUser", {"UserName": "MateoJackson"})["User"] == user
    listed = desk.call("iam:ListUsers", {"PathPrefix": "/team/"})
    assert listed["Users"] == [{key: value for key, value in user.items() if key != "Tags"}]
    assert listed["IsTruncated"] is False
    assert desk.call("iam:ListUsers", {"PathPrefix": "/other/"})["Users"] == []


def test_user_names_are_unique_without_case(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    with pytest.raises(UserAlreadyExists, match="User with name MateoJackson already exists"):
        desk.call("iam:CreateUser", {"UserName": "MateoJackson"})
    desk.call("iam:CreateUser", {"UserName": "mateojackson"}, caller=root(OTHER))


def test_missing_user_is_told_by_name(desk: Desk) -> None:
    with pytest.raises(NoSuchEntity) as told:
        desk.call("iam:GetUser", {"UserName": "nobody"})
    assert told.value.text == "The user with name nobody cannot be found."
    assert (told.value.code_in("query"), told.value.status_in("query")) == ("NoSuchEntity", 404)


def test_get_user_defaults_to_the_caller(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    shown = desk.call("iam:GetUser", caller=desk.as_user("mateojackson"))["User"]
    assert shown["UserName"] == "mateojackson"
    assert desk.call("iam:GetUser")["User"] == {
        "UserId": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "CreateDate": NOW,
    }  # fmt: skip


def test_pages_follow_markers(desk: Desk) -> None:
    names = [f"user{number:02}" for number in range(7)]
    for name in names:
        desk.call("iam:CreateUser", {"UserName": name})
    seen: list[str] = []
    marker: dict[str, str] = {}
    while True:
        page = desk.call("iam:ListUsers", {"MaxItems": 3, **marker})
        seen.extend(user["UserName"] for user in page["Users"])
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == names
    with pytest.raises(ValidationException, match="Invalid Marker"):
        desk.call("iam:ListUsers", {"Marker": "\u00fc?"})


def test_rename_takes_keys_groups_and_password_along(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    desk.call("iam:CreateGroup", {"GroupName": "auditors"})
    desk.call("iam:AddUserToGroup", {"GroupName": "auditors", "UserName": "mateojackson"})
    desk.call("iam:CreateLoginProfile", {"UserName": "mateojackson", "Password": "Long-enough-1"})
    key = desk.call("iam:CreateAccessKey", {"UserName": "mateojackson"})["AccessKey"]["AccessKeyId"]
    before = desk.call("iam:GetUser", {"UserName": "mateojackson"})["User"]
    desk.call("iam:UpdateUser", {"UserName": "mateojackson", "NewUserName": "marymajor", "NewPath": "/new/"})
    after = desk.call("iam:GetUser", {"UserName": "marymajor"})["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/new/marymajor"
    assert desk.key(key).user == "marymajor"
    assert [user["UserName"] for user in desk.call("iam:GetGroup", {"GroupName": "auditors"})["Users"]] == ["marymajor"]
    assert desk.call("iam:GetLoginProfile", {"UserName": "marymajor"})["LoginProfile"]["UserName"] == "marymajor"
    with pytest.raises(NoSuchEntity):
        desk.call("iam:GetUser", {"UserName": "mateojackson"})


@pytest.mark.parametrize(
    ("operation", "params", "reason"),
    [
        ("iam:AttachUserPolicy", {"PolicyArn": ADMIN}, "must detach all policies"),
        ("iam:PutUserPolicy", {"PolicyName": "p", "PolicyDocument": POLICY}, "must delete policies"),
        ("iam:CreateAccessKey", {}, "must delete access keys"),
        ("iam:CreateLoginProfile", {"Password": "Long-enough-1"}, "must delete login profile"),
        ("iam:AddUserToGroup", {"GroupName": "auditors"}, "must remove users from group"),
    ],
)
def test_user_with_belongings_is_not_deleted(desk: Desk, operation: str, params: dict[str, str], reason: str) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    desk.call("iam:CreateGroup", {"GroupName": "auditors"})
    desk.call(operation, {"UserName": "mateojackson", **params})
    with pytest.raises(DeleteConflict) as told:
        desk.call("iam:DeleteUser", {"UserName": "mateojackson"})
    assert told.value.text == f"Cannot delete entity, {reason} first."
    assert desk.call("iam:GetUser", {"UserName": "mateojackson"})["User"]["UserName"] == "mateojackson"


def test_deleted_user_is_gone(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    desk.call("iam:DeleteUser", {"UserName": "mateojackson"})
    assert desk.call("iam:ListUsers")["Users"] == []


def test_access_keys_are_sealed_and_two_at_most(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    made = desk.call("iam:CreateAccessKey", {"UserName": "mateojackson"})["AccessKey"]
    assert (made["UserName"], made["Status"], len(made["AccessKeyId"]), len(made["SecretAccessKey"])) == (
        "mateojackson", "Active", 20, 40,
    )  # fmt: skip
    stored = desk.key(made["AccessKeyId"])
    assert desk.vault.open(stored.secret, secret_purpose(stored.id)) == made["SecretAccessKey"].encode()
    desk.call("iam:CreateAccessKey", caller=desk.as_user("mateojackson"))
    with pytest.raises(QuotaExceeded, match="Cannot exceed quota for AccessKeysPerUser: 2"):
        desk.call("iam:CreateAccessKey", {"UserName": "mateojackson"})
    listed = desk.call("iam:ListAccessKeys", {"UserName": "mateojackson"})["AccessKeyMetadata"]
    assert {"SecretAccessKey"} & {member for key in listed for member in key} == set()
    assert len(listed) == 2


def test_access_key_is_switched_off_and_deleted(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson"})
    desk.call("iam:CreateUser", {"UserName": "marymajor"})
    key = desk.call("iam:CreateAccessKey", {"UserName": "mateojackson"})["AccessKey"]["AccessKeyId"]
    with pytest.raises(NoSuchEntity, match=f"The Access Key with id {key} cannot be found"):
        desk.call("iam:DeleteAccessKey", {"UserName": "marymajor", "AccessKeyId": key})
    desk.call("iam:UpdateAccessKey", {"UserName": "mateojackson", "AccessKeyId": key, "Status": "Inactive"})
    assert desk.key(key).status == "Inactive"
    used = desk.call("iam:GetAccessKeyLastUsed", {"AccessKeyId": key})
    assert used == {"UserName": "mateojackson", "AccessKeyLastUsed": {"Region": "N/A", "ServiceName": "N/A"}}
    with pytest.raises(NoSuchEntity):
        desk.call("iam:GetAccessKeyLastUsed", {"AccessKeyId": key}, caller=root(OTHER))
    desk.call("iam:DeleteAccessKey", {"UserName": "mateojackson", "AccessKeyId": key})
    assert desk.call("iam:ListAccessKeys", {"UserName": "mateojackson"})["AccessKeyMetadata"] == []


def test_root_lists_its_own_keys(desk: Desk) -> None:
    listed = desk.call("iam:ListAccessKeys")["AccessKeyMetadata"]
    assert len(listed) == 1
    assert desk.key(listed[0]["AccessKeyId"]).user == ""


def test_role_sessions_must_name_a_user(desk: Desk) -> None:
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION, account=ACCOUNT, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
    )
    with pytest.raises(ValidationException, match="Must specify userName when calling with non-User credentials"):
        desk.call("iam:ListAccessKeys", caller=Caller(principal=principal))


def test_tags_keep_one_spelling_of_a_key(desk: Desk) -> None:
    desk.call("iam:CreateUser", {"UserName": "mateojackson", "Tags": [{"Key": "Team", "Value": "a"}]})
    desk.call("iam:TagUser", {"UserName": "mateojackson", "Tags": [{"Key": "team", "Value": "b"}]})
    assert desk.call("iam:ListUserTags", {"UserName": "mateojackson"})["Tags"] == [{"Key": "team", "Value": "b"}]
    with pytest.raises(InvalidInput, match="Duplicate tag keys"):
        desk.call(
            "iam:TagUser", {"UserName": "mateojackson", "Tags": [{"Key": "x", "Value": ""}, {"Key": "X", "Value": ""}]}
        )
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    with pytest.raises(TooManyTags, match="number of tags"):
        desk.call("iam:TagUser", {"UserName": "mateojackson", "Tags": many})
    desk.call("iam:UntagUser", {"UserName": "mateojackson", "TagKeys": ["TEAM"]})
    assert desk.call("iam:ListUserTags", {"UserName": "mateojackson"})["Tags"] == []


def test_alias_belongs_to_one_account(desk: Desk) -> None:
    desk.call("iam:CreateAccountAlias", {"AccountAlias": "example-corp"})
    with pytest.raises(AliasTaken, match="The account alias example-corp already exists"):
        desk.call("iam:CreateAccountAlias", {"AccountAlias": "example-corp"}, caller=root(OTHER))
    assert desk.call("iam:ListAccountAliases")["AccountAliases"] == ["example-corp"]
    document = desk.storage.begin().get(ACCOUNTS, ACCOUNT, "", ACCOUNT)
    assert document is not None
    assert document.body.alias == "example-corp"
    desk.call("iam:DeleteAccountAlias", {"AccountAlias": "example-corp"})
    desk.call("iam:CreateAccountAlias", {"AccountAlias": "example-corp"}, caller=root(OTHER))
