"""Terraform with its AWS provider, unchanged: planned, applied, changed and destroyed without a difference left over."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.live import Live

from trailwarden.cli.env import client_environment

MAIN = Path(__file__).parent / "terraform" / "main.tf"
UNCHANGED, CHANGED = 0, 2

pytestmark = pytest.mark.slow


class Terraform:
    """One working directory of Terraform, pointed at the server."""

    def __init__(self, live: Live, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment = {**kept, **client_environment(live.server.data), "TF_IN_AUTOMATION": "1"}
        self.folder = folder

    def __call__(self, *line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *line],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def apply(self, *arguments: str) -> None:
        done = self("apply", "-no-color", "-auto-approve", *arguments)
        assert done.returncode == 0, done.stderr

    def plan(self, *arguments: str) -> int:
        done = self("plan", "-no-color", "-detailed-exitcode", *arguments)
        assert done.returncode in {UNCHANGED, CHANGED}, done.stderr
        return done.returncode

    def output(self, name: str) -> str:
        value: str = json.loads(self("output", "-json", name).stdout)
        return value


@pytest.fixture
def terraform(live: Live, tmp_path: Path) -> Terraform:
    """Terraform with its provider at hand. TERRAFORM_PLUGINS may name a folder that holds the provider unpacked."""
    if shutil.which("terraform") is None:
        pytest.skip("needs terraform")
    shutil.copy(MAIN, tmp_path)
    made = Terraform(live, tmp_path)
    plugins = os.environ.get("TERRAFORM_PLUGINS")
    done = made("init", "-no-color", *([f"-plugin-dir={plugins}"] if plugins else []))
    if done.returncode != 0:
        pytest.skip(f"the provider hashicorp/aws cannot be installed: {done.stderr[-300:]}")
    return made


def test_a_trail_and_its_identities(terraform: Terraform, live: Live) -> None:
    terraform.apply()
    assert terraform.plan() == UNCHANGED
    trail = live.client("cloudtrail").get_trail(Name="From-Terraform")["Trail"]
    assert (trail["IsMultiRegionTrail"], trail["LogFileValidationEnabled"]) == (True, True)
    key = terraform.output("key")
    assert live.client("iam").get_access_key_last_used(AccessKeyId=key)["UserName"] == "mateojackson-terraform"

    assert terraform.plan("-var", "team=security") == CHANGED
    terraform.apply("-var", "team=security")
    assert terraform.plan("-var", "team=security") == UNCHANGED
    tags = live.client("iam").list_role_tags(RoleName="worker-terraform")["Tags"]
    assert tags == [{"Key": "Team", "Value": "security"}]

    destroyed = terraform("destroy", "-no-color", "-auto-approve")
    assert destroyed.returncode == 0, destroyed.stderr
    assert all(bucket["Name"] != "amzn-s3-demo-terraform" for bucket in live.client("s3").list_buckets()["Buckets"])
    assert all(user["UserName"] != "mateojackson-terraform" for user in live.client("iam").list_users()["Users"])
