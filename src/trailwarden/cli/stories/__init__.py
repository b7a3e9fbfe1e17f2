"""The five stories of AWS's page "Troubleshooting AWS CloudTrail identity and access", each played for real.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_troubleshoot.html
"""

from collections.abc import Callable

from trailwarden.cli.stories.integrations import integrations
from trailwarden.cli.stories.not_authorized import not_authorized
from trailwarden.cli.stories.organization import organization
from trailwarden.cli.stories.outside import outside
from trailwarden.cli.stories.pass_role import pass_role
from trailwarden.cli.stories.stage import DemoFailed, Stage
from trailwarden.cli.stories.validation import validation

__all__ = ["STORIES", "DemoFailed", "Stage", "validation"]

STORIES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("I am not authorized to perform an action in CloudTrail", not_authorized),
    ("I want to set up Config and CloudWatch Logs with my CloudTrail permissions", integrations),
    ("I am not authorized to perform iam:PassRole", pass_role),
    ("I want to allow people outside of my account to access my CloudTrail resources", outside),
    ("NoManagementAccountSLRExistsException for an organization trail", organization),
)
