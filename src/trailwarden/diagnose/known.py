"""Refusals that no policy mends: AWS's exceptions with their true cause and what helps.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_troubleshoot.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trailwarden.arn import Arn
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.edits import Act, ClientCall
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy

__all__ = ["Known", "code_of", "known"]

_CLOUDTRAIL = "cloudtrail.amazonaws.com"
_TRAIL_ARN = re.compile(r"arn:aws[\w-]*:cloudtrail:[\w-]*:\d{12}:trail/[\w.-]+")
_BUCKET = re.compile(r"bucket:?\s+(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\s")

_TEXTS: tuple[tuple[str, str], ...] = (
    ("Incorrect S3 bucket policy is detected", "InsufficientS3BucketPolicyException"),
    ("Insufficient permissions to access S3 bucket", "InsufficientEncryptionPolicyException"),
    ("SNS Topic does not exist or the topic policy is incorrect", "InsufficientSnsTopicPolicyException"),
    ("Check the trust relationships for your role", "InvalidCloudWatchLogsRoleArnException"),
    ("You must specify a role ARN as well as a log group", "InvalidCloudWatchLogsRoleArnException"),
    ("Check the permissions for your role", "InvalidCloudWatchLogsLogGroupArnException"),
    ("that the role has adequate permissions", "InvalidCloudWatchLogsLogGroupArnException"),
    ("Check the log group ARN", "InvalidCloudWatchLogsLogGroupArnException"),
    ("Unknown trail:", "TrailNotFoundException"),
    ("enabled CloudTrail service access", "CloudTrailAccessNotEnabledException"),
    ("requires being signed in with the management account", "NotOrganizationMasterAccountException"),
    ("cannot create resources for your organization", "InsufficientDependencyServiceAccessPermissionException"),
    ("lacks permissions to create a service-linked role in AWS CloudTrail", "InsufficientIAMAccessPermissionException"),
    ("The security token included in the request is expired", "ExpiredTokenException"),
    ("The security token included in the request is invalid", "UnrecognizedClientException"),
    ("The request signature we calculated does not match", "SignatureDoesNotMatch"),
    ("Access Key Id you provided does not exist in our records", "InvalidAccessKeyId"),
    ("token is malformed or otherwise invalid", "InvalidToken"),
)
"""What a text says where it comes without its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The cause in words and what helps."""

    cause: str
    mends: tuple[Mend, ...]


def code_of(refusal: Refusal) -> str:
    """The exception's code, as given or as its text tells; "" where neither does."""
    if refusal.code in _KNOWN or refusal.code in _WITH_DATA or refusal.code.endswith("PolicyException"):
        return refusal.code
    return next((code for text, code in _TEXTS if text in refusal.text), refusal.code)


def known(refusal: Refusal, code: str, data: AccountData | None = None) -> Known | None:
    """The cause behind an exception's code; None for one that is not known. `data` tells which trails there are."""
    with_data = _WITH_DATA.get(code)
    if with_data is not None:
        return with_data(refusal, data)
    explain = _KNOWN.get(code)
    return explain(refusal) if explain else None


def _made_linked_role() -> Mend:
    return Mend(
        title="make the service-linked role, in the management account",
        edits=(_linked_role(_CLOUDTRAIL),),
        approver="an administrator of the management account",
    )


def _service_linked_role(_: Refusal) -> Known:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/using-service-linked-roles.html."""
    return Known(
        cause="the management account has no service-linked role AWSServiceRoleForCloudTrail: the delegated administrator was "
        "added through Organizations, which does not make it",
        mends=(
            _made_linked_role(),
            Mend(
                title="or register the delegated administrator through CloudTrail, in the management account: "
                "aws cloudtrail register-organization-delegated-admin --member-account-id ACCOUNT",
                approver="an administrator of the management account",
            ),
            Mend(
                title="or create an organization trail or event data store from the management account, which makes the role",
                approver="an administrator of the management account",
            ),
        ),
    )


def _dependencies(_: Refusal) -> Known:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html."""
    return Known(
        cause="CloudTrail acts in its caller's name for the organization, and one of the calls was refused: to Organizations, or to make "
        "its service-linked role AWSServiceRoleForCloudTrail, which may be missing",
        mends=(
            _made_linked_role(),
            Mend(
                title="or allow the caller iam:CreateServiceLinkedRole for cloudtrail.amazonaws.com, organizations:DescribeOrganization and "
                "organizations:ListAWSServiceAccessForOrganization; the event of the call tells the caller",
                told=Remedy.ALLOW,
                approver="an administrator of the management account",
            ),
        ),
    )


