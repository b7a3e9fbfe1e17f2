"""Refusals that IAM's policies do not decide, known by their words: other permission systems, states, settings, time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import re
from collections.abc import Iterator

from trailwarden.diagnose.credential_sayings import CREDENTIAL_SAYINGS
from trailwarden.diagnose.data import AccountData
from trailwarden.diagnose.known import Known
from trailwarden.diagnose.mend import Mend
from trailwarden.diagnose.refusal import Refusal
from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.saying import Saying, saying
from trailwarden.diagnose.service_sayings import SERVICE_SAYINGS

__all__ = ["elsewhere"]


_R = Remedy
_LAKE_ADMIN = "a Lake Formation administrator"

_ROWS: tuple[Saying, ...] = (
    *CREDENTIAL_SAYINGS,
    *SERVICE_SAYINGS,
    # https://docs.aws.amazon.com/lake-formation/latest/dg/troubleshooting.html
    saying(
        r"Insufficient Lake Formation permission\(s\)(?:: Required (?P<required>[\w, ]+?))? on (?P<on>[\w.*/-]+)",
        "Lake Formation refuses, not IAM: {who} has no grant{required} on {on}",
        (
            _R.SETTING,
            (
                "grant{required} on {on} in Lake Formation to {who}, the very principal that makes this call (jobs and "
                "schedulers act as several roles: each needs its grant): aws lakeformation grant-permissions"
            ),
            _LAKE_ADMIN,
        ),
    ),
    # https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/control-access-billing.html
    saying(
        r"IAM user access not activated",
        "the account has not activated IAM access to Billing; until then no policy reaches it",
        (
            _R.SETTING,
            "activate IAM access to Billing and Cost Management in the account's settings",
            "the root user of the account",
        ),
    ),
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    saying(
        r"(?P<key>arn:aws[\w-]*:kms:\S+?) is (?:disabled|pending (?:deletion|import)|unavailable)|KMSInvalidState|DisabledException",
        "the key's state refuses, not a policy: it is disabled, pending deletion or import, or its key store is unavailable",
        (
            _R.SETTING,
            "look at the state (aws kms describe-key) and enable the key or cancel its deletion",
            "the key's administrators",
        ),
    ),
    # https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
    saying(
        r"does not have authorization to access the SNS topic encryption key|Service or caller is not authorized to use the provided AWS KMS key"
        r"|is not authorized to access the key because",
        "the service may not use the key: its key policy does not let the service in; the policy of an AWS managed key cannot be changed",
        (
            _R.ALLOW,
            "use a customer managed key whose key policy allows the service kms:Decrypt and kms:GenerateDataKey*",
            "the key's owner",
        ),
    ),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
    saying(
        r"Key '(?P<key>arn:aws[\w-]*:kms:[^']+)' does not exist",
        "there is no key {key}: a bare key id is completed with the account and Region of whoever uses it",
        (_R.REQUEST, "name the key by its full ARN{existing}"),
    ),
    saying(
        r"The ciphertext refers to a customer master key that does not exist",
        "KMS hides which it is: the key does not exist, stands in another Region, or its policy does not let {who} decrypt",
        (_R.REQUEST, "look which key the data was encrypted with, and call KMS in that Region"),
        (_R.ALLOW, "then allow kms:Decrypt on that key, in the key policy and to {who}", "the key's owner"),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
    saying(
        r"role defined for the function cannot be assumed by Lambda|The provided role .{0,200}cannot be assumed|"
        r"InvalidParameterValue.{0,80}cannot be assumed by",
        "the service cannot assume the role yet: a role that was just made takes up to a minute to reach every Region; if it is "
        "older, its trust policy does not name the service",
        (_R.RETRY, "try again for up to a minute; change nothing if the trust policy names the service"),
        (
            _R.ALLOW,
            "else let lambda.amazonaws.com assume it, in the role's trust policy",
            "an administrator of the account",
        ),
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
    saying(
        r"Lambda does not have permission to access the ECR image",
        "the repository policy does not let the Lambda service in: an account that is allowed there does not stand for the service",
        (
            _R.ALLOW,
            (
                "add a statement to the repository policy that allows lambda.amazonaws.com ecr:BatchGetImage and "
                "ecr:GetDownloadUrlForLayer, with aws:SourceArn like the function"
            ),
            "the owner of the repository",
        ),
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    saying(
        r"because public (?P<what>policies|ACLs) are prevented by the (?P<setting>BlockPublic\w+) setting",
        'S3 Block Public Access refuses: {setting} is on, and what is to be set is public (a policy: by Principal "*" without a '
        "condition that narrows it)",
        (
            _R.REQUEST,
            "make it non-public: name the principals, or bind the statement by aws:SourceVpce, aws:PrincipalOrgID or the like",
        ),
        (_R.LEAVE, "leave {setting} on", "whoever set it"),
    ),
    saying(
        r"blocked upload requests that specify Server Side Encryption with Customer provided keys",
        "the bucket blocks uploads with keys that the customer provides (SSE-C)",
        (_R.REQUEST, "upload with SSE-S3 or SSE-KMS"),
    ),
    saying(
        r"Access Denied because object protected by object lock",
        "Object Lock holds this version until its retention ends; no policy was asked",
        (_R.LEAVE, "leave it; a governance-mode lock yields to s3:BypassGovernanceRetention and the header for it"),
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    saying(
        r"Unable to validate the following destination configurations",
        "S3 tested the destination of the notification and was refused: {destination} is not there, or its own policy does not let "
        "s3.amazonaws.com in",
        (_R.REQUEST, "check that the ARN {destination} is the one meant{existing}"),
        (
            _R.ALLOW,
            "then let s3.amazonaws.com send to it, in its policy, with aws:SourceArn of the bucket",
            "the destination's owner",
        ),
    ),
    saying(
        r"must have WRITE and READ_ACL permission on the S3 bucket",
        "the target bucket's ACL does not let the log delivery group in",
        (_R.SETTING, "allow logging.s3.amazonaws.com s3:PutObject in the target bucket's policy", "the bucket's owner"),
    ),
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    saying(
        r"VpceAccessDenied|denied due to a VPC endpoint policy",
        "the policy of VPC endpoint {endpoint} refused {who}: {asked}",
        (_R.LEAVE, "leave it, if the endpoint is to keep strangers out, as most are"),
        (_R.CORRECT, "else add the principal and the resource to the endpoint policy", "the owner of the endpoint"),
    ),
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    saying(
        r"Roles may not be assumed by root accounts",
        "the root user cannot assume roles",
        (_R.REQUEST, "call as a user or a role"),
    ),
    saying(
        r"Cannot call \w+ with session credentials",
        "the operation takes no temporary credentials",
        (_R.REQUEST, "call with the access key of a user"),
    ),
    # https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    saying(
        r"OptInRequired|not subscribed to this service|Region .{0,40}is (?:disabled|not enabled)",
        "the account has not enabled this Region or service",
        (
            _R.SETTING,
            "enable the Region (aws account enable-region), or subscribe to the service",
            "an administrator of the account",
        ),
    ),
    saying(
        r"Your account is not allowed to perform this operation|account is (?:currently )?(?:blocked|suspended|pending verification)",
        "AWS holds this account back; no policy was asked",
        (_R.SETTING, "ask AWS Support to verify or unblock the account"),
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    saying(
        r"Invalid principal in policy(?:: \"AWS\":\"(?P<principal>[^\"]+)\")?",
        "the policy names a principal that does not exist: {principal}{own}; principals are stored by their unique ids, so each must exist "
        "when the policy is saved, and one made anew must be saved again",
        (
            _R.REQUEST,
            "make the principal first; a role that is to trust itself trusts its account, with a condition on aws:PrincipalArn",
        ),
    ),
    saying(
        r"Partition \"(?P<part>[^\"]*)\" is not valid for resource \"(?P<arn>[^\"]*)\"",
        'the Resource in the policy is no ARN{given}: its beginning came from something that was not set, and IAM reads "{part}" as the partition',
        (_R.REQUEST, "put the whole ARN into the Resource of the policy that is sent"),
    ),
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
    saying(
        r"You don't have permissions to access this resource|on resource: \* because no resource-based policy allows the organizations:",
        "Organizations answers only its management account and delegated administrators; this account is a member",
        (
            _R.OWNER,
            "call in the management account, or have it delegate by a resource-based policy of the organization",
            "an administrator of the management account",
        ),
    ),
    # https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
    saying(
        r"UnauthorizedException: You are not authorized to make this call",
        "AppSync refuses by the API's own authorization mode (API key, Cognito, OIDC, Lambda); IAM was not asked{appsync}",
        (_R.REQUEST, "send the credentials that the API's authorization mode wants"),
        (_R.SETTING, "or add IAM to the authorization modes of the API", "the API's owner"),
    ),
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
    saying(
        r"AccountID in ARN is wrong, you can only access resources with AccountID (?P<account>\d{12})",
        "this operation takes only trails of the caller's own account, {account}; the trail belongs to another one, as an organization's trail does",
        (_R.REQUEST, "make the call in the management account, and pass over trails whose ARN has another account"),
    ),
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
    saying(
        r"Client\.AuthFailure|AuthFailure:",
        "EC2 does not know the credentials, or the account does not own what is named; no policy was asked",
        (_R.REQUEST, "check the key, and that the resource is shared with this account"),
    ),
    saying(
        r"DryRunOperation",
        "the dry run passed: the call would have been allowed",
        (_R.NOTHING, "nothing is to be done"),
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
    saying(
        r"Secrets Manager cannot invoke the specified Lambda function",
        "the function's resource-based policy does not let secretsmanager.amazonaws.com invoke it",
        (
            _R.ALLOW,
            "aws lambda add-permission --principal secretsmanager.amazonaws.com --action lambda:InvokeFunction",
            "the function's owner",
        ),
    ),
    saying(
        r"Failed to validate permissions for log group",
        "the role may not create streams or put events into the log group, or cannot be assumed by the service",
        (
            _R.ALLOW,
            "allow the role logs:CreateLogStream and logs:PutLogEvents on the group's streams",
            "an administrator of the account",
        ),
    ),
)


def elsewhere(refusal: Refusal, data: AccountData) -> Known | None:
    """The cause that the words themselves tell; None where IAM has to be asked. `data` tells what may be meant."""
    told = f"{refusal.code}: {refusal.text}"
    sentence = _SENTENCE.search(refusal.text) is not None
    for row in _ROWS:
        found = None if row.whole and sentence else row.words.search(told)
        if found is not None:
            facts = _Facts({**_facts(refusal, data.named(refusal.text)), **_groups(found)})
            return Known(cause=row.cause.format_map(facts).strip(), mends=tuple(_mends(row, facts)))
    return None


_SENTENCE = re.compile(r"not\s+authorized\s+to\s+perform:", re.IGNORECASE)


def _mends(row: Saying, facts: dict[str, str]) -> Iterator[Mend]:
    for remedy, title, approver in row.ways:
        yield Mend(title=title.format_map(facts), told=remedy, approver=approver)


class _Facts(dict[str, str]):
    """Facts by name; "" for one that nobody told."""

    def __missing__(self, key: str) -> str:
        return ""


def _groups(found: re.Match[str]) -> dict[str, str]:
    held = {name: f" {value}" if name == "required" else value for name, value in found.groupdict().items() if value}
    held = {name.rstrip("2"): value for name, value in held.items()}
    if {"call", "of"} <= set(held):
        held["permission"] = f"{held['of'].lower()}:{held['call']}"
        held["managed"] = _IN_VPC if held["call"] == "CreateNetworkInterface" else ""
    if "linked" in held:
        held["linked"] = held["linked"].lower()
    return held


_IN_VPC = " (the managed policy AWSLambdaVPCAccessExecutionRole holds all that a VPC needs)"


def _facts(refusal: Refusal, existing: tuple[str, ...]) -> _Facts:
    event = refusal.event
    identity = event.get("userIdentity")
    account = identity.get("accountId") if isinstance(identity, dict) else None
    asked = event.get("requestParameters")
    asked = asked if isinstance(asked, dict) else {}
    service = str(event.get("eventSource", ""))
    return _Facts(
        who=refusal.principal or (f"account {account}" if account else "the caller"),
        endpoint=str(event.get("vpcEndpointId", "")),
        asked=refusal.action or "the event's eventSource and eventName tell what was asked",
        existing=f"; at hand is {', '.join(existing)}" if existing else "",
        destination=_first_arn(asked) or "the destination",
        own=_own(asked),
        given=_given(asked),
        appsync=f" ({service})" if service.startswith("appsync") else " (appsync)",
    )


def _own(asked: dict[str, object]) -> str:
    """A role that names itself before it exists."""
    role = asked.get("roleName")
    return f" (role {role} is the one that is being made)" if isinstance(role, str) else ""


def _given(asked: dict[str, object]) -> str:
    found = re.search(r'"Resource":\s*"(?!arn:)([^"*][^"]*)"', str(asked.get("policyDocument", "")))
    return f" ({found[1]})" if found else ""


_ARN = re.compile(r"arn:aws[\w-]*:(?:sqs|sns|lambda):[^\"'\s,}]+")


def _first_arn(asked: dict[str, object]) -> str:
    found = _ARN.search(str(asked))
    return found.group() if found else ""
