"""A diagnosis as a person reads it, at most 100 columns wide: the cause in the first line, the mend in the second."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from trailwarden.diagnose.diagnosis import Diagnosis
from trailwarden.diagnose.edits import Act, Attach, Edit, SetDocument, pretty
from trailwarden.diagnose.mends import Mend

__all__ = ["as_data", "as_text"]

_WIDTH = 100
_SHOWN_ACTIONS = 6


def as_text(diagnosis: Diagnosis) -> str:
    """The whole answer. Statements and commands are never broken, so that they can be copied."""
    return "\n".join(_lines(diagnosis))


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield from _head(diagnosis)
    if len(diagnosis.reasons) > 1:
        yield from ("", "Every reason, in the order of evaluation:")
        for reason in diagnosis.reasons:
            yield from _wrapped(f"  - {reason}.")
    for number, mend in enumerate(diagnosis.mends, 1):
        if mend.edits or number > 1:
            yield ""
            yield from _mend(number, mend)
    if diagnosis.cause and diagnosis.needed:
        yield ""
        yield from _wrapped(f"Not known here: {'; '.join(diagnosis.needed)}.")


def _head(diagnosis: Diagnosis) -> Iterator[str]:
    needed = f"not found. Needed: {'; '.join(diagnosis.needed)}"
    yield from _wrapped(f"Cause: {diagnosis.cause or needed}.")
    for mend in diagnosis.mends[:1]:
        yield from _wrapped(f"Mend:  {_offer(mend)}.")


def _offer(mend: Mend) -> str:
    proof = " (proved: evaluated again with the change, the call is allowed)" if mend.proved else ""
    return mend.title.rstrip(".") + proof


def _mend(number: int, mend: Mend) -> Iterator[str]:
    yield from _wrapped(f"{number}. {mend.title}.")
    if mend.guardrail:
        yield "   This loosens a guardrail."
    if mend.approver:
        yield from _wrapped(f"   To be agreed by: {mend.approver}.")
    if not mend.edits:
        return
    if mend.proved:
        yield from _wrapped(f"   Becomes allowed besides: {_remainder(mend)}.")
    for edit in mend.edits:
        yield ""
        yield from _edit(edit)


def _remainder(mend: Mend) -> str:
    if not mend.remainder:
        return "nothing"
    shown = ", ".join(mend.remainder[:_SHOWN_ACTIONS])
    more = len(mend.remainder) - _SHOWN_ACTIONS
    return f"{len(mend.remainder)} actions: {shown}{f' and {more} more' if more > 0 else ''}"


def _edit(edit: Edit) -> Iterator[str]:
    if isinstance(edit, SetDocument):
        yield f"   Statement for {edit.place.described}:"
        yield textwrap.indent(pretty(msgspec.json.encode(edit.statement).decode()), "     ")
    yield "   With the aws command line:"
    yield f"     {edit.call.command}"
    if edit.terraform:
        yield "   With Terraform:"
        yield textwrap.indent(edit.terraform, "     ")


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + (7 if text.startswith(("Cause:", "Mend:")) else 2))
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def as_data(diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as data, for `--json`."""
    case = diagnosis.case
    return {
        "cause": diagnosis.cause,
        "reasons": list(diagnosis.reasons),
        "needed": list(diagnosis.needed),
        "action": diagnosis.refusal.action,
        "principal": diagnosis.refusal.principal,
        "resource": case.request.resource if case else diagnosis.refusal.resource,
        "decision": case.decision.effect.value if case else None,
        "blocks": [
            {
                "layer": block.layer.value,
                "explicit": block.explicit,
                "level": block.level,
                "statements": [
                    {"policy": found.policy.source.id, "sid": found.statement.sid, "index": found.statement.index}
                    for found in block.statements
                ],
            }
            for block in (case.decision.blocks if case else ())
        ],
        "mends": [_mend_data(mend) for mend in diagnosis.mends],
    }


def _mend_data(mend: Mend) -> dict[str, Any]:
    return {
        "title": mend.title,
        "guardrail": mend.guardrail,
        "approver": mend.approver,
        "proved": mend.proved,
        "newly_allowed": list(mend.remainder),
        "edits": [_edit_data(edit) for edit in mend.edits],
    }


def _edit_data(edit: Edit) -> Mapping[str, Any]:
    call = edit.call
    common = {
        "call": {"service": call.service, "operation": call.operation, "params": dict(call.params)},
        "aws": call.command,
        "terraform": edit.terraform,
    }
    if isinstance(edit, Act):
        return {"kind": "call", **common}
    if isinstance(edit, Attach):
        return {"kind": "attach", "policy": edit.arn, "to": f"{edit.kind} {edit.holder}", **common}
    return {
        "kind": "document",
        "place": edit.place.described,
        "statement": dict(edit.statement),
        "before": edit.before,
        "after": edit.after,
        **common,
    }
