"""Story 3: marymajor creates a trail with a CloudWatch Logs role, and lacks iam:PassRole."""

import json
from typing import Any

from trailwarden.cli.stories.stage import DemoFailed, Stage, bucket_policy

__all__ = ["pass_role"]

_TRAIL, _BUCKET = "Passing-Trail", "amzn-s3-demo-passing-bucket"
_GROUP, _ROLE = "Passing-Trail-Group", "Trail_Delivery_Role"


def pass_role(stage: Stage) -> None:
    """The denial, the mend with iam:PassedToService, the retry: the trail delivers into the log group."""
    settings = _prepared(stage)
    mary = stage.person("marymajor")
    allowed = {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}
    stage.admin.client("iam").put_user_policy(
        UserName="marymajor",
        PolicyName="Trails",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    role = settings["CloudWatchLogsRoleArn"]
    stage.say("marymajor creates a trail that also delivers to CloudWatch Logs.")
    stage.typed(mary, f"aws cloudtrail create-trail --name {_TRAIL} --cloud-watch-logs-role-arn {role} …")
    refused = stage.refused(
        lambda: mary.client("cloudtrail").create_trail(**settings),
        code="AccessDeniedException",
        text=f"User: arn:aws:iam::{stage.account}:user/marymajor is not authorized to perform: iam:PassRole "
        f"on resource: {role}",
    )
    found = stage.explained(refused, brief=True)
    statement = found.mends[0].edits[0]
    if "iam:PassedToService" not in json.dumps(getattr(statement, "statement", {})):
        raise DemoFailed("the mend passes the role to any service")
    stage.mended(found.mends[0])
    stage.say("marymajor tries again.")
    answer = mary.client("cloudtrail").create_trail(**settings)
    stage.shown(json.dumps({name: answer[name] for name in ("TrailARN", "CloudWatchLogsRoleArn")}, indent=2))


def _prepared(stage: Stage) -> dict[str, Any]:
    """The bucket, the log group and the role, by the administrator."""
    region = stage.admin.connection.region
    trail = f"arn:aws:cloudtrail:{region}:{stage.account}:trail/{_TRAIL}"
    group = f"arn:aws:logs:{region}:{stage.account}:log-group:{_GROUP}"
    s3, iam = stage.admin.client("s3"), stage.admin.client("iam")
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_bucket_policy(Bucket=_BUCKET, Policy=json.dumps(bucket_policy(_BUCKET, stage.account, trail)))
    stage.admin.client("logs").create_log_group(logGroupName=_GROUP)
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    write = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{group}:log-stream:{stage.account}_CloudTrail_{region}*",
    }
    role = iam.create_role(
        RoleName=_ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=_ROLE,
        PolicyName="Write",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [write]}),
    )
    return {
        "Name": _TRAIL,
        "S3BucketName": _BUCKET,
        "CloudWatchLogsLogGroupArn": f"{group}:*",
        "CloudWatchLogsRoleArn": role,
    }
