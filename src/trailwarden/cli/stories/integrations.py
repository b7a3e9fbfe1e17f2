"""Story 2: AWSCloudTrail_FullAccess does not reach Config and CloudWatch Logs; all that is missing is named at once."""

import json

from trailwarden.cli.stories.stage import DemoFailed, Person, Stage

__all__ = ["integrations"]

_FULL_ACCESS = "arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess"


def integrations(stage: Stage) -> None:
    """Two denials, one for each integration; each mend grants the whole task, and the whole task then works."""
    mateo = stage.person("mateojackson")
    stage.admin.client("iam").attach_user_policy(UserName="mateojackson", PolicyArn=_FULL_ACCESS)
    stage.say("mateojackson has AWSCloudTrail_FullAccess, and sets up AWS Config.")
    stage.typed(mateo, "aws configservice put-configuration-recorder --configuration-recorder name=default,roleARN=…")
    refused = stage.refused(
        lambda: _recorder(mateo, stage.account),
        code="AccessDeniedException",
        text="is not authorized to perform: config:PutConfigurationRecorder",
    )
    _whole_task(stage, refused)
    _config_works(stage, mateo)
    stage.say("He sends a trail's events to CloudWatch Logs.")
    stage.typed(mateo, "aws logs create-log-group --log-group-name CloudTrail/DefaultLogGroup")
    refused = stage.refused(
        lambda: mateo.client("logs").create_log_group(logGroupName="CloudTrail/DefaultLogGroup"),
        code="AccessDeniedException",
        text="is not authorized to perform: logs:CreateLogGroup",
    )
    _whole_task(stage, refused)
    mateo.client("logs").create_log_group(logGroupName="CloudTrail/DefaultLogGroup")
    _role(mateo, "CloudTrail_CloudWatchLogs_Role", "cloudtrail.amazonaws.com")
    stage.shown("the log group and the role for it are made", "green")


def _whole_task(stage: Stage, refused: str) -> None:
    found = stage.explained(refused, brief=True)
    mend = found.mends[0]
    if not mend.proved or "permissions that are missing" not in mend.title:
        raise DemoFailed("the whole task was not seen")
    stage.say("One mend for the whole task.")
    stage.mended(mend)


def _recorder(who: Person, account: str) -> None:
    who.client("config").put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{account}:role/config-role"}
    )


def _config_works(stage: Stage, mateo: Person) -> None:
    """Everything the task consists of, by mateojackson himself."""
    stage.say("Now the whole task works.")
    bucket = f"config-bucket-{stage.account}"
    s3, config = mateo.client("s3"), mateo.client("config")
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    _role(mateo, "config-role", "config.amazonaws.com")
    _recorder(mateo, stage.account)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    stage.shown("the recorder records", "green")


def _role(who: Person, name: str, service: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    who.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
