"""Story 4: people outside the account get at CloudTrail data by a role, and by the bucket policy of shared log files."""

import json

from trailwarden.cli.stories.organization import in_organization, new_member
from trailwarden.cli.stories.stage import DemoFailed, Person, Stage

__all__ = ["outside"]

_LOGS = "amzn-s3-demo-logging-bucket"
_ROLE = "Audit_Role"


def outside(stage: Stage) -> None:
    """Both sides of a cross-account role, then a bucket policy: each denial says which side is missing."""
    in_organization(stage)
    auditor = new_member(stage, "audit")
    theirs = auditor.client("sts").get_caller_identity()["Account"]
    _role(stage, auditor, theirs)
    _bucket(stage, auditor, theirs)


def _role(stage: Stage, auditor: Person, theirs: str) -> None:
    iam = stage.admin.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    read = {"Effect": "Allow", "Action": ["cloudtrail:LookupEvents", "s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    iam.create_role(
        RoleName=_ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    iam.put_role_policy(
        RoleName=_ROLE,
        PolicyName="Read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [read]}),
    )
    role = f"arn:aws:iam::{stage.account}:role/{_ROLE}"
    stage.say(f"An auditor of account {theirs} assumes a role of account {stage.account}.")
    stage.typed(auditor, f"aws sts assume-role --role-arn {role} --role-session-name audit")
    refused = stage.refused(
        lambda: auditor.client("sts").assume_role(RoleArn=role, RoleSessionName="audit"),
        code="AccessDenied",
        text="is not authorized to perform: sts:AssumeRole on resource: " + role,
    )
    found = stage.explained(refused, brief=True)
    mend = next((mend for mend in found.mends if mend.proved), None)
    if mend is None or stage.account not in mend.approver:
        raise DemoFailed("the mend does not say whose administrator must act")
    stage.mended(mend)
    stage.say("The auditor tries again, and looks events up.")
    session = stage.assumed("auditor", auditor, role)
    events = session.client("cloudtrail").lookup_events(MaxResults=1)["Events"]
    stage.shown(json.dumps({"EventName": events[0]["EventName"], "Username": events[0].get("Username", "")}))


def _bucket(stage: Stage, auditor: Person, theirs: str) -> None:
    key = stage.admin.client("s3").list_objects_v2(Bucket=_LOGS, Prefix="AWSLogs/")["Contents"][0]["Key"]
    stage.say("The auditor reads a log file of the shared bucket directly.")
    stage.typed(auditor, f"aws s3api get-object --bucket {_LOGS} --key {key[:44]}… log.json.gz")
    refused = stage.refused(
        lambda: auditor.client("s3").get_object(Bucket=_LOGS, Key=key),
        code="AccessDenied",
        text="is not authorized to perform: s3:GetObject",
    )
    found = stage.explained(refused, brief=True)
    mend = next((mend for mend in found.mends if mend.proved), None)
    if mend is None or "the policy of" not in mend.title:
        raise DemoFailed(f"the bucket's side was not offered to account {theirs}")
    stage.mended(mend)
    stage.say("The auditor tries again.")
    size = auditor.client("s3").get_object(Bucket=_LOGS, Key=key)["ContentLength"]
    stage.shown(json.dumps({"ContentLength": size}))
