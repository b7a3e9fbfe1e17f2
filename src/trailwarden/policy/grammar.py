"""What each kind of policy may say, and AWS's words where one says something else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from trailwarden.policy.condition import known_operator
from trailwarden.policy.draft import Draft

__all__ = ["ANY", "Grammar", "MalformedPolicy"]


class MalformedPolicy(Exception):
    """A document that AWS refuses. `text` is AWS's message, `path` the JSON path of the fault, `reason` ours on it."""

    def __init__(self, text: str, path: str, reason: str = "") -> None:
        self.text = text
        self.path = path
        self.reason = reason
        super().__init__(text)


Check = Callable[[Draft], MalformedPolicy | None]


def unknown_operator(draft: Draft) -> MalformedPolicy | None:
    """An operator that does not exist is an error where it has keys; AWS takes an empty one."""
    for statement in draft.statements:
        for operator, _, _ in statement.conditions:
            if not known_operator(operator):
                return MalformedPolicy("Syntax errors in policy.", f"{statement.path}.Condition.{operator}")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The grammar of one kind of policy: its size limit in characters without white space, and its checks in order."""

    name: str
    size_max: int = 0
    not_json: str = "Syntax errors in policy."
    syntax: str = "Syntax errors in policy."
    checks: tuple[Check, ...] = ()

    def refusal(self, text: str, draft: Draft) -> MalformedPolicy | None:
        """The first fault, or None."""
        return next((found for check in self.checks if (found := check(draft)) is not None), None)


ANY = Grammar(name="policy", checks=(unknown_operator,))
