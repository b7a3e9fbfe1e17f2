"""Insights on a running server: a burst of calls is found, delivered, listed, and vouched for by the digests."""

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server
from tests.trails import bucket_policy, logging_trail
from tests.validating import validate_logs

BUCKET = "amzn-s3-demo-insights"
BOTH = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
RULES = "slot=1,baseline=600,learning=2,least=8,quiet=2"


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def until(found: Callable[[], Any], seconds: float = 40.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.3)
    return found()


def delivered(live: Live) -> list[dict[str, Any]]:
    s3 = live.client("s3")
    prefix = f"AWSLogs/{live.account}/CloudTrail-Insight/us-east-1/"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]
    files = [json.loads(gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())) for key in keys]
    return [record for file in files for record in file["Records"]]


def burst(live: Live) -> None:
    """Refused calls, faster than ever before."""
    iam = live.client("iam")
    for _ in range(60):
        assert code(lambda: iam.delete_user(UserName="marymajor")) == "NoSuchEntity"


def test_a_burst_is_found_delivered_listed_and_vouched_for() -> None:
    with live_server("--delivery-interval", "0.5", "--digest-interval", "2", "--insights", RULES) as live:
        trails, s3, iam = live.client("cloudtrail"), live.client("s3"), live.client("iam")
        arn = logging_trail(live, "My-Trail", BUCKET, EnableLogFileValidation=True)
        given = {"TrailName": "My-Trail", "InsightSelectors": BOTH}
        assert code(lambda: trails.get_insight_selectors(TrailName=arn)) == "InsightNotEnabledException"
        denied = live.user("marymajor").client("cloudtrail")
        assert code(lambda: denied.put_insight_selectors(**given)) == "AccessDeniedException"
        s3.delete_bucket_policy(Bucket=BUCKET)
        assert code(lambda: trails.put_insight_selectors(**given)) == "InsufficientS3BucketPolicyException"
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, live.account)))
        trails.put_insight_selectors(**given)
        shown = trails.get_insight_selectors(TrailName="My-Trail")["InsightSelectors"]
        assert shown == [{**each, "EventCategories": ["Management"]} for each in BOTH]
        assert trails.get_trail(Name="My-Trail")["Trail"]["HasInsightSelectors"]
        iam.delete_access_key(
            UserName="marymajor",
            AccessKeyId=iam.list_access_keys(UserName="marymajor")["AccessKeyMetadata"][0]["AccessKeyId"],
        )
        iam.delete_user(UserName="marymajor")
        time.sleep(4)

        burst(live)

        records = until(lambda: found if len(found := delivered(live)) >= 4 else None)
        told = {(each["insightDetails"]["insightType"], each["insightDetails"]["state"]): each for each in records}
        errors = told["ApiErrorRateInsight", "Start"]["insightDetails"]
        assert (errors["eventName"], errors["errorCode"]) == ("DeleteUser", "NoSuchEntityException")
        assert errors["insightContext"]["attributions"][0]["insight"][0]["value"] == f"arn:aws:iam::{live.account}:root"
        start, end = (told["ApiCallRateInsight", state] for state in ("Start", "End"))
        assert start["sharedEventID"] == end["sharedEventID"]
        listed = trails.lookup_events(EventCategory="insight")["Events"]
        assert {each["EventId"] for each in listed} == {each["eventID"] for each in records}
        numbers = trails.list_insights_metric_data(
            EventSource="iam.amazonaws.com", EventName="DeleteUser", InsightType="ApiCallRateInsight", Period=60
        )
        assert sum(numbers["Values"]) == 61
        put = trails.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutInsightSelectors"}]
        )["Events"]
        event = json.loads(put[0]["CloudTrailEvent"])
        assert event["requestParameters"]["insightSelectors"] == [{"insightType": each["InsightType"]} for each in BOTH]
        trails.stop_logging(Name="My-Trail")
        time.sleep(3)
        status, output = validate_logs(live.server.data, arn)
        assert status == 0, output
