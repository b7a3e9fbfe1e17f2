"""A diagnosis as a person reads it, at most 100 columns wide: the cause in the first line, the mend in the second.

What does not fit into its line is cut there, and stands in full below.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from trailwarden.arn import Arn
from trailwarden.diagnose.diagnosis import Diagnosis
from trailwarden.diagnose.edits import Act, Attach, Edit, SetDocument, pretty
from trailwarden.diagnose.grouping import Group
from trailwarden.diagnose.mend import Mend

__all__ = ["as_data", "as_markdown", "as_text", "groups_as_data", "groups_as_markdown", "groups_as_text"]

_WIDTH = 100
_SHOWN_ACTIONS = 6


def as_text(diagnosis: Diagnosis) -> str:
    """The whole answer. Commands are broken as a shell reads them, and names never, so that all of it can be copied."""
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
    """Two lines, and below them in full what was cut; the mends that have changes are all spelt out further down."""
    needed = f"not found. Needed: {'; '.join(diagnosis.needed)}"
    first = next(iter(diagnosis.mends), None)
    cause = f"Cause: {diagnosis.cause or needed}."
    mend = f"Mend:  {_offer(first)}." if first else f"Mend:  {_NOT_BEFORE}."
    heads = [_flat(cause), _flat(mend)]
    yield from (_cut(head) for head in heads)
    for head in heads[: 1 if first is not None and first.edits else 2]:
        if len(head) > _WIDTH:
            yield ""
            yield from _wrapped(head.replace(":", " in full:", 1))


_NOT_BEFORE = "none can be told before that is known"


def _flat(text: str) -> str:
    """One line: names come from others, who may have put line ends into them."""
    return re.sub(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+", " ", text)


def _cut(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    kept = line[: _WIDTH - len(_MORE)].rpartition(" ")[0]
    return (kept if len(kept) > _LABEL else line[: _WIDTH - len(_MORE)]) + _MORE


_MORE = " ..."
_LABEL = len("Cause: ")


def _offer(mend: Mend) -> str:
    return mend.title.rstrip(".") + (" (proved)" if mend.proved else "")


def _mend(number: int, mend: Mend) -> Iterator[str]:
    yield from _wrapped(f"{number}. {mend.title}.")
    if mend.guardrail:
        yield "   This loosens a guardrail."
    if mend.approver:
        yield from _wrapped(f"   To be agreed by: {mend.approver}.")
    if not mend.edits:
        return
    if mend.proved:
        yield "   Proved: evaluated again with the change, the call is allowed."
        yield from _wrapped(f"   Becomes allowed besides: {_remainder(mend)}.")
    if mend.others:
        yield from _wrapped(f"   Gain from it too: {_shortened(mend.others)}.")
    for edit in mend.edits:
        yield ""
        yield from _edit(edit)


def _remainder(mend: Mend) -> str:
    if not mend.remainder:
        return "nothing"
    return f"{len(mend.remainder)} actions: {_shortened(mend.remainder)}"


def _shortened(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN_ACTIONS
    return ", ".join(names[:_SHOWN_ACTIONS]) + (f" and {more} more" if more > 0 else "")


def _edit(edit: Edit) -> Iterator[str]:
    if isinstance(edit, SetDocument):
        yield f"   Statement for {edit.place.described}:"
        yield textwrap.indent(pretty(msgspec.json.encode(edit.statement).decode()), "     ")
    yield "   With the aws command line:"
    yield from _command(edit.call.command)
    if edit.terraform:
        yield "   With Terraform:"
        yield textwrap.indent(edit.terraform, "     ")


def _command(command: str) -> Iterator[str]:
    """A command, its options on lines of their own where it is too long for one, and the policy in it indented."""
    if len(command) + 5 <= _WIDTH:
        yield f"     {command}"
        return
    parts = _OPTION.split(command)
    for number, part in enumerate(parts):
        lines = _spread(part).split("\n")
        more = " \\" if number + 1 < len(parts) else ""
        yield f"     {'  ' if number else ''}{lines[0]}{more if len(lines) == 1 else ''}"
        yield from lines[1:-1]
        if len(lines) > 1:
            yield f"{lines[-1]}{more}"


_OPTION = re.compile(r"\s(?=--[a-z-]+ )(?=(?:[^']*'[^']*')*[^']*\Z)")
_JSON_VALUE = re.compile(r"'(\{.*\})'")


def _spread(part: str) -> str:
    """A JSON value over several lines, which a shell's single quotes hold as well."""
    found = _JSON_VALUE.search(part)
    if len(part) < _WIDTH - 7 or found is None or "'" in found[1]:
        return part
    return part[: found.start(1)] + pretty(found[1]) + part[found.end(1) :]


