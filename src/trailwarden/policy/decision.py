"""What the engine answers: a decision with everything that led to it."""

from enum import StrEnum

from trailwarden.policy.condition import Condition
from trailwarden.policy.evidence import Evidence
from trailwarden.policy.request import AccessRequest, Layer, PolicySet
from trailwarden.policy.statement import Found
from trailwarden.policy.value import dataclass
from trailwarden.policy.variables import Template

__all__ = ["HOLDS", "Block", "Decision", "Effect", "Turn", "Verdict"]


class Effect(StrEnum):
    """What becomes of a request. DEPENDS: it turns on context that is not known."""

    ALLOWED = "Allowed"
    DENIED = "Denied"
    DEPENDS = "Depends"


@dataclass(frozen=True, slots=True)
class Block:
    """One reason why a request is not allowed.

    `explicit`: `statements` deny it; otherwise no statement of that layer allows it. `level` counts the organization's
    tree from the root (0) for service and resource control policies.
    """

    layer: Layer
    explicit: bool
    statements: tuple[Found, ...] = ()
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's answer: it holds (`blocks` is empty), or it blocks.

    `doubtful` blocks stand or fall with what is not known.
    """

    blocks: tuple[Block, ...] = ()
    doubtful: tuple[Block, ...] = ()


HOLDS = Verdict()


@dataclass(frozen=True, slots=True)
class Turn:
    """A statement that applies only if these conditions, whose keys are not known, are met.

    `resources` are patterns of its Resource element that hold an unknown variable.
    """

    found: Found
    conditions: tuple[Condition, ...]
    resources: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request. `verdicts` stand in the order of `RULES`."""

    effect: Effect
    evidence: Evidence
    verdicts: tuple[Verdict, ...]

    @property
    def allowed(self) -> bool:
        """Whether the request is certainly allowed."""
        return self.effect is Effect.ALLOWED

    @property
    def request(self) -> AccessRequest:
        """What was asked."""
        return self.evidence.request

    @property
    def policies(self) -> PolicySet:
        """The policies it was asked of."""
        return self.evidence.policies

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every certain reason against the request, in AWS's order: explicit denials first."""
        return tuple(block for verdict in self.verdicts for block in verdict.blocks)

    @property
    def doubtful(self) -> tuple[Block, ...]:
        """The reasons that stand or fall with what is not known."""
        return tuple(block for verdict in self.verdicts for block in verdict.doubtful)

    @property
    def first(self) -> Block | None:
        """The reason that AWS's message names, None where nothing blocks."""
        return next(iter(self.blocks or self.doubtful), None)

    @property
    def determining(self) -> tuple[Found, ...]:
        """The statements that made the decision: what denies explicitly, or for an allowed request what grants it.

        Empty for an implicit denial.
        """
        if self.effect is Effect.ALLOWED:
            return tuple(self.evidence.grants())
        return tuple(found for block in self.blocks for found in block.statements)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What an undecided request turns on; empty where it is decided."""
        if self.effect is not Effect.DEPENDS:
            return ()
        return tuple(
            Turn(found, found.doubts, found.unsure) for found in self.evidence.statements() if not found.certain
        )
