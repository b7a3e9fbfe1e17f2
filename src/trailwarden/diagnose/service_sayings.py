"""Refusals in the words of single services, which name no caller: mostly a role that they use lacks something."""

from trailwarden.diagnose.remedy import Remedy
from trailwarden.diagnose.saying import Saying, saying

__all__ = ["SERVICE_SAYINGS"]

_R = Remedy
_ADMIN = "an administrator of the account"
_BUCKET_OWNER = "the bucket's owner"

SERVICE_SAYINGS: tuple[Saying, ...] = (
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    saying(
        r"execution role does not have permissions? to call (?P<call>\w+) on (?P<of>\w+)"
        r"|denied by (?P<of2>\w+), please make sure your function execution role have permission to \W?(?P<call2>\w+)",
        "the function's execution role, not the caller, may not {permission}",
        (
            _R.ALLOW,
            "allow the execution role {permission} before the function is made{managed}",
            _ADMIN,
        ),
        (
            _R.LEAVE,
            "if the role has it: a service control policy or boundary denies it, see the {call} event of the role",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    saying(
        r"Unable to assume the service.linked role(?:.{0,60}?the (?P<linked>\w+) service.linked role exists)?",
        "the service-linked role of the service is not there yet, or is a few seconds old",
        (
            _R.SETTING,
            "make it once for the account: aws iam create-service-linked-role --aws-service-name {linked}.amazonaws.com",
            _ADMIN,
        ),
        (
            _R.RETRY,
            "then make the call again: in a new account the first call makes the role and fails, the next one passes",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    saying(
        r"ResourceInitializationError.*?(?:RequestError|RequestCanceled|context deadline exceeded|connection issue|task network configuration|i/o timeout)",
        "the task cannot reach the service from its subnet: there is no route; no policy was asked",
        (
            _R.SETTING,
            (
                "give the task a way out: a public IP address, a NAT gateway, or VPC endpoints (ecr.api, ecr.dkr, s3, secretsmanager, ssm, logs), "
                "and let its security group out"
            ),
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"ResourceInitializationError.*?(?:fetch|retrieve) secrets?(?: from (?:asm|ssm))?(?:[^a]*?(?P<secret>arn:aws[\w-]*:\S+?))?(?=[\s:,]|\.\.|$)",
        "the task's execution role, not its task role, may not read the secret {secret}, or the secret is not there",
        (
            _R.ALLOW,
            "allow the execution role secretsmanager:GetSecretValue (ssm:GetParameters for parameters) on it, and kms:Decrypt if it has its own key",
            _ADMIN,
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
    saying(
        r"Insufficient delivery policy to s3 bucket: (?P<bucket>\S+?), unable to assume role: (?P<role>arn:aws[\w-]*:iam::\d*:user/\S+?)\.?(?=\s|$)",
        "the recorder was given {role}, which is a user: AWS Config needs a role",
        (
            _R.REQUEST,
            "give the recorder the ARN of a role that trusts config.amazonaws.com, or its service-linked role",
        ),
        whole=True,
    ),
    saying(
        r"Insufficient delivery policy to s3 bucket: (?P<bucket>\S+?), unable to assume role(?:: (?P<role>arn:\S+?))?\.?(?=\s|$)",
        "AWS Config cannot assume the recorder's role {role}",
        (_R.ALLOW, "let config.amazonaws.com assume it, in the role's trust policy", _ADMIN),
        whole=True,
    ),
    saying(
        r"Insufficient delivery policy to s3 bucket: (?P<bucket>arn:aws[\w-]*:s3:::\S+?), unable to write",
        "the delivery channel was given the bucket's ARN {bucket} where its name belongs",
        (_R.REQUEST, "give the bucket by its name"),
        whole=True,
    ),
    saying(
        r"Insufficient delivery policy to s3 bucket: (?P<bucket>\S+?), unable to get s3 bucket acl",
        "AWS Config may not read the ACL of bucket {bucket}",
        (
            _R.ALLOW,
            "allow s3:GetBucketAcl and s3:ListBucket on the bucket to config.amazonaws.com, in the bucket's policy, and to the recorder's role",
            _BUCKET_OWNER,
        ),
        whole=True,
    ),
    saying(
        r"InsufficientDeliveryPolicy|Insufficient delivery policy to s3 bucket: (?P<bucket>\S+?),",
        "AWS Config may not write to bucket {bucket}: the recorder's role or the bucket's policy does not allow it, or key and prefix are other ones",
        (
            _R.ALLOW,
            (
                "allow s3:PutObject on {bucket}/[PREFIX/]AWSLogs/ACCOUNT/Config/* to config.amazonaws.com, in the bucket's policy, and to the recorder's role; "
                "with a key, kms:GenerateDataKey too"
            ),
            _BUCKET_OWNER,
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
    saying(
        r"AWS Backup does not have permission to describe resource (?P<resource>arn:aws[\w-]*:(?P<kind>\w+):\S+?)\.?(?=\s|$)",
        "the role that AWS Backup uses has no permission for {resource}",
        (
            _R.ALLOW,
            "attach AWSBackupServiceRolePolicyForBackup to the backup role, and AWSBackupServiceRolePolicyForS3Backup for buckets",
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"consult the permissions associated with your AWS Backup role",
        "the role that AWS Backup restores with may not do what the restore needs: mostly to pass the instance's role",
        (
            _R.ALLOW,
            "allow the backup role iam:PassRole on the role of the instance profile, and attach AWSBackupServiceRolePolicyForRestores",
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"Given key ID is not accessible. You must have DescribeKey permissions",
        "whoever copies may not use the key of the snapshot: an AWS managed key cannot be shared with another account",
        (
            _R.ALLOW,
            "allow kms:DescribeKey, kms:CreateGrant, kms:Decrypt and kms:ReEncrypt* to the copying role and account, in the policy of a customer managed key",
            "the key's owner",
        ),
        (_R.REQUEST, "if it is an AWS managed key: copy to a customer managed key first, in the same account"),
        whole=True,
    ),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html
    saying(
        r"don.t have access to the model with the specified model ID",
        "the account has no access to this model in this Region; no policy was asked",
        (
            _R.SETTING,
            "ask for access to the model in the Bedrock console, in the Region of the call; or name a model that the account has",
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"Model access is denied due to .{0,200}?\((?P<actions>aws-marketplace:[\w:, -]+)\)",
        "the model's subscription is not there, and the caller may not make it: {actions} are missing",
        (
            _R.ALLOW,
            "allow {actions} to whoever calls the model first in this account, and try again after five minutes",
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"(?:Your )?account is not authorized to (?:invoke this API operation|perform this (?:action|operation))",
        "AWS has not opened this operation to the account, or not in this Region; no policy of the account was asked",
        (_R.SETTING, "ask AWS Support to open it, or call in a Region where the service is offered", _ADMIN),
        whole=True,
    ),
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
    saying(
        r"Account (?P<account>\d{12}|\w+) is not an administrator for this organization|not (?:a|the) delegated administrator",
        "the account is not the service's delegated administrator for the organization",
        (
            _R.OWNER,
            "have the management account register it for this service (aws organizations register-delegated-administrator, or the service's own operation)",
            "an administrator of the management account",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    saying(
        r"Cross-account pass role is not allowed",
        "the role belongs to another account than the call: roles are not passed across accounts",
        (_R.REQUEST, "pass a role of the account that makes the call; that one may assume the other account's role"),
        whole=True,
    ),
    saying(
        r"(?:is |was )?(?:unable|not able|could not|cannot|failed|does not have permission) to assume (?:the )?(?:provided |specified |given |IAM )*role",
        "the service cannot assume the role: its trust policy does not name the service, or the role is a few seconds old",
        (_R.ALLOW, "let the service's principal assume it, in the role's trust policy", _ADMIN),
        (_R.RETRY, "if the trust policy names the service and the role was just made: try again within a minute"),
        whole=True,
    ),
    saying(
        r"role ARN value is invalid or does not include the required permissions for:? (?P<what>[\w.-]+)",
        "the role does not exist, does not trust the service, or lacks what {what} needs",
        (_R.ALLOW, "look at the role's ARN, its trust policy and its permissions for {what}", _ADMIN),
        whole=True,
    ),
    saying(
        r"CloudWatch Logs role ARN must be set in account settings",
        "API Gateway has no role in this Region's settings to write logs with",
        (
            _R.SETTING,
            "set one: aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE-ARN",
            _ADMIN,
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    saying(
        r"Access Denied for bucket: (?P<bucket>[\w.-]+?)\.? Please check S3 ?bucket permission",
        "the policy of bucket {bucket} does not let the load balancer write its logs, or the bucket has a key of its own",
        (
            _R.ALLOW,
            (
                "allow s3:PutObject on {bucket}/[PREFIX/]AWSLogs/ACCOUNT/* to logdelivery.elasticloadbalancing.amazonaws.com, in the bucket's policy; "
                "the bucket's encryption must be SSE-S3"
            ),
            _BUCKET_OWNER,
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    saying(
        r"Access Denied for LogDestination: (?P<bucket>[\w.-]+)",
        "the policy of {bucket} does not let log delivery in, or the caller may not change it",
        (
            _R.ALLOW,
            "allow s3:PutObject and s3:GetBucketAcl to delivery.logs.amazonaws.com, in the bucket's policy, and with a key kms:GenerateDataKey*",
            _BUCKET_OWNER,
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
    saying(
        r"Unable to verify/create output bucket (?P<bucket>\S+)|Access denied when writing output to url: (?P<bucket2>s3://\S+)",
        "the caller may not use Athena's place for results, {bucket}",
        (
            _R.ALLOW,
            "allow the caller s3:GetBucketLocation on the bucket and s3:PutObject, s3:GetObject and s3:ListBucket below it; or choose another place",
            _ADMIN,
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
    saying(
        r"no basic auth credentials|[Yy]our (?:authorization|Authorization) [Tt]oken has expired",
        "Docker has no valid sign-in to this registry; no policy was asked",
        (
            _R.REQUEST,
            "sign in again: aws ecr get-login-password | docker login --username AWS --password-stdin ACCOUNT.dkr.ecr.REGION.amazonaws.com",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html
    saying(
        r"security_exception|no permissions for \[[^\]]+\] and User \[name=(?P<user>[^,\]]+)",
        "OpenSearch's own fine-grained access control refuses, not IAM: {user} is mapped to no role that may do this",
        (
            _R.SETTING,
            "map the user's or role's ARN to a role in OpenSearch (Security, Roles, Mapped users)",
            "the domain's administrators",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    saying(
        r"You must be logged in to the server|is forbidden: User \"(?P<user>[^\"]+)\" cannot",
        "Kubernetes refuses, not IAM: the principal {user} has no access entry of the cluster, or its group no such right",
        (
            _R.SETTING,
            "make an access entry (aws eks create-access-entry, associate-access-policy) or bind a role",
            "the cluster's administrators",
        ),
        whole=True,
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
    saying(
        r"User is not authorized to access this resource",
        "the API refuses by its own authorizer or resource policy; the policies of the caller were not asked",
        (_R.REQUEST, "send what the authorizer wants; look whether its cached policy covers this method and path"),
        (
            _R.CORRECT,
            "or correct the policy that the authorizer returns, or the API's resource policy, and deploy the stage again",
            "the API's owner",
        ),
        whole=True,
    ),
    saying(
        r"Unable to determine service/operation name to be authorized",
        "the request's path or method is none of the service's operations, so that no policy could be asked",
        (_R.REQUEST, "correct the path, the method and the service name that the request is signed for"),
        whole=True,
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
    saying(
        r"state machine IAM Role is not authorized to access the Log Destination",
        "the state machine's role may not set up log delivery, or CloudWatch Logs' resource policies are full",
        (
            _R.ALLOW,
            (
                "allow the role logs:CreateLogDelivery, GetLogDelivery, UpdateLogDelivery, DeleteLogDelivery, ListLogDeliveries, PutResourcePolicy, "
                "DescribeResourcePolicies and DescribeLogGroups on *; a log group named /aws/vendedlogs/... keeps the resource policy short"
            ),
            _ADMIN,
        ),
        whole=True,
    ),
    saying(
        r"InsufficientCapabilities|Requires capabilities",
        "the template makes IAM resources, and the call does not acknowledge that; no policy was asked",
        (
            _R.REQUEST,
            "give --capabilities CAPABILITY_IAM, or CAPABILITY_NAMED_IAM where resources have names of their own",
        ),
        whole=True,
    ),
    saying(
        r"[Ee]mail address is not verified",
        "SES sends only from, and in its sandbox only to, verified identities; no policy was asked",
        (_R.SETTING, "verify the address or its domain in this Region, or ask to leave the sandbox", _ADMIN),
        whole=True,
    ),
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    saying(
        r"new key policy will not allow you to update the key policy in the future",
        "KMS keeps the caller from locking itself out: the new policy does not let the caller change it again",
        (_R.REQUEST, "keep a statement that allows the account's root, or the caller, kms:PutKeyPolicy"),
        whole=True,
    ),
)
