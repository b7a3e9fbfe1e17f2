"""This server's own service: whose refusal a call is about, and which access request. See docs/design/0007-access-requests.md."""

from collections.abc import Mapping

from trailwarden.catalog.asking import Ask, Target
from trailwarden.catalog.overlay import Overlay

__all__ = ["TABLES"]


def _own_refusal(ask: Ask) -> tuple[Target, ...]:
    """A refusal is the caller's own until it is read; the handler asks for `refusal/any` where it proves to be another's."""
    return (Target(ask.arn("refusal/own")),)


def _listed(ask: Ask) -> tuple[Target, ...]:
    return (Target(ask.arn("access-request/own" if ask.params.get("Own") is True else "access-request/*")),)


def _request(ask: Ask) -> tuple[Target, ...]:
    return ask.named("AccessRequestId", "access-request/{}")


TABLES: Mapping[str, Overlay] = {
    "trailwarden": Overlay(
        types={"refusal": _own_refusal, "access-request": _request}, targets={"ListAccessRequests": _listed}
    )
}
