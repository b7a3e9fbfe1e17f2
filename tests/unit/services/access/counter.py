"""A desk that can diagnose, and what a user without permissions asks at it."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from tests.unit.services.desk import ACCOUNT, Desk, root

from trailwarden.app.inside import Inside
from trailwarden.app.server import DIAGNOSER, LOOKUPS
from trailwarden.services.access import Expirer
from trailwarden.services.diagnosing import Place
from trailwarden.services.world import World
from trailwarden.storage.ports import Transaction
from trailwarden.wire.http import HttpRequest

__all__ = ["Counter", "denial", "document"]


def denial(action: str, resource: str = "", user: str = "mateojackson") -> str:
    on = f" on resource: {resource}" if resource else ""
    return (
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: {action}{on} "
        f"because no identity-based policy allows the {action} action"
    )


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclasses.dataclass(slots=True, kw_only=True)
class Counter(Desk):
    """Calls the service's operations as mateojackson or as root."""

    def world(self) -> World:
        return self.acting(self.storage.begin())

    def acting(self, transaction: Transaction) -> World:
        return dataclasses.replace(Desk.world(self), transaction=transaction, diagnosing=DIAGNOSER)

    def ask(self, text: str = denial("iam:ListUsers"), **members: Any) -> Any:
        given = {"Text": text, **members}
        return self.call("trailwarden:CreateAccessRequest", given, caller=self.as_user("mateojackson"))["AccessRequest"]

    def admin(self, operation: str, **members: Any) -> Any:
        return self.call(f"trailwarden:{operation}", members)

    def state(self, request: str) -> Any:
        return self.admin("GetAccessRequest", AccessRequestId=request)["AccessRequest"]

    def expirer(self) -> Expirer:
        return Expirer(self.storage, self.acting, lambda: self.now)

    def policies(self, user: str = "mateojackson") -> list[str]:
        return list(self.call("iam:ListUserPolicies", {"UserName": user})["PolicyNames"])

    def inside(self, world: World) -> Inside:
        request = HttpRequest(method="POST", raw_path="/", query="", headers=(), body=b"", client="192.0.2.1")
        place = Place(account=ACCOUNT, region="us-east-1", caller=root(), request=request, request_id="r-1")
        return Inside(world=world, place=place, lookups=LOOKUPS, writing=True, demanding=True)
