"""IAM and STS as AWS itself has answered: the recorded calls made again, each answer held against the recorded one.

The requests were rebuilt from what the answers tell. How many hold is printed; run with `-s` to see it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import pytest
from tests.conformance.recorded import Play, recorded
from tests.live import Live, live_server

READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:ListFunctions"],"Resource":["*"]}]}'
ENCODED = quote_plus("arn:aws:apigateway:us-east-1::/restapis/aaeeieije")
WITH_ENCODED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["apigatway:PUT"],
                "Resource": [f"arn:aws:apigateway:us-east-1::/tags/{ENCODED}"],
            }
        ],
    }
)
TRAILING_COMMA = '{"Version":"2012-10-17","Statement":[{"Action":"sts:AssumeRole","Principal":"*","Effect":"Allow",}]}'


def trust(principal: Mapping[str, Any], action: Any = "sts:AssumeRole", **more: Any) -> str:
    statement = {"Action": action, "Principal": principal, "Effect": "Allow", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2 = trust({"Service": "ec2.amazonaws.com"})
LAMBDA = trust({"Service": "lambda.amazonaws.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a play has: the clients of an administrator, the recorded answers, and a name of its own."""

    play: Play
    member: "Company"
    iam: Any
    sts: Any
    name: str
    parameter: str

    def user(self, label: str = "") -> str:
        if label:
            self.play.answer(label, self.iam.create_user, UserName=self.name)
        else:
            self.iam.create_user(UserName=self.name)
        return self.name

    def credential(self, service: str = "codecommit.amazonaws.com") -> Any:
        return self.play.answer(
            "create-service-specific-credential-response",
            self.iam.create_service_specific_credential,
            UserName=self.name,
            ServiceName=service,
        )["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]

    def role(self, label: str, document: str, suffix: str = "", **more: Any) -> str:
        name = self.name + suffix
        made = self.play.answer(label, self.iam.create_role, RoleName=name, AssumeRolePolicyDocument=document, **more)
        return str(made["Role"]["Arn"])


def update_assume_role_policy(on: Stage) -> None:
    document = trust({"Service": ["ec2.amazonaws.com"]}, ["sts:AssumeRole"])
    on.role("created_role", document)
    on.play.answer("updated_policy", on.iam.update_assume_role_policy, RoleName=on.name, PolicyDocument=document)


def malformed_trust(on: Stage) -> None:
    on.play.answer("invalid-json", on.iam.create_role, RoleName=on.name, AssumeRolePolicyDocument=TRAILING_COMMA)


def roles_with_boundary(on: Stage) -> None:
    path = f"/{on.name}/"
    policy = on.iam.create_policy(PolicyName=on.name, PolicyDocument=READ)["Policy"]["Arn"]
    on.role("created_role", EC2, Path=path)
    on.iam.put_role_permissions_boundary(RoleName=on.name, PermissionsBoundary=policy)
    on.play.answer("list_roles_result", on.iam.list_roles, PathPrefix=path)


def create_describe_role(on: Stage) -> None:
    path = f"/{on.name}/"
    on.role("create_role_result", EC2, Path=path)
    on.play.answer("get_role_result", on.iam.get_role, RoleName=on.name)
    on.play.answer("list_roles_result", on.iam.list_roles, PathPrefix=path)


def attaching(kind: str) -> Callable[[Stage], None]:
    def play(on: Stage) -> None:
        if kind == "User":
            on.user()
        else:
            on.iam.create_role(RoleName=on.name, AssumeRolePolicyDocument=LAMBDA)
        attach = getattr(on.iam, f"attach_{kind.lower()}_policy")
        policy = f"{on.name}-policy"
        made = on.play.answer("create_policy_response", on.iam.create_policy, PolicyName=policy, PolicyDocument=READ)
        arn = made["Policy"]["Arn"]
        for label, named in (
            ("non_existent_malformed_policy_arn", "longpolicynamebutnoarn"),
            ("existing_policy_name_provided", policy),
            ("valid_arn_not_existent", f"{arn}123"),
            ("valid_policy_arn", arn),
        ):
            on.play.answer(label, attach, **{f"{kind}Name": on.name}, PolicyArn=named)

    return play


def role_with_path(on: Stage) -> None:
    path = on.play.bound["path"] = f"/path{on.name}/"
    on.role("create-role-response", LAMBDA, Path=path)
    on.play.answer("get-role-response", on.iam.get_role, RoleName=on.name)
    on.play.answer("delete-role-response", on.iam.delete_role, RoleName=on.name)


def encoded_user_policy(on: Stage) -> None:
    policy = f"{on.name}-policy"
    on.iam.put_user_policy(UserName=on.user(), PolicyName=policy, PolicyDocument=WITH_ENCODED)
    on.play.answer("get-policy-response", on.iam.get_user_policy, UserName=on.name, PolicyName=policy)


def encoded_group_policy(on: Stage) -> None:
    policy = f"{on.name}-policy"
    on.iam.create_group(GroupName=on.name)
    on.iam.put_group_policy(GroupName=on.name, PolicyName=policy, PolicyDocument=WITH_ENCODED)
    on.play.answer("get-policy-response", on.iam.get_group_policy, GroupName=on.name, PolicyName=policy)


def encoded_role_policy(on: Stage) -> None:
    policy = f"{on.name}-policy"
    path = on.play.bound["path:1"] = f"/{on.name}/"
    document = trust({"Service": "lambda.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceArn": ENCODED}})
    on.role("create-role-response", document, Path=path)
    on.iam.put_role_policy(RoleName=on.name, PolicyName=policy, PolicyDocument=WITH_ENCODED)
    on.play.answer("get-policy-response", on.iam.get_role_policy, RoleName=on.name, PolicyName=policy)
    on.play.answer("get-role-response", on.iam.get_role, RoleName=on.name)
    on.play.answer("list-roles-response", on.iam.list_roles, PathPrefix=path)


