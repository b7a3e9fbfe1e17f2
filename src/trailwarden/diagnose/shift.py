"""What a change of policies makes of one decision, and which statement makes the difference."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from trailwarden.diagnose.wording import statement_named
from trailwarden.policy import Block, Decision, Effect, Found, Layer, Turn

__all__ = ["Reason", "Shift", "ShiftKind", "shift_of"]

ShiftKind = Literal["same", "denied", "allowed", "unknown", "contradicted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why. `text` is a sentence without its full stop; the rest names the statement, where it is one."""

    text: str
    layer: str = ""
    policy: str = ""
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A call that was allowed is `denied` now, or the other way round; or it is `unknown` which.

    `contradicted`: the policies as they stand decide otherwise than the event tells.
    """

    kind: ShiftKind
    reason: Reason = Reason(text="")


_SAME = Shift("same")


def shift_of(before: Decision, after: Decision, *, denied: bool) -> Shift:
    """What becomes of a call that was recorded as denied or as not denied."""
    return _of_denied(before, after) if denied else _of_allowed(before, after)


def _of_allowed(before: Decision, after: Decision) -> Shift:
    if before.effect is Effect.DENIED:
        return Shift("contradicted", _contradicted(before)) if after.effect is Effect.DENIED else _SAME
    if after.effect is Effect.DENIED:
        return Shift("denied", _denying(before, after))
    if after.effect is Effect.DEPENDS and not _inherited(before, after):
        return Shift("unknown", _turning(after))
    return _SAME


def _of_denied(before: Decision, after: Decision) -> Shift:
    if before.effect is Effect.ALLOWED:
        reason = Reason(text="the policies as they stand allow it, though it was denied")
        return Shift("contradicted", reason) if after.effect is Effect.ALLOWED else _SAME
    if after.effect is Effect.ALLOWED:
        return Shift("allowed", _allowing(before, after))
    if after.effect is Effect.DEPENDS and set(_marks(before)) != set(_marks(after)):
        return Shift("unknown", _turning(after))
    return _SAME


def _contradicted(decision: Decision) -> Reason:
    first = decision.first
    return Reason(text=f"the policies as they stand deny it ({_block_named(first)}), though it was not denied")


def _block_named(block: Block | None) -> str:
    if block is None:
        return "for no reason"
    if block.explicit:
        return _found_named(block.statements[0])
    return f"no {block.layer} allows it"


def _denying(before: Decision, after: Decision) -> Reason:
    """The first reason that was none before."""
    known = {(block.layer, block.explicit, block.level) for block in before.blocks}
    new = [block for block in after.blocks if (block.layer, block.explicit, block.level) not in known]
    block = next(iter(new or after.blocks))
    if block.explicit:
        return _reason(f"{_found_named(block.statements[0])} denies it", block.statements[0])
    lost = next((found for found in _of_layer(before, block) if found.statement.allows), None)
    level = "" if block.level is None else f" on level {block.level}"
    if lost is None:
        return Reason(text=f"no {block.layer}{level} allows it", layer=str(block.layer))
    return _reason(f"no {block.layer}{level} allows it any more, as {_found_named(lost)} did", lost)


def _allowing(before: Decision, after: Decision) -> Reason:
    """What denied it and does no more, or what allows it now."""
    block = next(iter((*before.blocks, *before.doubtful)))
    if block.explicit:
        return _reason(f"{_found_named(block.statements[0])} denies it no more", block.statements[0])
    gained = next((found for found in (*_of_layer(after, block), *after.determining) if found.statement.allows), None)
    if gained is None:
        return Reason(text=f"no {block.layer} stands in its way any more", layer=str(block.layer))
    return _reason(f"{_found_named(gained)} allows it", gained)


def _of_layer(decision: Decision, block: Block) -> Iterator[Found]:
    evidence = decision.evidence
    levels = {Layer.SCP: evidence.scps, Layer.RCP: evidence.rcps}.get(block.layer)
    if levels is not None:
        sides = levels[block.level : block.level + 1] if block.level is not None else levels
        for side in sides:
            yield from (*side.allows, *side.denies)
        return
    yield from (found for found in evidence.statements() if found.policy.source.layer is block.layer)


def _turning(decision: Decision) -> Reason:
    keys = sorted({name for turn in decision.turns for name in _keys(turn)})
    named = ", ".join(keys) or "what no event tells"
    turn = next(iter(decision.turns), None)
    text = f"it depends on {named}"
    return _reason(f"{text}, by {_found_named(turn.found)}", turn.found) if turn else Reason(text=text)


def _keys(turn: Turn) -> Iterator[str]:
    yield from (condition.key for condition in turn.conditions)
    for template in turn.resources:
        yield from (variable.key for variable in template.variables)


def _inherited(before: Decision, after: Decision) -> bool:
    """Whether the call, which was allowed, is allowed for the same reason as before, whatever the unknown turned out to be.

    No statement may have come that could deny, and none gone that could allow.
    """
    stood, stands = set(_marks(before)), set(_marks(after))
    return all(allows for allows, *_ in stands - stood) and not any(allows for allows, *_ in stood - stands)


def _marks(decision: Decision) -> Iterator[tuple[Any, ...]]:
    """What the statements that apply say, wherever they stand in their documents."""
    for found in decision.evidence.statements():
        statement = found.statement
        yield (
            statement.allows,
            found.policy.source,
            statement.actions,
            statement.not_actions,
            statement.resources,
            statement.not_resources,
            statement.conditions,
            found.reach,
        )


def _found_named(found: Found) -> str:
    return statement_named(found.policy, found.statement)


def _reason(text: str, found: Found) -> Reason:
    source, statement = found.policy.source, found.statement
    return Reason(
        text=text, layer=str(source.layer), policy=source.id, statement=statement.sid or str(statement.index + 1)
    )
