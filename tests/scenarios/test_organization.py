"""Story 5: a delegated administrator that was registered through Organizations alone, and the three ways out."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User, live_server
from tests.validating import validate_logs

CLOUDTRAIL = "cloudtrail.amazonaws.com"
BUCKET = "amzn-s3-demo-organization"
NO_ROLE = "This exception is thrown when the management account does not have a service-linked role."
GUARD = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """An organization on a live server: its management account, one member, and how to be somebody in either."""

    live: Live
    manager: User
    organization: str
    member: str

    def managing(self, service: str) -> Any:
        return self.manager.client(service)

    def inside(self, service: str) -> Any:
        """A client of an administrator of the member."""
        role = f"arn:aws:iam::{self.member}:role/OrganizationAccountAccessRole"
        given = self.managing("sts").assume_role(RoleArn=role, RoleSessionName="marymajor")["Credentials"]
        return self.live.client(
            service, key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"]
        )

    def bucket(self, trail: str) -> None:
        """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
        common = {"Effect": "Allow", "Principal": {"Service": CLOUDTRAIL}}
        sourced = {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{self.live.account}:trail/{trail}"}
        check = {
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{BUCKET}",
            "Condition": {"StringEquals": sourced},
        }
        write = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **sourced}}
        below = [f"arn:aws:s3:::{BUCKET}/AWSLogs/{each}/*" for each in (self.live.account, self.organization)]
        puts = [{**common, "Action": "s3:PutObject", "Resource": each, "Condition": write} for each in below]
        policy = {"Version": "2012-10-17", "Statement": [{**common, **check}, *puts]}
        self.managing("s3").create_bucket(Bucket=BUCKET)
        self.managing("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def user(live: Live, name: str, *statements: dict[str, Any]) -> User:
    made = live.user(name)
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    live.client("iam").put_user_policy(UserName=name, PolicyName="given", PolicyDocument=text)
    return made


@pytest.fixture
def company() -> Iterator[Company]:
    with live_server("--delivery-interval", "0.5", "--digest-interval", "2") as live:
        manager = user(live, "mateojackson", {"Effect": "Allow", "Action": "*", "Resource": "*"})
        organizations = manager.client("organizations")
        organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        begun = organizations.create_account(Email="marymajor@example.com", AccountName="member")
        status = organizations.describe_create_account_status(
            CreateAccountRequestId=begun["CreateAccountStatus"]["Id"]
        )["CreateAccountStatus"]
        assert status["State"] == "SUCCEEDED"
        yield Company(live=live, manager=manager, organization=organization, member=status["AccountId"])


@pytest.fixture
def delegated(company: Company) -> Company:
    """The member administers CloudTrail, registered through Organizations alone."""
    organizations = company.managing("organizations")
    organizations.enable_aws_service_access(ServicePrincipal=CLOUDTRAIL)
    organizations.register_delegated_administrator(AccountId=company.member, ServicePrincipal=CLOUDTRAIL)
    company.bucket("Company-Trail")
    return company


def wanted(client: Any) -> Any:
    return client.create_trail(
        Name="Company-Trail", S3BucketName=BUCKET, IsOrganizationTrail=True, EnableLogFileValidation=True
    )


def test_registered_through_organizations_alone_the_role_is_missed_until_it_is_made(delegated: Company) -> None:
    inside = delegated.inside("cloudtrail")
    assert refused(lambda: wanted(inside)) == ("NoManagementAccountSLRExistsException", NO_ROLE)
    delegated.managing("iam").create_service_linked_role(AWSServiceName=CLOUDTRAIL)
    arn = wanted(inside)["TrailARN"]
    assert arn == f"arn:aws:cloudtrail:us-east-1:{delegated.live.account}:trail/Company-Trail"
    own = f"arn:aws:cloudtrail:us-east-1:{delegated.member}:trail/Company-Trail"
    assert refused(inside.get_trail_status, Name="Company-Trail") == (
        "TrailNotFoundException",
        f"Unknown trail: {own} for the user: {delegated.member}",
    )
    inside.start_logging(Name=arn)
    assert inside.get_trail_status(Name=arn)["IsLogging"] is True
    assert (
        refused(inside.update_trail, Name=arn, IsOrganizationTrail=False)[0] == "NotOrganizationMasterAccountException"
    )


def test_registering_through_cloudtrail_makes_the_roles(delegated: Company) -> None:
    trails, member = delegated.managing("cloudtrail"), delegated.member
    assert (
        refused(trails.register_organization_delegated_admin, MemberAccountId=member)[0] == "AccountRegisteredException"
    )
    delegated.managing("organizations").deregister_delegated_administrator(
        AccountId=member, ServicePrincipal=CLOUDTRAIL
    )
    half = user(
        delegated.live,
        "half",
        {"Effect": "Allow", "Action": ["cloudtrail:*", "organizations:*", "iam:GetRole"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:AWSServiceName": CLOUDTRAIL}},
        },
    ).client("cloudtrail")
    code, text = refused(half.register_organization_delegated_admin, MemberAccountId=member)
    assert code == "InsufficientIAMAccessPermissionException"
    assert "lacks permissions to create a service-linked role in AWS CloudTrail" in text
    trails.register_organization_delegated_admin(MemberAccountId=member)
    roles = {role["RoleName"] for role in delegated.managing("iam").list_roles()["Roles"]}
    assert {"AWSServiceRoleForCloudTrail", "AWSServiceRoleForCloudTrailEventContext"} <= roles
    assert wanted(delegated.inside("cloudtrail"))["IsOrganizationTrail"] is True
    trails.deregister_organization_delegated_admin(DelegatedAdminAccountId=member)
    assert (
        refused(trails.deregister_organization_delegated_admin, DelegatedAdminAccountId=member)[0]
        == "AccountNotRegisteredException"
    )


def test_the_management_account_itself_makes_the_role_and_the_events_of_members_arrive(delegated: Company) -> None:
    trails = delegated.managing("cloudtrail")
    arn = wanted(trails)["TrailARN"]
    trails.start_logging(Name="Company-Trail")
    delegated.inside("iam").create_user(UserName="marymajor")
    prefix = f"AWSLogs/{delegated.organization}/{delegated.member}/CloudTrail/us-east-1/"
    names = {record["eventName"] for record in delivered(delegated, prefix, "CreateUser")}
    assert "CreateUser" in names
    valid(delegated, arn)
    assert wanted_by_a_member(delegated, arn) == "Company-Trail"


def valid(company: Company, arn: str) -> None:
    """The stock client finds the member's chain of digests, once there is one, and it holds."""
    end = time.monotonic() + 30
    code, output = 1, ""
    while "log files valid" not in output and time.monotonic() < end:
        time.sleep(1)
        code, output = validate_logs(company.live.server.data, arn, account=company.member)
        assert "INVALID" not in output
    assert code == 0, output
    assert "log files valid" in output


def wanted_by_a_member(company: Company, arn: str) -> str:
    """A member that administers nothing sees the trail by its ARN, and can change nothing in it."""
    company.managing("organizations").deregister_delegated_administrator(
        AccountId=company.member, ServicePrincipal=CLOUDTRAIL
    )
    inside = company.inside("cloudtrail")
    denied = "Access Denied: You do not have permission to operate on this resource"
    assert refused(inside.delete_trail, Name=arn) == ("AccessDeniedException", denied)
    assert refused(inside.stop_logging, Name=arn) == (
        "NotOrganizationMasterAccountException",
        "Cannot stop trail, not master trail.",
    )
    assert refused(inside.get_event_selectors, TrailName=arn) == (
        "CloudTrailARNInvalidException",
        f"AccountID in ARN is wrong, you can only access resources with AccountID {company.member}",
    )
    assert refused(lambda: wanted(inside))[0] == "NotOrganizationMasterAccountException"
    return str(inside.describe_trails(trailNameList=[arn])["trailList"][0]["Name"])


def delivered(company: Company, prefix: str, name: str) -> list[dict[str, Any]]:
    """The records below a prefix, as soon as an event of that name is among them."""
    s3 = company.managing("s3")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]
        bodies = [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys]
        records = [record for body in bodies for record in json.loads(gzip.decompress(body))["Records"]]
        if any(record["eventName"] == name for record in records):
            assert {record["recipientAccountId"] for record in records} == {company.member}
            return records
        time.sleep(0.3)
    raise AssertionError(f"no {name} below {prefix}")


def test_what_must_stand_first_is_told_in_order(company: Company) -> None:
    company.bucket("Company-Trail")
    trails = company.managing("cloudtrail")
    assert refused(lambda: wanted(trails)) == (
        "CloudTrailAccessNotEnabledException",
        (
            "The request could not be processed because your organization hasn\u2019t enabled CloudTrail service access. "
            "Enable service access for CloudTrail, and then try again. "
            f"You are signed in with the following AWS account ID: {company.live.account}"
        ),
    )
    company.managing("organizations").enable_aws_service_access(ServicePrincipal=CLOUDTRAIL)
    full = company.live.user("full")
    policy = "arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess"
    company.managing("iam").attach_user_policy(UserName="full", PolicyArn=policy)
    assert refused(lambda: wanted(full.client("cloudtrail"))) == (
        "InsufficientDependencyServiceAccessPermissionException",
        (
            "AWS CloudTrail cannot create resources for your organization because access to one or more required APIs "
            "has been denied."
        ),
    )
    assert refused(lambda: wanted(company.inside("cloudtrail")))[0] == "NotOrganizationMasterAccountException"
    names = {role["RoleName"] for role in company.managing("iam").list_roles()["Roles"]}
    assert "AWSServiceRoleForCloudTrail" not in names


def test_a_member_is_denied_by_the_policy_above_it(company: Company) -> None:
    organizations = company.managing("organizations")
    top = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=top, PolicyType="SERVICE_CONTROL_POLICY")
    unit = organizations.create_organizational_unit(ParentId=top, Name="workloads")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=company.member, SourceParentId=top, DestinationParentId=unit)
    guard = organizations.create_policy(
        Name="no-buckets", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(GUARD)
    )["Policy"]["PolicySummary"]
    organizations.attach_policy(PolicyId=guard["Id"], TargetId=unit)
    code, text = refused(company.inside("s3").create_bucket, Bucket="amzn-s3-demo-member")
    assert code == "AccessDenied"
    assert text.replace('"', "") == (
        f"User: arn:aws:sts::{company.member}:assumed-role/OrganizationAccountAccessRole/marymajor "
        "is not authorized to perform: s3:CreateBucket on resource: arn:aws:s3:::amzn-s3-demo-member "
        f"with an explicit deny in a service control policy: {guard['Arn']}"
    )
    company.managing("s3").create_bucket(Bucket="amzn-s3-demo-manager")
    organizations.detach_policy(PolicyId=guard["Id"], TargetId=unit)
    company.inside("s3").create_bucket(Bucket="amzn-s3-demo-member")
    assert refused(company.inside("organizations").list_accounts) == (
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    )


def test_the_resource_policy_lets_a_member_manage_policies(company: Company) -> None:
    organizations, inside = company.managing("organizations"), company.inside("organizations")
    given = {"Name": "no-buckets", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": json.dumps(GUARD)}
    refusal = ("AccessDeniedException", "You don't have permissions to access this resource.")
    assert refused(inside.create_policy, **given) == refusal
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{company.member}:root"},
        "Action": ["organizations:CreatePolicy", "organizations:DescribePolicy"],
        "Resource": "*",
    }
    content = {"Version": "2012-10-17", "Statement": [statement]}
    organizations.put_resource_policy(Content=json.dumps(content))
    policy = inside.create_policy(**given)["Policy"]["PolicySummary"]
    assert inside.describe_policy(PolicyId=policy["Id"])["Policy"]["PolicySummary"]["Name"] == "no-buckets"
    assert refused(inside.delete_policy, PolicyId=policy["Id"]) == refusal
    organizations.delete_resource_policy()
    assert refused(inside.describe_policy, PolicyId=policy["Id"]) == refusal
    assert refused(inside.put_resource_policy, Content=json.dumps(content)) == refusal
