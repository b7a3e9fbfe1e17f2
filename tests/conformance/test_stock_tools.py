"""Tools that read or manage a whole account, unchanged, against a running server.

They are looked for on PATH and in the folders of STOCK_TOOLS (separated as PATH is); a tool that is not there is skipped.
docs/tools.md tells how to install them, and what each does here.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.live import Live, User, live_server
from tests.trails import bucket_policy

from trailwarden.cli.env import client_environment

FOLDER = Path(__file__).parent / "stock"
BUCKET = "amzn-s3-demo-bucket"
ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
ASSUME = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}'

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """A server with an account worth reading, and a folder for the tools to work in."""

    live: Live
    user: User
    folder: Path

    def __call__(self, name: str, *line: str) -> str:
        """Run a tool; what it printed. Skips where it is not installed, and fails where it does."""
        done = self.run(name, *line)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def run(self, name: str, *line: str) -> subprocess.CompletedProcess[str]:
        found = shutil.which(name, path=os.pathsep.join((os.environ.get("STOCK_TOOLS", ""), os.environ["PATH"])))
        if found is None:
            pytest.skip(f"needs {name} on PATH or in STOCK_TOOLS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        return subprocess.run(
            [found, *line],
            cwd=self.folder,
            env={**kept, **client_environment(self.live.server.data), "PMAPPER_STORAGE": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Live, User]]:
    """An account with a user who reaches an administrator's role, a trail and an organization."""
    with live_server() as live:
        iam, s3, trails = live.client("iam"), live.client("s3"), live.client("cloudtrail")
        user = live.user("mateojackson")
        iam.put_user_policy(UserName=user.name, PolicyName="assume", PolicyDocument=ASSUME)
        trust = ASSUME.replace('"Resource":"*"', f'"Principal":{{"AWS":"arn:aws:iam::{live.account}:root"}}')
        iam.create_role(RoleName="boss", AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName="boss", PolicyName="all", PolicyDocument=ALL)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET, live.account)))
        trails.create_trail(Name="My-Trail", S3BucketName=BUCKET, IsMultiRegionTrail=True)
        live.client("organizations").create_organization(FeatureSet="ALL")
        yield live, user


@pytest.fixture
def tools(account: tuple[Live, User], tmp_path: Path) -> Tools:
    live, user = account
    return Tools(live=live, user=user, folder=tmp_path)


def test_cloudsplaining(tools: Tools) -> None:
    tools("cloudsplaining", "download", "--output", ".")
    tools("cloudsplaining", "scan", "--input-file", "default.json", "--output", ".", "--skip-open-report")
    found = json.loads((tools.folder / "iam-results-default.json").read_text())
    assert "boss" in {role["name"] for role in found["roles"].values()}


def test_pmapper(tools: Tools) -> None:
    tools("pmapper", "graph", "create", "--include-regions", "us-east-1")
    told = tools("pmapper", "query", "preset privesc *")
    assert "user/mateojackson can access via sts:AssumeRole role/boss" in told
    assert "Stored organization data" in tools("pmapper", "orgs", "create")


@pytest.mark.parametrize(("action", "decision"), [("sts:AssumeRole", "allowed"), ("s3:PutObject", "implicitDeny")])
def test_aws_iam_tester(tools: Tools, action: str, decision: str) -> None:
    done = tools.run("aws-iam-tester", "access", "--user", tools.user.name, "--action", action)
    assert re.search(rf"Result:\s+{decision}\b", done.stdout), done.stdout + done.stderr
    assert done.returncode == (0 if decision == "allowed" else 1)


def test_access_undenied(tools: Tools) -> None:
    """It reads our own event, and proposes what was missing."""
    with pytest.raises(ClientError):
        tools.user.client("iam").create_user(UserName="marymajor")
    (tools.folder / "events.json").write_text(json.dumps({"Records": [_denied(tools)]}))
    told = tools("access-undenied-aws", "analyze", "--events-file", "events.json")
    assert "Missing allow in an identity-based policy" in told
    assert '"Action": "iam:CreateUser"' in told


def _denied(tools: Tools) -> Any:
    events = tools.live.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": tools.user.name}]
    )["Events"]
    return json.loads(events[0]["CloudTrailEvent"])


def test_ansible(tools: Tools) -> None:
    """The second run changes nothing."""
    shutil.copy(FOLDER / "playbook.yml", tools.folder)
    line = ("-i", "localhost,", "-e", "ansible_python_interpreter={{ansible_playbook_python}}", "playbook.yml")
    assert re.search(r"changed=[1-9]\d* .*failed=0", tools("ansible-playbook", *line))
    assert re.search(r"changed=0 .*failed=0", tools("ansible-playbook", *line))


def test_org_formation(tools: Tools) -> None:
    """The organization is read, added to, and then up to date."""
    tools("org-formation", "init", "organization.yml", "--region", "us-east-1")
    template = tools.folder / "organization.yml"
    template.write_text(template.read_text().rstrip() + "\n" + (FOLDER / "organization.yml").read_text())
    tools("org-formation", "update", "organization.yml")
    assert "organization up to date, no work to be done" in tools("org-formation", "update", "organization.yml")
    accounts = tools.live.client("organizations").list_accounts()["Accounts"]
    assert "member" in {account["Name"] for account in accounts}


def test_scoutsuite(tools: Tools) -> None:
    tools(
        "scout", "aws", "--services", "iam", "cloudtrail", "--regions", "us-east-1", "--no-browser", "--report-dir", ".",
    )  # fmt: skip
    results = tools.folder / "scoutsuite-results"
    (failed,) = results.glob("scoutsuite_exceptions_*.js")
    assert json.loads(failed.read_text().partition("=")[2]) == {}
    (told,) = results.glob("scoutsuite_results_*.js")
    roles = json.loads(told.read_text().partition("=")[2])["services"]["iam"]["roles"]
    assert "boss" in {role["name"] for role in roles.values()}


def test_prowler(tools: Tools) -> None:
    """Checks that fail are what it is for (exit 3); checks that cannot be made are not."""
    done = tools.run(
        "prowler", "aws", "--services", "iam", "cloudtrail", "--region", "us-east-1",
        "--output-formats", "json-ocsf", "--output-directory", ".", "--no-banner",
    )  # fmt: skip
    assert done.returncode in {0, 3}, done.stdout[-3000:]
    assert "ClientError" not in done.stdout + done.stderr
    (report,) = tools.folder.glob("*.ocsf.json")
    found = {(each["metadata"]["event_code"], each["status_code"]) for each in json.loads(report.read_text())}
    assert ("iam_inline_policy_no_administrative_privileges", "FAIL") in found
    assert ("cloudtrail_multi_region_enabled", "FAIL") in found or ("cloudtrail_multi_region_enabled", "PASS") in found