def _linked_role(service: str) -> Act:
    return Act(
        call=ClientCall(service="iam", operation="CreateServiceLinkedRole", params={"AWSServiceName": service}),
        terraform=f'resource "aws_iam_service_linked_role" "cloudtrail" {{\n  aws_service_name = "{service}"\n}}',
    )


def _not_management(refusal: Refusal) -> Known:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html."""
    if _stopped_by_member(refusal):
        return Known(
            cause="the trail is the organization's: a member account sees it and cannot stop or change it, as is meant",
            mends=(
                Mend(
                    title="leave it, and ask why a member tried to stop the organization's logging; the management account can",
                    told=Remedy.LEAVE,
                    approver="an administrator of the management account",
                ),
            ),
        )
    return Known(
        cause="only the organization's management account, or a delegated administrator for CloudTrail, may do this",
        mends=(
            Mend(title="sign in with the management account"),
            Mend(
                title="or have this account registered: aws cloudtrail register-organization-delegated-admin "
                "--member-account-id ACCOUNT",
                approver="an administrator of the management account",
            ),
        ),
    )


def _not_in_organization(_: Refusal) -> Known:
    return Known(
        cause="the account belongs to no organization",
        mends=(
            Mend(title="use credentials of the organization's management account, or leave IsOrganizationTrail out"),
        ),
    )


def _not_all_features(_: Refusal) -> Known:
    call = ClientCall(service="organizations", operation="EnableAllFeatures", params={})
    return Known(
        cause="the organization has consolidated billing alone; CloudTrail needs all features",
        mends=(
            Mend(
                title="enable all features, in the management account; every member must agree",
                edits=(Act(call=call),),
                approver="an administrator of the management account",
            ),
        ),
    )


def _trail_not_found(refusal: Refusal, data: AccountData | None) -> Known:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html."""
    found = _TRAIL_ARN.search(refusal.text)
    arn = Arn.parse(found.group()) if found else None
    real = [each for each in (data.named(f"trail {arn.name}") if data and arn else ()) if each != str(arn)]
    if arn is not None and real:
        return Known(
            cause=f"the trail is not missing: it is {real[0]}, and its bare name was completed with the caller's own account and Region",
            mends=(Mend(title=f"name the trail by its ARN: {real[0]}", told=Remedy.REQUEST),),
        )
    if arn is None:
        return Known(cause="there is no such trail", mends=(Mend(title="list the trails: aws cloudtrail list-trails"),))
    return Known(
        cause=f"account {arn.account} has no trail {arn.name} whose home is {arn.region}; a bare name is completed with the caller's "
        "own account and Region",
        mends=(
            Mend(
                title="name the trail by its ARN: an organization's trail belongs to the management account, another "
                "Region's to that Region (aws cloudtrail list-trails shows both)",
            ),
        ),
    )


def _trail_exists(refusal: Refusal, data: AccountData | None) -> Known:
    """A run that was broken off made the trail, and did not start it."""
    found = _TRAIL_NAME.search(refusal.text)
    name, owner = (found["name"], found["account"]) if found else ("", "")
    real = data.named(f"trail {name}") if data and name else ()
    by = real[0] if real else f"its ARN in account {owner}" if owner else "its ARN"
    return Known(
        cause=f"the trail {name} is there already{f', as {real[0]}' if real else ''}; an earlier run may have made it and not started it".replace(
            "  ", " "
        ),
        mends=(
            Mend(
                title=f"do not make it again: look at it (get-trail-status) and start it (start-logging) by {by}",
                told=Remedy.REQUEST,
            ),
        ),
    )


_TRAIL_NAME = re.compile(r"Trail (?P<name>[\w.-]+) already exists(?: for customer: (?P<account>\d{12}))?")


