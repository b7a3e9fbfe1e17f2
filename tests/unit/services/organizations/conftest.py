import pytest
from tests.unit.services.desk import Desk

from trailwarden.services.iam.facts import iam_facts
from trailwarden.services.organizations import organizations_facts


@pytest.fixture
def org(desk: Desk) -> Desk:
    """A desk whose first account manages an organization."""
    desk.facts = {"iam": iam_facts, "organizations": organizations_facts}
    desk.call("organizations:CreateOrganization")
    return desk
