"""The kinds of ways out. Most refusals are not mended by one more allow."""

from enum import StrEnum

__all__ = ["Remedy"]


class Remedy(StrEnum):
    """What has to happen."""

    ALLOW = "add an allow"
    CORRECT = "correct one element of a policy"
    REQUEST = "change the request"
    RETRY = "wait, or order the steps, and try again"
    OWNER = "ask the owner in another account"
    LEAVE = "leave it: a guardrail did its job"
    SETTING = "change a setting of the service"
    NOTHING = "nothing is to be changed"
