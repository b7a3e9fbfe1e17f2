"""Refusals of the credentials, the clock, the Region and the rate: no policy was asked.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html
"""

from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.saying import Saying, saying

__all__ = ["CREDENTIAL_SAYINGS"]

_R = Remedy
_ADMIN = "an administrator of the account"

CREDENTIAL_SAYINGS: tuple[Saying, ...] = (
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    saying(
        r"Signature expired|Signature not yet current|difference between the request time and the current time",
        "the client's clock is off, or the request was signed long before it was sent; no policy was asked",
        (
            _R.REQUEST,
            "set the client's clock (by NTP; virtual machines lose time while they sleep) and sign each request anew",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    saying(
        r"RequestExpired|Request has expired",
        "the signature or the temporary credentials had expired when the request came in; no policy was asked",
        (
            _R.REQUEST,
            "get new temporary credentials (aws sso login, or assume the role again), and look at the client's clock",
        ),
        whole=True,
    ),
    saying(
        r"AWS was not able to validate the provided access credentials",
        "this Region does not know the credentials: the key or its token is wrong or off, or the account has not enabled the Region; "
        "no policy was asked",
        (
            _R.REQUEST,
            (
                "ask aws sts get-caller-identity: if it answers, the Region is not enabled (leave it out, or aws account enable-region); "
                "if not, renew the credentials"
            ),
        ),
        whole=True,
    ),
    saying(
        r"Not authorized for images?: \[(?P<image>ami-\w+)",
        "image {image} is not there, or neither public nor shared with this account; no policy of the caller was asked",
        (
            _R.REQUEST,
            "name an image of this Region that the account may use (aws ec2 describe-images --image-ids {image})",
        ),
        (
            _R.OWNER,
            "or have its owner share it: aws ec2 modify-image-attribute --launch-permission",
            "the image's owner",
        ),
        whole=True,
    ),
    saying(
        r"SubscriptionRequired|needs a subscription for the service",
        "the account is not signed up for this service, or the service does not exist in this Region or partition",
        (_R.SETTING, "sign the account up for the service, or leave out the feature that calls it", _ADMIN),
        whole=True,
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
    saying(
        r"No OpenIDConnect provider found in your account for (?P<issuer>https?://[^\s,'\"]+)",
        "the account of the role has no OpenID Connect provider {issuer}: role and token may be right, in another account",
        (
            _R.SETTING,
            "make it in the role's account: aws iam create-open-id-connect-provider --url {issuer} --client-id-list sts.amazonaws.com",
            _ADMIN,
        ),
        (_R.REQUEST, "or name the role of the account that has the provider; look at the account id in its ARN"),
        whole=True,
    ),
    saying(
        r"Incorrect token audience",
        "the token's audience is none of the client ids that the provider in IAM lists",
        (_R.REQUEST, "ask for a token with an audience that the provider lists (sts.amazonaws.com as a rule)"),
        (_R.SETTING, "or add it: aws iam add-client-id-to-open-id-connect-provider", _ADMIN),
        whole=True,
    ),
    saying(
        r"InvalidIdentityToken|Couldn't retrieve verification key|IDPCommunicationError",
        "STS cannot check the token: the provider's address or keys are not reachable from the internet, or the token is not its own",
        (_R.SETTING, "look at the provider's URL and its /.well-known/openid-configuration and jwks_uri", _ADMIN),
        whole=True,
    ),
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    saying(
        r"requested DurationSeconds exceeds",
        "the session was asked for longer than the role, or role chaining (one hour), permits",
        (_R.REQUEST, "ask for a shorter session (DurationSeconds)"),
        (_R.SETTING, "or raise the role's MaxSessionDuration, which does not help with role chaining", _ADMIN),
        whole=True,
    ),
    saying(
        r"MultiFactorAuthentication failed|invalid MFA one time pass ?code",
        "the MFA code or the device's serial number is not right, or the code was used before",
        (
            _R.REQUEST,
            "send the next code, with the serial number of the caller's own device (aws iam list-mfa-devices)",
        ),
        whole=True,
    ),
    saying(
        r"Missing ?Authentication ?Token",
        "the request was not signed, or no method of the API stands at this path",
        (_R.REQUEST, "sign the request, and check its path and method"),
        whole=True,
    ),
    saying(
        r"Unable to locate credentials|NoCredentialProviders|Could not load credentials from any providers|CredentialsProviderError",
        "the client found no credentials, so nothing was sent to AWS",
        (_R.REQUEST, "give it a profile, a role or environment variables; look which it uses with aws configure list"),
        whole=True,
    ),
    saying(
        r"SSO session .{0,60}(?:has expired|is invalid)|Token has expired and refresh failed",
        "the sign-in to IAM Identity Center has expired; no policy was asked",
        (_R.REQUEST, "sign in again: aws sso login"),
        whole=True,
    ),
    saying(
        r"GetRoleCredentials operation: No access|ForbiddenException: No access",
        "IAM Identity Center has not assigned this permission set in this account to the user",
        (
            _R.SETTING,
            "assign it, or correct sso_account_id and sso_role_name in the profile",
            "an administrator of IAM Identity Center",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/general/latest/gr/api-retries.html
    saying(
        r"\A(?!.*LookupEvents).*?(?:\b(?:Throttling|ThrottledException|ThrottleException|TooManyRequestsException|RequestLimitExceeded|RequestThrottled(?:Exception)?"
        r"|EC2ThrottledException|ProvisionedThroughputExceededException|SlowDown)\b|Rate exceeded|Request limit exceeded|has been throttled"
        r"|Too many (?:tokens|requests)|reduce your request rate)",
        "the caller exceeds the operation's rate; no policy was asked",
        (_R.RETRY, "try again more slowly, with growing pauses and some chance in them (retry mode adaptive)"),
        (_R.SETTING, "or have the rate raised in Service Quotas, where it can be", _ADMIN),
        whole=True,
    ),
    # https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html
    saying(
        r"\b(?:LimitExceeded(?:Exception)?|ServiceQuotaExceeded(?:Exception)?|\w+LimitExceeded|TooManyBuckets|QuotaExceeded(?:Exception)?)\b"
        r"|Cannot exceed quota|exceed(?:s|ed)? (?:your|the) (?:current )?(?:account )?(?:\w+ )?(?:limit|quota)",
        "a quota of the account is reached; no policy was asked",
        (
            _R.SETTING,
            "delete what is not used, or have the quota raised (aws service-quotas request-service-quota-increase)",
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"EntityTemporarilyUnmodifiable|ConcurrentModification|OperationAborted",
        "another change of the same thing is under way; no policy was asked",
        (_R.RETRY, "try again in a moment"),
        whole=True,
    ),
)
