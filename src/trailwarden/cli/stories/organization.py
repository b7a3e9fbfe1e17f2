"""Story 5: the delegated administrator was added through Organizations, so the service-linked role is missing."""

import json
import time

from trailwarden.cli.stories.stage import DemoFailed, Person, Stage

__all__ = ["in_organization", "new_member", "organization"]

_TRAIL, _BUCKET = "Organization-Trail", "amzn-s3-demo-organization-bucket"
_PATIENCE = 20.0


def in_organization(stage: Stage) -> str:
    """The id of the first account's organization, made where there is none."""
    organizations = stage.admin.client("organizations")
    try:
        found: str = organizations.describe_organization()["Organization"]["Id"]
    except organizations.exceptions.AWSOrganizationsNotInUseException:
        found = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    return found


def new_member(stage: Stage, name: str) -> Person:
    """A new account of the organization, and its administrator by the role that every new account has."""
    organizations = stage.admin.client("organizations")
    asked = organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
    end = time.monotonic() + _PATIENCE
    while asked["State"] == "IN_PROGRESS" and time.monotonic() < end:
        time.sleep(0.2)
        asked = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    if asked["State"] != "SUCCEEDED":
        raise DemoFailed(f"the account {name} was not made: {asked}")
    role = f"arn:aws:iam::{asked['AccountId']}:role/OrganizationAccountAccessRole"
    founder = stage.person(f"{name}-founder")
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    stage.admin.client("iam").put_user_policy(
        UserName=f"{name}-founder",
        PolicyName="Found",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    return stage.assumed(name, founder, role)


def organization(stage: Stage) -> None:
    """The exact exception, the three ways out, the first of them taken, the retry."""
    identifier = in_organization(stage)
    security = new_member(stage, "security")
    member = security.client("sts").get_caller_identity()["Account"]
    organizations = stage.admin.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="cloudtrail.amazonaws.com")
    _bucket(stage, identifier)
    stage.say(f"Account {member}, a delegated administrator, creates an organization trail.")
    stage.typed(security, f"aws cloudtrail create-trail --name {_TRAIL} --is-organization-trail …")
    refused = stage.refused(lambda: _create(security), code="NoManagementAccountSLRExistsException", text="")
    found = stage.explained(refused)
    if len(found.mends) != len(("the role", "through CloudTrail", "from the management account")):
        raise DemoFailed("not all three ways out are offered")
    stage.say("The first way out, in the management account.")
    stage.mended(found.mends[0])
    stage.say("The delegated administrator tries again.")
    stage.shown(json.dumps({"TrailARN": _create(security)}))


def _create(who: Person) -> str:
    arn: str = who.client("cloudtrail").create_trail(
        Name=_TRAIL, S3BucketName=_BUCKET, IsOrganizationTrail=True, IsMultiRegionTrail=True
    )["TrailARN"]
    return arn


def _bucket(stage: Stage, identifier: str) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    common = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    paths = [f"arn:aws:s3:::{_BUCKET}/AWSLogs/{owner}/*" for owner in (stage.account, identifier)]
    statements = [
        {**common, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{_BUCKET}"},
        {**common, "Action": "s3:PutObject", "Resource": paths},
    ]
    s3 = stage.admin.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
