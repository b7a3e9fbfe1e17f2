"""Stories 2 and 3: trails with CloudWatch Logs, SNS and AWS Config, and what is refused on the way."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User
from tests.trails import bucket_policy

BUCKET = "amzn-s3-demo-integrations"
GROUP = "CloudTrail/Integrations"
ROLE = "CloudTrail_CloudWatchLogs_Role"
TOPIC = "aws-cloudtrail-logs-integrations"


def trust(service: str = "cloudtrail.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def writing(live: Live, group: str = GROUP) -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html."""
    stream = f"arn:aws:logs:us-east-1:{live.account}:log-group:{group}:log-stream:{live.account}_CloudTrail_us-east-1*"
    return allowing("logs:CreateLogStream", "logs:PutLogEvents", resource=stream)


def publishing(live: Live, *, service: str = "cloudtrail.amazonaws.com", source: str = "") -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html."""
    statement: dict[str, Any] = {
        "Sid": "AWSCloudTrailSNSPolicy20131101",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "SNS:Publish",
        "Resource": topic_arn(live),
    }
    if source:
        statement["Condition"] = {"StringEquals": {"aws:SourceArn": source}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def group_arn(live: Live, group: str = GROUP) -> str:
    return f"arn:aws:logs:us-east-1:{live.account}:log-group:{group}:*"


def role_arn(live: Live, role: str = ROLE) -> str:
    return f"arn:aws:iam::{live.account}:role/{role}"


def topic_arn(live: Live) -> str:
    return f"arn:aws:sns:us-east-1:{live.account}:{TOPIC}"


@pytest.fixture(scope="module")
def settled(live: Live) -> Live:
    """A bucket, a log group, a role and a topic, as the documentation sets them up."""
    live.client("s3").create_bucket(Bucket=BUCKET)
    live.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, live.account)))
    live.client("logs").create_log_group(logGroupName=GROUP)
    iam = live.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName=ROLE, PolicyName="write", PolicyDocument=writing(live))
    live.client("sns").create_topic(Name=TOPIC)
    live.client("sns").set_topic_attributes(
        TopicArn=topic_arn(live), AttributeName="Policy", AttributeValue=publishing(live)
    )
    return live


@pytest.fixture(scope="module")
def mary(settled: Live) -> User:
    """She may everything in CloudTrail, and nothing else."""
    user = settled.user("marymajor")
    settled.client("iam").put_user_policy(
        UserName="marymajor", PolicyName="trails", PolicyDocument=allowing("cloudtrail:*")
    )
    return user


@pytest.fixture
def trailing(settled: Live, mary: User) -> Iterator[User]:
    """She with a trail that writes into the log group."""
    trails = settled.client("cloudtrail")
    trails.create_trail(Name="Mary-Trail", S3BucketName=BUCKET, **with_logs(settled))
    trails.start_logging(Name="Mary-Trail")
    yield mary
    trails.delete_trail(Name="Mary-Trail")


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as told:
        call(**params)
    error = told.value.response["Error"]
    return error["Code"], error["Message"]


def eventually(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 15
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def with_logs(live: Live) -> dict[str, str]:
    return {"CloudWatchLogsLogGroupArn": group_arn(live), "CloudWatchLogsRoleArn": role_arn(live)}


def test_mary_needs_to_pass_the_role(settled: Live, mary: User) -> None:
    trails = mary.client("cloudtrail")
    asked = {"Name": "Passing-Trail", "S3BucketName": BUCKET, **with_logs(settled)}
    code, text = refusal(trails.create_trail, **asked)
    assert code == "AccessDeniedException"
    assert text == (
        f"User: arn:aws:iam::{settled.account}:user/marymajor is not authorized to perform: iam:PassRole "
        f"on resource: {role_arn(settled)} because no identity-based policy allows the iam:PassRole action"
    )
    assert refusal(trails.get_trail, Name="Passing-Trail")[0] == "TrailNotFoundException"
    condition = {"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}}
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role_arn(settled), "Condition": condition}
    settled.client("iam").put_user_policy(
        UserName="marymajor",
        PolicyName="pass",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    assert trails.create_trail(**asked)["CloudWatchLogsRoleArn"] == role_arn(settled)
    settled.client("cloudtrail").delete_trail(Name="Passing-Trail")
    settled.client("iam").delete_user_policy(UserName="marymajor", PolicyName="pass")


def test_events_arrive_in_the_log_group(settled: Live, trailing: User) -> None:
    with pytest.raises(ClientError):
        trailing.client("iam").list_users()
    logs = settled.client("logs")

    def found() -> Any:
        pattern = (
            '{ $.errorCode = "AccessDenied" && $.eventName = "ListUsers" && $.userIdentity.userName = "marymajor" }'
        )
        return logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)["events"]

    event = eventually(found)[-1]
    assert event["logStreamName"] == f"{settled.account}_CloudTrail_us-east-1"
    record = json.loads(event["message"])
    assert record["sourceIPAddress"] == "127.0.0.1"
    status = trailing.client("cloudtrail").get_trail_status(Name="Mary-Trail")
    assert status["LatestCloudWatchLogsDeliveryTime"]
    assert "LatestCloudWatchLogsDeliveryError" not in status


def test_a_role_that_loses_its_rights_is_told_and_catches_up(settled: Live, trailing: User) -> None:
    iam, trails = settled.client("iam"), trailing.client("cloudtrail")
    iam.delete_role_policy(RoleName=ROLE, PolicyName="write")
    marker = f"lost-{time.time_ns()}"
    iam.create_user(UserName=marker)
    told = eventually(lambda: trails.get_trail_status(Name="Mary-Trail").get("LatestCloudWatchLogsDeliveryError"))
    assert told == "Access denied. Verify in IAM that the role has adequate permissions."
    status = trails.get_trail_status(Name="Mary-Trail")
    assert "LatestDeliveryError" not in status
    iam.put_role_policy(RoleName=ROLE, PolicyName="write", PolicyDocument=writing(settled))
    logs = settled.client("logs")
    asked = {"logGroupName": GROUP, "filterPattern": f'{{ $.requestParameters.userName = "{marker}" }}'}
    assert len(eventually(lambda: logs.filter_log_events(**asked)["events"])) == 1


def test_a_topic_is_told_of_files(settled: Live, trailing: User) -> None:
    trails = trailing.client("cloudtrail")
    trails.update_trail(Name="Mary-Trail", SnsTopicName=TOPIC)
    assert trails.get_trail(Name="Mary-Trail")["Trail"]["SnsTopicARN"] == topic_arn(settled)
    assert eventually(lambda: trails.get_trail_status(Name="Mary-Trail").get("LatestNotificationTime"))
    sns = settled.client("sns")
    sns.set_topic_attributes(
        TopicArn=topic_arn(settled),
        AttributeName="Policy",
        AttributeValue=publishing(settled, service="s3.amazonaws.com"),
    )
    settled.client("iam").list_roles()
    told = eventually(lambda: trails.get_trail_status(Name="Mary-Trail").get("LatestNotificationError"))
    assert told == "AuthorizationError"
    assert "LatestDeliveryError" not in trails.get_trail_status(Name="Mary-Trail")
    sns.set_topic_attributes(TopicArn=topic_arn(settled), AttributeName="Policy", AttributeValue=publishing(settled))


TOPIC_TEXT = ("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")
NO_TRUST = ("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.")
NO_RIGHT = ("InvalidCloudWatchLogsLogGroupArnException", "Access denied. Check the permissions for your role.")
NO_GROUP = ("InvalidCloudWatchLogsLogGroupArnException", "Check the log group ARN: CloudTrail can't validate it.")


@pytest.fixture(scope="module")
def standing(settled: Live) -> Iterator[Live]:
    """A trail that stands."""
    settled.client("cloudtrail").create_trail(Name="Standing-Trail", S3BucketName=BUCKET)
    yield settled
    settled.client("cloudtrail").delete_trail(Name="Standing-Trail")


def refused_trail(live: Live, **settings: Any) -> tuple[str, str]:
    """What CreateTrail says; nothing is left of the trail, and UpdateTrail of a standing one says the same."""
    trails = live.client("cloudtrail")
    told = refusal(trails.create_trail, Name="Half-Trail", S3BucketName=BUCKET, **settings)
    assert refusal(trails.get_trail, Name="Half-Trail")[0] == "TrailNotFoundException"
    before = trails.get_trail(Name="Standing-Trail")["Trail"]
    assert refusal(trails.update_trail, Name="Standing-Trail", **settings) == told
    assert trails.get_trail(Name="Standing-Trail")["Trail"] == before
    return told


def test_topics_that_are_wrong(standing: Live) -> None:
    sns = standing.client("sns")
    assert refused_trail(standing, SnsTopicName="no-such-topic") == TOPIC_TEXT
    assert refused_trail(standing, SnsTopicName="not a name")[0] == "InvalidSnsTopicNameException"
    other = f"arn:aws:cloudtrail:us-east-1:{standing.account}:trail/Other"
    for policy in ("", publishing(standing, service="s3.amazonaws.com"), publishing(standing, source=other)):
        sns.set_topic_attributes(TopicArn=topic_arn(standing), AttributeName="Policy", AttributeValue=policy)
        assert refused_trail(standing, SnsTopicName=TOPIC) == TOPIC_TEXT
    sns.set_topic_attributes(TopicArn=topic_arn(standing), AttributeName="Policy", AttributeValue=publishing(standing))


def test_roles_that_are_wrong(standing: Live) -> None:
    iam = standing.client("iam")
    iam.create_role(RoleName="other-role", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    here = with_logs(standing)
    other = {**here, "CloudWatchLogsRoleArn": role_arn(standing, "other-role")}
    assert refused_trail(standing, **{**here, "CloudWatchLogsRoleArn": role_arn(standing, "no-role")}) == NO_TRUST
    assert refused_trail(standing, **other) == NO_TRUST
    iam.update_assume_role_policy(RoleName="other-role", PolicyDocument=trust())
    assert refused_trail(standing, **other) == NO_RIGHT
    iam.put_role_policy(
        RoleName="other-role", PolicyName="half", PolicyDocument=allowing("logs:CreateLogStream", resource="*")
    )
    assert refused_trail(standing, **other) == NO_RIGHT
    iam.put_role_policy(
        RoleName="other-role", PolicyName="half", PolicyDocument=writing(standing, "CloudTrail/Another")
    )
    assert refused_trail(standing, **other) == NO_RIGHT
    alone = refusal(
        standing.client("cloudtrail").create_trail,
        Name="Half-Trail",
        S3BucketName=BUCKET,
        CloudWatchLogsLogGroupArn=group_arn(standing),
    )
    assert alone == ("InvalidCloudWatchLogsRoleArnException", "You must specify a role ARN as well as a log group.")


def test_log_groups_that_are_wrong(standing: Live) -> None:
    iam = standing.client("iam")
    iam.create_role(RoleName="wide-role", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(
        RoleName="wide-role", PolicyName="wide", PolicyDocument=allowing("logs:CreateLogStream", "logs:PutLogEvents")
    )
    wide = {**with_logs(standing), "CloudWatchLogsRoleArn": role_arn(standing, "wide-role")}
    assert refused_trail(standing, **{**wide, "CloudWatchLogsLogGroupArn": group_arn(standing, "no-group")}) == NO_GROUP
    for arn in (
        group_arn(standing).removesuffix(":*"),
        group_arn(standing).replace("us-east-1", "eu-west-1"),
        group_arn(standing).replace(standing.account, "111122223333"),
        "nonsense",
    ):
        code, _ = refused_trail(standing, **{**wide, "CloudWatchLogsLogGroupArn": arn})
        assert code == "InvalidCloudWatchLogsLogGroupArnException"


def test_both_are_cleared_with_empty_texts(trailing: User) -> None:
    trails = trailing.client("cloudtrail")
    shown = trails.update_trail(
        Name="Mary-Trail", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn="", SnsTopicName=""
    )
    assert not {"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "SnsTopicARN"} & set(shown)


def test_a_denial_of_sns_is_spelt_as_sns_spells_it(settled: Live, mary: User) -> None:
    code, text = refusal(mary.client("sns").publish, TopicArn=topic_arn(settled), Message="m")
    assert code == "AuthorizationError"
    assert text == (
        f"User: arn:aws:iam::{settled.account}:user/marymajor is not authorized to perform: SNS:Publish "
        f"on resource: {topic_arn(settled)} because no identity-based policy allows the SNS:Publish action"
    )


def test_the_model_of_logs_is_kept_in_its_own_words(settled: Live) -> None:
    logs = settled.client("logs")
    code, text = refusal(logs.filter_log_events, logGroupName=GROUP, limit=10_001)
    assert code == "InvalidParameterException"
    assert text == (
        "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 10000"
    )
    assert refusal(logs.create_log_group, logGroupName="a" * 513) == (
        "InvalidParameterException",
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
    )


@pytest.fixture
def mateo(settled: Live) -> User:
    """He has AWSCloudTrail_FullAccess, which has nothing of AWS Config."""
    user = settled.user("mateojackson-integrations")
    settled.client("iam").attach_user_policy(
        UserName=user.name, PolicyArn="arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess"
    )
    return user


def test_config_records_once_everything_is_there(settled: Live, mateo: User) -> None:
    full_access_to_trails_is_none_to_config(settled, mateo)
    a_channel_needs_its_bucket(settled, mateo)
    changes_become_items(settled, mateo)


def full_access_to_trails_is_none_to_config(settled: Live, mateo: User) -> None:
    role = role_arn(settled, "config-role")
    config = mateo.client("config")
    recorder = {"ConfigurationRecorder": {"name": "default", "roleARN": role}}
    code, text = refusal(config.put_configuration_recorder, **recorder)
    assert code == "AccessDeniedException"
    assert text == (
        f"User: arn:aws:iam::{settled.account}:user/{mateo.name} is not authorized to perform: "
        f"config:PutConfigurationRecorder on resource: "
        f"arn:aws:config:us-east-1:{settled.account}:configuration-recorder/default/* "
        "because no identity-based policy allows the config:PutConfigurationRecorder action"
    )
    assert refusal(mateo.client("logs").describe_log_groups)[0] == "AccessDeniedException"
    settled.client("iam").put_user_policy(UserName=mateo.name, PolicyName="config", PolicyDocument=allowing("config:*"))
    code, text = refusal(config.put_configuration_recorder, **recorder)
    assert code == "AccessDeniedException"
    assert f"is not authorized to perform: iam:PassRole on resource: {role}" in text
    assert settled.client("config").describe_configuration_recorders()["ConfigurationRecorders"] == []


def a_channel_needs_its_bucket(settled: Live, mateo: User) -> None:
    iam, s3, bucket = settled.client("iam"), settled.client("s3"), "amzn-s3-demo-config-live"
    iam.create_role(RoleName="config-role", AssumeRolePolicyDocument=trust("config.amazonaws.com"))
    iam.put_user_policy(
        UserName=mateo.name,
        PolicyName="pass",
        PolicyDocument=allowing("iam:PassRole", resource=role_arn(settled, "config-role")),
    )
    config = mateo.client("config")
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role_arn(settled, "config-role"), "recordingGroup": group}
    )
    channel = {"DeliveryChannel": {"name": "default", "s3BucketName": bucket}}
    assert refusal(config.put_delivery_channel, **channel)[0] == "NoSuchBucketException"
    s3.create_bucket(Bucket=bucket)
    assert refusal(config.put_delivery_channel, **channel)[0] == "InsufficientDeliveryPolicyException"
    common = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}}
    statements = [
        {**common, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
        {**common, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{settled.account}/Config/*"},
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    config.put_delivery_channel(**channel)


def changes_become_items(settled: Live, mateo: User) -> None:
    iam, config = settled.client("iam"), mateo.client("config")
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    iam.tag_user(UserName=mateo.name, Tags=[{"Key": "team", "Value": "trails"}])
    user = iam.get_user(UserName=mateo.name)["User"]["UserId"]
    items = config.get_resource_config_history(resourceType="AWS::IAM::User", resourceId=user)["configurationItems"]
    assert [item["configurationItemStatus"] for item in items] == ["OK", "ResourceDiscovered"]
    assert items[0]["tags"] == {"team": "trails"}