def _access_not_enabled(_: Refusal, data: AccountData | None) -> Known:
    """https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudtrail.html."""
    call = ClientCall(
        service="organizations", operation="EnableAWSServiceAccess", params={"ServicePrincipal": _CLOUDTRAIL}
    )
    account = data.account("") if data else None
    linked = account is not None and account.find("role", "AWSServiceRoleForCloudTrail") is None
    return Known(
        cause="trusted access for CloudTrail is off in this organization"
        + (", and its service-linked role AWSServiceRoleForCloudTrail is missing" if linked else ""),
        mends=(
            Mend(
                title="enable it, in the management account"
                + (", then make the service-linked role" if linked else ""),
                edits=(Act(call=call), *((_linked_role(_CLOUDTRAIL),) if linked else ())),
                approver="an administrator of the management account",
            ),
        ),
    )


def _stopped_by_member(refusal: Refusal) -> bool:
    return "not master trail" in refusal.text


def _home_region(refusal: Refusal) -> Known:
    found = _TRAIL_ARN.search(refusal.text)
    arn = Arn.parse(found.group()) if found else None
    home = arn.region if arn else "its home Region"
    return Known(
        cause="a trail can be changed only in its home Region", mends=(Mend(title=f"make the call in {home}"),)
    )


def _no_bucket(refusal: Refusal) -> Known:
    found = _BUCKET.search(f"{refusal.text} ")
    bucket = found["bucket"] if found else ""
    call = ClientCall(service="s3", operation="CreateBucket", params={"Bucket": bucket})
    return Known(
        cause=f"there is no bucket {bucket}".rstrip(),
        mends=(
            Mend(
                title="correct the bucket's name, or create it before the trail",
                edits=(Act(call=call),) if bucket else (),
            ),
        ),
    )


def _too_many_trails(_: Refusal) -> Known:
    return Known(
        cause="a Region holds at most five trails of an account, shadows of other Regions' trails included; the quota cannot be raised",
        mends=(Mend(title="delete a trail, or widen one that exists"),),
    )


def _expired(_: Refusal) -> Known:
    return Known(
        cause="the session has expired; no policy was asked", mends=(Mend(title="get new temporary credentials"),)
    )


def _unknown_key(_: Refusal) -> Known:
    return Known(
        cause="the access key or session token is not known to the endpoint that was called; no policy was asked",
        mends=(
            Mend(
                title="use an active key of this endpoint; temporary credentials need all three values. Tokens of the global STS endpoint "
                "are not valid in Regions that have to be enabled: get them from the STS endpoint of a Region there",
                told=Remedy.REQUEST,
            ),
        ),
    )


def _wrong_signature(_: Refusal) -> Known:
    return Known(
        cause="the secret does not belong to the access key, or the request was changed on its way; no policy was asked",
        mends=(Mend(title="set the secret again, and look at proxies that change requests"),),
    )


def _skewed(_: Refusal) -> Known:
    return Known(cause="the client's clock is off; no policy was asked", mends=(Mend(title="set the client's clock"),))


def _throttled(_: Refusal) -> Known:
    return Known(
        cause="the caller exceeds the operation's rate; no policy was asked",
        mends=(
            Mend(
                title="try again more slowly and over a shorter span (LookupEvents: two calls a second for an account and Region)",
                told=Remedy.RETRY,
            ),
        ),
    )


_KNOWN: Mapping[str, Callable[[Refusal], Known]] = {
    "NoManagementAccountSLRExistsException": _service_linked_role,
    "NotOrganizationMasterAccountException": _not_management,
    "NotOrganizationManagementAccountException": _not_management,
    "OrganizationsNotInUseException": _not_in_organization,
    "OrganizationNotInAllFeaturesModeException": _not_all_features,
    "InvalidHomeRegionException": _home_region,
    "S3BucketDoesNotExistException": _no_bucket,
    "MaximumNumberOfTrailsExceededException": _too_many_trails,
    "ExpiredTokenException": _expired,
    "ExpiredToken": _expired,
    "UnrecognizedClientException": _unknown_key,
    "InvalidClientTokenId": _unknown_key,
    "InvalidAccessKeyId": _unknown_key,
    "InvalidToken": _unknown_key,
    "InsufficientDependencyServiceAccessPermissionException": _dependencies,
    "SignatureDoesNotMatch": _wrong_signature,
    "InvalidSignatureException": _wrong_signature,
    "RequestTimeTooSkewed": _skewed,
    "ThrottlingException": _throttled,
}

_WITH_DATA: Mapping[str, Callable[[Refusal, AccountData | None], Known]] = {
    "CloudTrailAccessNotEnabledException": _access_not_enabled,
    "TrailAlreadyExistsException": _trail_exists,
    "TrailNotFoundException": _trail_not_found,
}