def credential_lifecycle(on: Stage) -> None:
    whose = {"UserName": on.user("create-user-response")}
    named = {**whose, "ServiceSpecificCredentialId": on.credential(on.parameter)}
    of_service = {**whose, "ServiceName": on.parameter}
    for label, call, arguments in (
        ("list-service-specific-credentials-response-before-update", "list_service_specific_credentials", of_service),
        (
            "update-service-specific-credential-response",
            "update_service_specific_credential",
            {**named, "Status": "Inactive"},
        ),
        ("list-service-specific-credentials-response-after-update", "list_service_specific_credentials", of_service),
        ("reset-service-specific-credential-response", "reset_service_specific_credential", named),
        ("delete-service-specific-credentials-response", "delete_service_specific_credential", named),
    ):
        on.play.answer(label, getattr(on.iam, call), **arguments)


def policy_not_there(on: Stage) -> None:
    arn = f"arn:aws:iam::{on.member.account}:policy/non-existent-policy"
    on.play.answer("delete-non-existent-policy-exc", on.iam.delete_policy, PolicyArn=arn)


def credential_of_nobody(on: Stage) -> None:
    for label, service in (
        ("invalid-user-name-exception", "codecommit.amazonaws.com"),
        ("invalid-user-and-service-exception", "nonexistentservice.amazonaws.com"),
    ):
        create = on.iam.create_service_specific_credential
        on.play.answer(label, create, UserName="non-existent-user", ServiceName=service)


def credential_of_no_service(on: Stage) -> None:
    user = on.user("create-user-response")
    for label, service in (
        ("invalid-service-exception", "nonexistentservice.amazonaws.com"),
        ("invalid-service-completely-malformed-exception", "o3on3n3onosneo"),
        ("invalid-service-existing-but-unsupported-exception", "lambda.amazonaws.com"),
    ):
        on.play.answer(label, on.iam.create_service_specific_credential, UserName=user, ServiceName=service)


def credentials_of_other_services(on: Stage) -> None:
    user = on.user("create-user-response")
    listing = on.iam.list_service_specific_credentials
    label = "list-service-specific-credentials-invalid-service"
    on.play.answer(label, listing, UserName=user, ServiceName="nonexistentservice.amazonaws.com")
    on.credential()
    label = "list-service-specific-credentials-response-wrong-service"
    on.play.answer(label, listing, UserName=user, ServiceName="cassandra.amazonaws.com")