def _wrapped(text: str) -> list[str]:
    text = _flat(text)
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def as_markdown(diagnosis: Diagnosis) -> str:
    """The answer for a ticket: cause, what to do, and the details folded away."""
    refusal, case = diagnosis.refusal, diagnosis.case
    resource = case.request.resource if case else refusal.resource
    facts = {"Caller": refusal.principal, "Action": refusal.action, "Resource": resource, "Error code": refusal.code}
    lines = [f"**Cause:** {diagnosis.cause or 'not found'}.", ""]
    lines += [f"- {name}: `{value}`" for name, value in facts.items() if value]
    lines += [f"- Reason: {reason}" for reason in (diagnosis.reasons if len(diagnosis.reasons) > 1 else ())]
    lines += [f"- Needed: {name}" for name in diagnosis.needed]
    for number, mend in enumerate(diagnosis.mends, 1):
        lines += ["", *_mend_markdown(number, mend)]
    return "\n".join(lines)


def _mend_markdown(number: int, mend: Mend) -> Iterator[str]:
    proof = " Proved by evaluating the call again." if mend.proved else ""
    guardrail = " **It loosens a guardrail.**" if mend.guardrail else ""
    yield f"### {number}. {mend.title.rstrip('.')}"
    yield ""
    yield f"Kind: {mend.remedy.value}.{proof}{guardrail}"
    if mend.approver:
        yield f"To be agreed by: {mend.approver}."
    if mend.proved:
        yield f"Becomes allowed besides: {_remainder(mend)}."
    if mend.others:
        yield f"Gain from it too: {_shortened(mend.others)}."
    for edit in mend.edits:
        if isinstance(edit, SetDocument):
            yield from ("", f"For {edit.place.described}:", "", "```json")
            yield from (pretty(msgspec.json.encode(edit.statement).decode()), "```")
        yield from ("", "<details><summary>Command</summary>", "", "```sh", edit.call.command, "```", "", "</details>")


def groups_as_text(groups: Sequence[Group]) -> str:
    """One paragraph a cause, the most frequent first."""
    return "\n\n".join("\n".join(_group_lines(each)) for each in groups)


def _group_lines(group: Group) -> Iterator[str]:
    yield from _wrapped(f"{group.count} {'denial' if group.count == 1 else 'denials'}: {group.cause}.")
    for mend in group.diagnosis.mends[:1]:
        yield from _wrapped(f"  Mend: {_offer(mend)}.")
    yield from _wrapped(f"  Actions: {_counted(group.actions)}.")
    callers: Counter[str] = Counter()
    for caller, count in group.callers.items():
        callers[_short(caller)] += count
    yield from _wrapped(f"  Callers: {_counted(callers)}.")
    if group.first:
        yield f"  From {group.first} to {group.last}."


def _short(caller: str) -> str:
    """`role Audit of 123456789012`, whatever the session."""
    arn = Arn.parse(caller)
    if arn is None or not arn.type:
        return caller
    kind, _, name = arn.resource.partition("/")
    named = f"role {name.partition('/')[0]}" if kind == "assumed-role" else f"{kind} {arn.name}"
    return f"{named} of {arn.account}"


def _counted(counter: Counter[str]) -> str:
    shown = ", ".join(f"{name} ({count})" for name, count in counter.most_common(_SHOWN_CALLERS))
    more = len(counter) - _SHOWN_CALLERS
    return f"{shown} and {more} more" if more > 0 else shown


_SHOWN_CALLERS = 3


def groups_as_markdown(groups: Sequence[Group]) -> str:
    """A table of the causes."""
    rows = [
        f"| {each.count} | {_cell(each.cause)} | {_cell(each.diagnosis.mends[0].title if each.diagnosis.mends else '')} |"
        for each in groups
    ]
    return "\n".join(["| denials | cause | way out |", "| ---: | --- | --- |", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def groups_as_data(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "count": each.count,
            "first": each.first,
            "last": each.last,
            "actions": dict(each.actions.most_common()),
            "callers": dict(each.callers.most_common()),
            **as_data(each.diagnosis),
        }
        for each in groups
    ]


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
        "remedy": mend.remedy.value,
        "guardrail": mend.guardrail,
        "approver": mend.approver,
        "proved": mend.proved,
        "newly_allowed": list(mend.remainder),
        "also_gain": list(mend.others),
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
