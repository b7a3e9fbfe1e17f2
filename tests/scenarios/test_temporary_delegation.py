"""Temporary delegation from the partner's request to its credentials, over stock clients and two accounts."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, live_server

TEMPLATE = "arn:aws:iam:::delegation-template/example-partner/readers"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["iam:ListUsers", "iam:ListRoles"], "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "@{objects}"},
    ],
}
READ = {
    "Effect": "Allow",
    "Action": ["iam:List*", "iam:*DelegationRequest", "iam:SendDelegationToken"],
    "Resource": "*",
}


class Inbox(BaseHTTPRequestHandler):
    """What the topic delivers; a subscription is confirmed by asking for its address."""

    messages: list[dict[str, Any]]

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.messages.append(told)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    kind = type("Mine", (Inbox,), {"messages": []})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", kind.messages  # type: ignore[attr-defined]  # the type made above has it
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_server() as running:
        yield running


def wait(wanted: Callable[[], Any]) -> Any:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = wanted()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came")


def of(live: Live, credentials: dict[str, str], service: str) -> Any:
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    key, secret, token = (credentials[name] for name in names)
    return live.client(service, key=key, secret=secret, token=token)


@pytest.fixture(scope="module")
def partner(live: Live) -> dict[str, str]:
    """Credentials of an administrator of another account, which has a template registered."""
    organizations = live.client("organizations")
    organizations.create_organization()
    made = organizations.create_account(Email="marymajor@example.com", AccountName="Partner")["CreateAccountStatus"]
    told = organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    account = told["AccountId"]
    folder = live.server.data / "templates" / "delegation"
    folder.mkdir(parents=True)
    template = {"PolicyTemplateArn": TEMPLATE, "RequestorId": account, "PolicyDocument": POLICY}
    (folder / "readers.json").write_text(json.dumps(template))
    (folder / "broken.json").write_text("{")
    (folder / "other.json").write_text("[]")
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    founder = live.user("founder")
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    put(live, "founder", allowed)
    assumed: dict[str, str] = founder.client("sts").assume_role(RoleArn=role, RoleSessionName="partner")["Credentials"]
    return assumed


def put(live: Live, user: str, *statements: dict[str, Any]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    live.client("iam").put_user_policy(UserName=user, PolicyName="granted", PolicyDocument=document)


def topic(live: Live, partner: dict[str, str], name: str, *, open_to_iam: bool = True) -> str:
    sns = of(live, partner, "sns")
    arn: str = sns.create_topic(Name=name)["TopicArn"]
    grant = {"Effect": "Allow", "Principal": {"Service": "iam.amazonaws.com"}, "Action": "sns:Publish", "Resource": arn}
    if open_to_iam:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return arn


def asked(channel: str, workflow: str, **more: Any) -> dict[str, Any]:
    parameters = [{"Name": "objects", "Type": "stringList", "Values": ["arn:aws:s3:::amzn-s3-demo-bucket/*"]}]
    return {
        "Description": "Reads users and roles",
        "Permissions": {"PolicyTemplateArn": TEMPLATE, "Parameters": parameters},
        "RequestorWorkflowId": workflow,
        "NotificationChannel": channel,
        "SessionDuration": 900,
        **more,
    }


def refusal(call: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Code"])


def recorded(trail: Any, name: str) -> dict[str, Any]:
    attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
    found = wait(lambda: trail.lookup_events(LookupAttributes=attributes)["Events"])
    record: dict[str, Any] = json.loads(found[0]["CloudTrailEvent"])
    return record


def test_a_partner_gets_what_was_asked_and_granted(
    live: Live, partner: dict[str, str], inbox: tuple[str, list[dict[str, Any]]]
) -> None:
    endpoint, messages = inbox
    channel = topic(live, partner, "requests")
    sns = of(live, partner, "sns")
    sns.subscribe(TopicArn=channel, Protocol="http", Endpoint=endpoint)
    confirming = wait(lambda: messages)[0]
    sns.confirm_subscription(TopicArn=channel, Token=confirming["Token"])
    theirs = of(live, partner, "iam")
    made = theirs.create_delegation_request(**asked(channel, "workflow-1", OwnerAccountId=live.account))
    request = {"DelegationRequestId": made["DelegationRequestId"]}
    assert refusal(theirs.create_delegation_request, **asked(channel, "workflow-1")) == "EntityAlreadyExists"

    owner, approver = live.user("mateojackson"), live.user("approver")
    put(live, "mateojackson", {"Effect": "Allow", "Action": "iam:AssociateDelegationRequest", "Resource": "*"})
    assert refusal(owner.client("iam").get_delegation_request, **request) == "AccessDenied"
    owner.client("iam").associate_delegation_request(**request)
    shown = owner.client("iam").get_delegation_request(**request)["DelegationRequest"]
    assert (shown["State"], shown["OwnerId"]) == ("ASSIGNED", f"arn:aws:iam::{live.account}:user/mateojackson")
    assert "amzn-s3-demo-bucket" in shown["PermissionPolicy"]
    owner.client("iam").update_delegation_request(**request, Notes="please look")
    assert refusal(owner.client("iam").accept_delegation_request, **request) == "AccessDenied"

    put(live, "approver", READ)
    theirs_to_approve = approver.client("iam")
    listed = theirs_to_approve.list_delegation_requests()
    (own,) = (
        each for each in listed["DelegationRequests"] if each["DelegationRequestId"] == made["DelegationRequestId"]
    )
    assert own["State"] == "PENDING_APPROVAL"
    checked = theirs_to_approve.get_delegation_request(**request, DelegationPermissionCheck=True)
    assert checked["PermissionCheckResult"] == "DENIED"
    theirs_to_approve.accept_delegation_request(**request)
    theirs_to_approve.send_delegation_token(**request)
    assert refusal(theirs_to_approve.reject_delegation_request, **request) == "InvalidInput"

    told = wait(lambda: [json.loads(each["Message"]) for each in messages if each["Type"] == "Notification"])[-1]
    assert (told["State"], told["RequestorWorkflowId"]) == ("FINALIZED", "workflow-1")
    given = of(live, partner, "sts").get_delegated_access_token(TradeInToken=told["TradeInToken"])
    assert given["AssumedPrincipal"] == f"arn:aws:iam::{live.account}:user/approver"
    delegated = of(live, given["Credentials"], "iam")
    assert {user["UserName"] for user in delegated.list_users()["Users"]} >= {"mateojackson", "approver"}
    assert told["TradeInToken"] not in json.dumps(recorded(of(live, partner, "cloudtrail"), "GetDelegatedAccessToken"))
    # What the approver may and the policy does not say, and what the policy says and the approver may not.
    assert refusal(delegated.list_groups) == "AccessDenied"
    assert refusal(of(live, given["Credentials"], "s3").get_object, Bucket="amzn-s3-demo-bucket", Key="a") in {
        "AccessDenied",
        "NoSuchBucket",
    }
    assert refusal(owner.client("sts").get_delegated_access_token, TradeInToken=told["TradeInToken"]) == "AccessDenied"


def test_what_cannot_be_asked_for(live: Live, partner: dict[str, str]) -> None:
    theirs, channel = of(live, partner, "iam"), topic(live, partner, "open")
    create = theirs.create_delegation_request
    closed = topic(live, partner, "closed", open_to_iam=False)
    assert refusal(create, **asked(closed, "workflow-2")) == "InvalidInput"
    lacking = {"Permissions": {"PolicyTemplateArn": TEMPLATE}}
    assert refusal(create, **{**asked(channel, "workflow-3"), **lacking}) == "InvalidInput"
    foreign = live.client("iam").create_delegation_request
    assert refusal(foreign, **asked(channel, "workflow-4")) == "InvalidInput"


def test_a_refused_request_is_over_and_can_be_read_in_plain_words(live: Live, partner: dict[str, str]) -> None:
    theirs, iam = of(live, partner, "iam"), live.client("iam")
    made = theirs.create_delegation_request(**asked(topic(live, partner, "plain"), "workflow-5"))
    request = {"DelegationRequestId": made["DelegationRequestId"]}
    entity = f"arn:aws:iam::{live.account}:delegation-request/{made['DelegationRequestId']}"
    told = iam.get_human_readable_summary(EntityArn=entity)
    assert told["SummaryState"] == "AVAILABLE"
    assert "iam:ListUsers, iam:ListRoles on every resource" in told["SummaryContent"]
    assert iam.get_human_readable_summary(EntityArn=entity, Locale="fr")["SummaryState"] == "NOT_SUPPORTED"
    assert refusal(iam.reject_delegation_request, **request) == "NoSuchEntity"
    iam.associate_delegation_request(**request)
    iam.reject_delegation_request(**request, Notes="not now")
    shown = iam.get_delegation_request(**request)["DelegationRequest"]
    assert (shown["State"], shown["RejectionReason"]) == ("REJECTED", "not now")
    assert refusal(theirs.get_delegation_request, **request) == "NoSuchEntity"