def deleting_a_user_with_credentials(on: Stage) -> None:
    user = on.user("create-user-response")
    on.credential()
    on.play.answer("delete-user-existing-credential", on.iam.delete_user, UserName=user)


def mismatch(on: Stage, suffix: str, user: str, credential: str) -> None:
    named = {"UserName": user, "ServiceSpecificCredentialId": credential}
    update = on.iam.update_service_specific_credential
    on.play.answer(f"update-wrong-{suffix}", update, **named, Status="Inactive")
    on.play.answer(f"reset-wrong-{suffix}", on.iam.reset_service_specific_credential, **named)
    on.play.answer(f"delete-wrong-{suffix}", on.iam.delete_service_specific_credential, **named)


def wrong_credential(on: Stage) -> None:
    user = on.user("create-user-response")
    on.credential()
    mismatch(on, "id", user, on.parameter)


def wrong_user(on: Stage) -> None:
    on.user("create-user-response")
    mismatch(on, "user-name", "wrong-user-name", on.credential())


def wrong_status(on: Stage) -> None:
    on.user("create-user-response")
    credential = on.credential()
    update = on.iam.update_service_specific_credential
    on.play.answer("update-invalid-status", update, ServiceSpecificCredentialId=credential, Status="Invalid")


def service_role(on: Stage, **suffix: str) -> None:
    name = on.iam.create_service_linked_role(AWSServiceName=on.parameter, **suffix)["Role"]["RoleName"]
    on.play.answer("describe-response", on.iam.get_role, RoleName=name)
    on.play.answer("inline-role-policies", on.iam.list_role_policies, RoleName=name)
    on.play.answer("attached-role-policies", on.iam.list_attached_role_policies, RoleName=name)
    on.iam.delete_service_linked_role(RoleName=name)


def suffixed_service_role(on: Stage) -> None:
    service_role(on, CustomSuffix=on.name[-12:])


def suffix_not_allowed(on: Stage) -> None:
    create = on.iam.create_service_linked_role
    on.play.answer("custom-suffix-not-allowed", create, AWSServiceName=on.parameter, CustomSuffix="some-suffix")


def service_role_twice(on: Stage) -> None:
    service = {"AWSServiceName": "batch.amazonaws.com"}
    name = on.iam.create_service_linked_role(**service)["Role"]["RoleName"]
    on.play.answer("role-already-exists-error", on.iam.create_service_linked_role, **service)
    on.iam.delete_service_linked_role(RoleName=name)


def service_role_deletion(on: Stage) -> None:
    name = on.iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]["RoleName"]
    delete = on.iam.delete_service_linked_role
    task = on.play.answer("service-linked-role-deletion-response", delete, RoleName=name)["DeletionTaskId"]
    status = on.iam.get_service_linked_role_deletion_status
    on.play.answer("service-linked-role-deletion-status-response", status, DeletionTaskId=task)


