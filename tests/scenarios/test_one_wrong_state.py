"""CreateTrail and UpdateTrail of an organization trail in six wrong states: AWS's refusal, nothing half-made, the one thing named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User, live_server

from trailwarden.diagnose import Diagnosis, LiveData, diagnose, read_event

CLOUDTRAIL = "cloudtrail.amazonaws.com"
OWN, WANTED = "Account-Trail", "Company-Trail"
DEPENDENCY = "AWS CloudTrail cannot create resources for your organization because access to one or more required APIs has been denied."
NOT_ENABLED = (
    "The request could not be processed because your organization hasn\u2019t enabled CloudTrail service access. "
    "Enable service access for CloudTrail, and then try again. You are signed in with the following AWS account ID: "
)
NOT_MANAGING = (
    "You cannot configure or manage trails for an organization because this action requires being signed in with the "
    "management account."
)


@dataclass
class Scene:
    """An account on the way into its organization, and who is refused in it."""

    live: Live
    manager: User
    account: str
    client: Callable[[str], Any]
    buckets: list[str] = field(default_factory=list)

    def bucket(self, name: str) -> str:
        """A bucket that lets CloudTrail in, whatever the trail."""
        common = {"Effect": "Allow", "Principal": {"Service": CLOUDTRAIL}}
        where = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        allowed = {**common, "Action": ["s3:GetBucketAcl", "s3:PutObject"], "Resource": where}
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
        return name


@pytest.fixture
def scene() -> Iterator[Scene]:
    with live_server() as live:
        manager = person(live, "mateojackson", "*")
        yield Scene(live=live, manager=manager, account=live.account, client=manager.client)


def person(live: Live, name: str, *actions: str) -> User:
    made = live.user(name)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    live.client("iam").put_user_policy(UserName=name, PolicyName="Given", PolicyDocument=document)
    return made


def in_no_organization(scene: Scene) -> None:
    """As it is at first."""


def organized(scene: Scene, features: str = "ALL") -> Any:
    organizations = scene.manager.client("organizations")
    organizations.create_organization(FeatureSet=features)
    return organizations


def billing_alone(scene: Scene) -> None:
    organized(scene, "CONSOLIDATED_BILLING")


def access_off(scene: Scene) -> None:
    organized(scene)


def without_reads(scene: Scene) -> None:
    organized(scene).enable_aws_service_access(ServicePrincipal=CLOUDTRAIL)
    scene.client = person(scene.live, "marymajor", "cloudtrail:*", "s3:*").client


def as_member(scene: Scene) -> None:
    organizations = organized(scene)
    organizations.enable_aws_service_access(ServicePrincipal=CLOUDTRAIL)
    begun = organizations.create_account(Email="member@example.com", AccountName="member")["CreateAccountStatus"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=begun["Id"])["CreateAccountStatus"]
    scene.account = status["AccountId"]
    role = f"arn:aws:iam::{scene.account}:role/OrganizationAccountAccessRole"
    given = scene.manager.client("sts").assume_role(RoleArn=role, RoleSessionName="member")["Credentials"]
    scene.client = lambda service: scene.live.client(
        service, key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["SessionToken"]
    )


def as_delegate(scene: Scene) -> None:
    as_member(scene)
    scene.manager.client("organizations").register_delegated_administrator(
        AccountId=scene.account, ServicePrincipal=CLOUDTRAIL
    )


STATES: tuple[tuple[Callable[[Scene], None], str, str, str], ...] = (
    (in_no_organization, "OrganizationsNotInUseException", "", "belongs to no organization"),
    (as_member, "NotOrganizationMasterAccountException", NOT_MANAGING, "only the organization's management account"),
    (billing_alone, "OrganizationNotInAllFeaturesModeException", "", "consolidated billing alone"),
    (access_off, "CloudTrailAccessNotEnabledException", NOT_ENABLED, "trusted access for CloudTrail is off"),
    (without_reads, "InsufficientDependencyServiceAccessPermissionException", DEPENDENCY, "organizations:"),
    (as_delegate, "NoManagementAccountSLRExistsException", "", "no service-linked role AWSServiceRoleForCloudTrail"),
)


def diagnosed(scene: Scene, error: ClientError, operation: str) -> Diagnosis:
    attribute: Any = [{"AttributeKey": "EventName", "AttributeValue": operation}]
    events = administrator(scene)("cloudtrail").lookup_events(LookupAttributes=attribute)["Events"]
    records = [json.loads(each["CloudTrailEvent"]) for each in events]
    wanted = error.response["ResponseMetadata"]["RequestId"]
    record = next(each for each in records if each["requestID"] == wanted)
    return diagnose(read_event(record), LiveData(clients=Clients(administrator(scene))))


def administrator(scene: Scene) -> Callable[[str], Any]:
    """Whoever may read the account that the call was made in."""
    return scene.manager.client if scene.account == scene.live.account else scene.client


@dataclass(frozen=True)
class Clients:
    made: Callable[[str], Any]

    def client(self, service_name: str) -> Any:
        return self.made(service_name)


def check(scene: Scene, error: ClientError, operation: str, state: tuple[Any, str, str, str]) -> None:
    _, code, text, cause = state
    assert error.response["Error"]["Code"] == code
    assert error.response["Error"]["Message"].startswith(text)
    assert error.response["Error"]["Message"]
    found = diagnosed(scene, error, operation)
    assert cause in " ".join((found.cause, *found.reasons)), found.cause
    assert found.mends
    assert "AWSServiceRoleForCloudTrail" not in [
        each["RoleName"] for each in scene.manager.client("iam").list_roles()["Roles"]
    ]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state[0].__name__)
def test_create(scene: Scene, state: tuple[Callable[[Scene], None], str, str, str]) -> None:
    state[0](scene)
    trails, bucket = scene.client("cloudtrail"), scene.bucket("amzn-s3-demo-state")
    with pytest.raises(ClientError) as refused:
        trails.create_trail(Name=WANTED, S3BucketName=bucket, IsOrganizationTrail=True, IsMultiRegionTrail=True)
    check(scene, refused.value, "CreateTrail", state)
    assert administrator(scene)("cloudtrail").list_trails()["Trails"] == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state[0].__name__)
def test_update(scene: Scene, state: tuple[Callable[[Scene], None], str, str, str]) -> None:
    state[0](scene)
    trails, bucket = scene.client("cloudtrail"), scene.bucket("amzn-s3-demo-state")
    trails.create_trail(Name=OWN, S3BucketName=bucket)
    before = trails.get_trail(Name=OWN)["Trail"]
    with pytest.raises(ClientError) as refused:
        trails.update_trail(Name=OWN, IsOrganizationTrail=True)
    check(scene, refused.value, "UpdateTrail", state)
    assert trails.get_trail(Name=OWN)["Trail"] == before
