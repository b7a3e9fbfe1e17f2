"""Story 1: mateojackson is denied cloudtrail:GetTrailStatus, is told why, gets the smallest mend, succeeds on the retry."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User
from tests.trails import logging_trail

from trailwarden.diagnose import LiveData, as_text, diagnose, read_event, read_message

TRAIL = "Story-Trail"


@pytest.fixture(scope="module")
def known(live: Live) -> User:
    logging_trail(live, TRAIL, "amzn-s3-demo-story-1")
    return live.user("mateojackson")


@pytest.fixture
def mateo(live: Live, known: User) -> User:
    """He may nothing, whatever a test before gave him."""
    iam = live.client("iam")
    for name in iam.list_user_policies(UserName=known.name)["PolicyNames"]:
        iam.delete_user_policy(UserName=known.name, PolicyName=name)
    return known


def refused(mateo: User) -> ClientError:
    with pytest.raises(ClientError) as denied:
        mateo.client("cloudtrail").get_trail_status(Name=TRAIL)
    return denied.value


def test_the_denial_is_aws_own_text(live: Live, mateo: User) -> None:
    error = refused(mateo).response
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Message"] == (
        f"User: arn:aws:iam::{live.account}:user/mateojackson is not authorized to perform: cloudtrail:GetTrailStatus "
        f"on resource: arn:aws:cloudtrail:us-east-1:{live.account}:trail/{TRAIL} "
        "because no identity-based policy allows the cloudtrail:GetTrailStatus action"
    )


def test_text_event_and_authorization_id_lead_to_the_same_cause(live: Live, mateo: User) -> None:
    text = str(refused(mateo))
    data = LiveData(clients=live.admin)
    events = live.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetTrailStatus"}]
    )["Events"]
    record = json.loads(next(each["CloudTrailEvent"] for each in events if each["Username"] == "mateojackson"))
    causes = {diagnose(refusal, data).cause for refusal in (read_message(text), read_event(record))}
    assert causes == {
        f"no identity-based policy of user mateojackson allows cloudtrail:GetTrailStatus on trail/{TRAIL}"
    }


def test_the_smallest_mend_lets_the_retry_through(live: Live, mateo: User) -> None:
    found = diagnose(read_message(str(refused(mateo))), LiveData(clients=live.admin))
    lines = as_text(found).splitlines()
    assert lines[0].startswith("Cause: no identity-based policy of user mateojackson")
    mend = found.mends[0]
    assert mend.proved
    assert mend.remainder == ()
    for edit in mend.edits:
        getattr(live.client(edit.call.service), edit.call.method)(**edit.call.params)
    assert mateo.client("cloudtrail").get_trail_status(Name=TRAIL)["IsLogging"] is True
    with pytest.raises(ClientError):
        mateo.client("cloudtrail").get_trail(Name=TRAIL)


def test_the_managed_policy_of_the_page_is_offered_too(live: Live) -> None:
    user = live.user("mateojackson-too")
    with pytest.raises(ClientError) as denied:
        user.client("cloudtrail").get_trail_status(Name=TRAIL)
    found = diagnose(read_message(str(denied.value)), LiveData(clients=live.admin))
    titles = [mend.title for mend in found.mends]
    assert "attach AWSCloudTrail_ReadOnlyAccess to user mateojackson-too" in titles


def test_the_fictional_widget_is_explained(live: Live) -> None:
    text = (
        f"User: arn:aws:iam::{live.account}:user/mateojackson is not authorized to perform: "
        "cloudtrail:GetWidget on resource: my-example-widget"
    )
    found = diagnose(read_message(text), LiveData(clients=live.admin))
    assert "cloudtrail:GetWidget is no action of AWS" in found.cause
    assert '"Action": "cloudtrail:GetWidget"' in found.mends[0].title