def simulation(on: Stage) -> None:
    document = {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    policy = on.iam.create_policy(
        PolicyName=on.name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": document})
    )["Policy"]["Arn"]
    kind = on.parameter.capitalize()
    more = {"AssumeRolePolicyDocument": LAMBDA} if kind == "Role" else {}
    made = getattr(on.iam, f"create_{on.parameter}")(**{f"{kind}Name": on.name}, **more)
    getattr(on.iam, f"attach_{on.parameter}_policy")(**{f"{kind}Name": on.name}, PolicyArn=policy)
    on.play.answer(
        "response",
        on.iam.simulate_principal_policy,
        PolicySourceArn=made[kind]["Arn"],
        ActionNames=["s3:PutObject", "s3:GetObjectVersion"],
        ResourceArns=["arn:aws:s3:::bucket"],
    )


def role_with_tags(on: Stage) -> None:
    path = "/role-with-tags/"
    on.role("create-role-response", EC2, Path=path, Tags=[{"Key": "test", "Value": "value"}])
    on.play.answer("get-role-response", on.iam.get_role, RoleName=on.name)
    on.play.answer("list-role-response", on.iam.list_roles, PathPrefix=path)


def federation_token(on: Stage) -> None:
    on.play.answer("get-federation-token", on.sts.get_federation_token, Name=on.name[-20:], DurationSeconds=900)


def assuming(on: Stage) -> None:
    role = on.role("create-role", trust({"AWS": on.member.account}))
    on.play.bound["role-session-name:1"] = "mateojackson"
    on.play.answer("assume-role", on.sts.assume_role, RoleArn=role, RoleSessionName="mateojackson")


def tagged_trust(on: Stage) -> str:
    return trust({"AWS": on.member.account}, ["sts:AssumeRole", "sts:TagSession"])


def session_tags(on: Stage) -> None:
    named = {"RoleArn": on.role("role-1", tagged_trust(on)), "RoleSessionName": "mateojackson"}
    tags = [{"Key": "SessionTag1", "Value": "SessionValue1"}]
    twice = [*tags, {"Key": "sessiontag1", "Value": "SessionValue2"}]
    label = "invalid-transitive-tag-keys"
    on.play.answer(label, on.sts.assume_role, **named, Tags=tags, TransitiveTagKeys=["InvalidKey"])
    on.play.answer("duplicate-tag-keys-different-casing", on.sts.assume_role, **named, Tags=twice)


def overridden_tags(on: Stage) -> None:
    first = on.role("role-1", tagged_trust(on))
    second = on.role("role-2", tagged_trust(on), suffix="-2")
    on.iam.put_role_policy(RoleName=on.name, PolicyName="assume", PolicyDocument=everything())
    tags = [{"Key": "SessionTag1", "Value": "SessionValue1"}]
    session = on.sts.assume_role(
        RoleArn=first, RoleSessionName="mateojackson", Tags=tags, TransitiveTagKeys=["SessionTag1"]
    )["Credentials"]
    chained = on.member.live.client(
        "sts", key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"]
    )
    for label, key in (
        ("override-transitive-tag-error", "SessionTag1"),
        ("override-transitive-tag-case-ignore-error", "sessiontag1"),
    ):
        other = [{"Key": key, "Value": "SessionValue2"}]
        on.play.answer(label, chained.assume_role, RoleArn=second, RoleSessionName="mateojackson", Tags=other)


def invalid_parameters(on: Stage) -> None:
    for label, arn in (
        ("malformed-arn", "nothing-valid-in-here"),
        ("no-partition", "arn::b:::something/test-role"),
        ("no-service", "arn:a::::something/test-role"),
        ("not-enough-colons", "arn:a:::something/test-role"),
        ("no-resource", "arn:a:a::aaaaaaaaaa:"),
    ):
        on.play.answer(label, on.sts.assume_role, RoleArn=arn, RoleSessionName="mateojackson")
    role = on.iam.create_role(RoleName=on.name, AssumeRolePolicyDocument=tagged_trust(on))["Role"]["Arn"]
    on.play.answer("invalid-session-name", on.sts.assume_role, RoleArn=role, RoleSessionName="Session1:2")


def everything() -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


PLAYS: Mapping[str, Callable[[Stage], None]] = {
    "test_update_assume_role_policy": update_assume_role_policy,
    "test_create_role_with_malformed_assume_role_policy_document": malformed_trust,
    "test_list_roles_with_permission_boundary": roles_with_boundary,
    "test_create_describe_role": create_describe_role,
    "test_role_attach_policy": attaching("Role"),
    "test_user_attach_policy": attaching("User"),
    "test_role_with_path_lifecycle": role_with_path,
    "test_put_user_policy_encoding": encoded_user_policy,
    "test_put_role_policy_encoding": encoded_role_policy,
    "test_put_group_policy_encoding": encoded_group_policy,
    "test_service_specific_credential_lifecycle": credential_lifecycle,
    "test_delete_non_existent_policy_returns_no_such_entity": policy_not_there,
    "test_create_service_specific_credential_invalid_user": credential_of_nobody,
    "test_create_service_specific_credential_invalid_service": credential_of_no_service,
    "test_list_service_specific_credential_different_service": credentials_of_other_services,
    "test_delete_user_after_service_credential_created": deleting_a_user_with_credentials,
    "test_user_match_id_mismatch": wrong_credential,
    "test_id_match_user_mismatch": wrong_user,
    "test_invalid_update_parameters": wrong_status,
    "test_service_role_lifecycle": service_role,
    "test_service_role_lifecycle_custom_suffix": suffixed_service_role,
    "test_service_role_lifecycle_custom_suffix_not_allowed": suffix_not_allowed,
    "test_service_role_already_exists": service_role_twice,
    "test_service_role_deletion": service_role_deletion,
    "test_simulate_principle_policy": simulation,
    "test_role_with_tags": role_with_tags,
    "test_get_federation_token": federation_token,
    "test_assume_role": assuming,
    "test_assume_role_tag_validation": session_tags,
    "test_iam_role_chaining_override_transitive_tags": overridden_tags,
    "test_sts_invalid_parameters": invalid_parameters,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A member of an organization, as the account was that the answers were recorded in, and an administrator's keys."""

    live: Live
    account: str
    key: str
    secret: str

    def client(self, service: str) -> Any:
        return self.live.client(service, key=self.key, secret=self.secret)


@pytest.fixture(scope="module")
def member() -> Iterator[Company]:
    with live_server() as live:
        manager = live.user("marymajor")
        live.client("iam").put_user_policy(UserName="marymajor", PolicyName="all", PolicyDocument=everything())
        organizations = manager.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        begun = organizations.create_account(Email="mateojackson@example.com", AccountName="member")
        request = begun["CreateAccountStatus"]["Id"]
        status = organizations.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]
        role = f"arn:aws:iam::{status['AccountId']}:role/OrganizationAccountAccessRole"
        session = manager.client("sts").assume_role(RoleArn=role, RoleSessionName="marymajor")["Credentials"]
        inside = live.client(
            "iam", key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"]
        )
        inside.create_user(UserName="mateojackson")
        inside.put_user_policy(UserName="mateojackson", PolicyName="all", PolicyDocument=everything())
        key = inside.create_access_key(UserName="mateojackson")["AccessKey"]
        yield Company(live=live, account=status["AccountId"], key=key["AccessKeyId"], secret=key["SecretAccessKey"])


USED_BY_ITS_SERVICE = frozenset({"kafka", "rds", "resource-explorer-2", "ssm", "sso"})
"""Roles that their service had already used when AWS was asked: no request brings that about."""


def rebuilt(name: str, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers, without the uses that a service made of its role by itself."""
    if "service_role_lifecycle[" in name and name.partition("[")[2].partition(".")[0] in USED_BY_ITS_SERVICE:
        used = answers["describe-response"]["Role"]["RoleLastUsed"]
        if set(used) == {"LastUsedDate", "Region"}:
            used.clear()
    return answers


def played(member: Company, service: str) -> Iterator[tuple[str, Play]]:
    iam, sts = member.client("iam"), member.client("sts")
    for number, (name, answers) in enumerate(recorded(service).items()):
        title, _, parameter = name.rpartition("::")[2].partition("[")
        play = Play(account=member.account, answers=rebuilt(name, answers))
        stage = Stage(
            play=play, member=member, iam=iam, sts=sts, name=f"{service}-played-{number:03}", parameter=parameter[:-1]
        )
        PLAYS[title](stage)
        yield name, play


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_answers_are_those_of_aws(member: Company, service: str) -> None:
    plays = list(played(member, service))
    answers, held = sum(len(play.seen) for _, play in plays), sum(play.held for _, play in plays)
    whole = sum(not play.failures for _, play in plays)
    print(f"\n{service}: {whole} of {len(plays)} recorded tests, {held} of {answers} recorded answers hold")
    assert [f"{name}: {label} was not asked for" for name, play in plays for label in play.unplayed] == []
    faults = [f"{name}: {fault}" for name, play in plays for fault in play.failures]
    assert not faults, "\n".join(faults)
