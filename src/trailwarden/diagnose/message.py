r"""Reads refusals from error texts as people paste them: any wrapper, any form of AWS's sentence.

    "An error occurred (AccessDenied) when calling the CreateUser operation: User: arn:… is not authorized to perform: …"

The grammar of the sentence, with what each part becomes:

    User: <principal> is not authorized to perform: <performed> [on resource: <resource>] <why>
    why = because no <layer> allows the <action> action  |  with an explicit deny in <layer>[ transitively …][: <policy ARN>]

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from trailwarden.diagnose.refusal import Refusal
from trailwarden.policy.request import Layer

__all__ = ["MAX_TEXT", "read_message", "read_messages"]

MAX_TEXT = 1_000_000
"""Longest text that is read, in characters."""

_LAYERS = {
    "identity-based": Layer.IDENTITY,
    "resource-based": Layer.RESOURCE,
    "permissions boundary": Layer.BOUNDARY,
    "session": Layer.SESSION,
    "sessions": Layer.SESSION,
    "service control": Layer.SCP,
    "resource control": Layer.RCP,
    "vpc endpoint": Layer.ENDPOINT,
    "role trust": Layer.TRUST,
}
_LAYER = r"(?P<layer>identity-based|resource-based|permissions boundary|sessions?|service control|resource control|VPC endpoint|role trust)"
_POLICY_ARN = r"arn:aws[\w-]*:(?:iam|organizations):[^\s,()\"']*"

_SENTENCE = re.compile(
    r"(?:User:?\s+(?P<principal>\S+(?:\s\S+){0,3}?)\s+is|(?P<nobody>User)\s+is|(?P<service>(?:CloudWatch Alarms|\[?[\w.-]+\]?))\s+is)\s+"
    r"not\s+authorized\s+to\s+perform:?\s+(?P<performed>[\w-]+:[\w*-]+|[A-Z]\w+)",
    re.IGNORECASE,
)
_JAPANESE = re.compile(
    r"ユーザー\s*[::]\s*(?P<principal>\S+)\s*は実行する権限がありません\s*[::]\s*\(?(?P<performed>[\w-]+:\w+)"
)
_RESOURCE = re.compile(
    r"\s*on\s+(?:this\s+|the\s+)?resource(?:\(s\))?:?\s*(?P<resource>\"[^\"]*\"|.+?)"
    r"(?=\s+(?:because|with\s+an?\s+explicit)\b|[.,]?\s*(?:\n|$)|\.\s|\s+\((?:Service|SDK|RequestToken)|,?\s+status code:|\s+-\s+Sender|\"\s*[,}])",
    re.IGNORECASE | re.DOTALL,
)
_IMPLICIT = re.compile(
    rf"because\s+no\s+{_LAYER}(?:\s+policy)?(?:\s+policies)?\s*(?:allows?(?:\s+the\s+(?P<action>[\w-]+:[\w*-]+)\s+action)?)?",
    re.IGNORECASE,
)
_EXPLICIT = re.compile(
    rf"with\s+an?\s+explicit\s+deny(?:\s+in\s+(?:an?|the)\s+{_LAYER}(?:\s+policy)?"
    rf"(?P<transitive>\s+transitively\s+through\s+an?\s+[\w ]+?policy)?(?:,?\s*(?:with\s+policy\s+ARN)?:\s*(?P<arn>{_POLICY_ARN}))?)?",
    re.IGNORECASE,
)
_CALLING = re.compile(
    r"error(?:\s+\(\d+\))?\s+(?:occurred|\()?.*?\((?P<code>[\w.]+)\)\s+when\s+calling\s+the\s+(?P<operation>\w+)\s+operation",
    re.IGNORECASE | re.DOTALL,
)
_GO = re.compile(
    r"operation\s+error\s+[\w ]+:\s*(?P<operation>\w+),.*?RequestID:\s*(?P<request>[\w-]+).*?api\s+error\s+(?P<code>\w+):",
    re.IGNORECASE | re.DOTALL,
)
_JAVA = re.compile(r"Error\s+Code:\s*(?P<code>[\w.]+)", re.IGNORECASE)
_XML_CODE = re.compile(r"<Code>\s*(?P<code>[\w.]+)\s*</Code>")
_PREFIX_CODE = re.compile(
    r"(?:^|\s|\")(?P<code>(?:Client\.)?[A-Z]\w*(?:Exception|Error|Denied|Operation|Found|Failure|Access))\s*:"
)
_REQUEST_ID = re.compile(r"request\s*-?id:?\s*(?P<id>[0-9A-Za-z-]{10,})", re.IGNORECASE)
_ENCODED = re.compile(
    r"Encoded(?:\s+authorization)?\s+failure(?:\s+message)?:\s*(?P<blob>[\w+/=-]{16,})(?P<cut>\.\.\.)?", re.IGNORECASE
)
_AUTHORIZATION_ID = re.compile(r"authorization(?:-details/|\s+id:\s*)(?P<id>[0-9a-z]{8,64})", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{1,200}>")
_MEMBERS = ("errorMessage", "Message", "message", "error", "Error", "reason")


def read_message(text: str) -> Refusal:
    """The first refusal in a text; one that is none still has its text and whatever code and operation it shows."""
    return next(read_messages(text), Refusal(text=text.strip()))


def read_messages(text: str) -> Iterator[Refusal]:
    """Every refusal in a text, in order; a text that holds several denials (SDKs concatenate them) yields each."""
    clean = _clean(text[:MAX_TEXT])
    starts = [match.start() for match in _SENTENCE.finditer(clean)] or [
        match.start() for match in _JAPANESE.finditer(clean)
    ]
    if not starts:
        yield _facts(clean, Refusal(text=clean))
        return
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(clean)
        yield _facts(clean, _sentence(clean[start:end]))


def _clean(text: str) -> str:
    """The text without its packaging: JSON around a message, HTML, escaped quotes, broken lines."""
    inner = _json_message(text.strip())
    text = inner if inner is not None else text
    if "<" in text and ("<Message>" in text or "</" in text):
        codes = "".join(f"{match['code']}: " for match in _XML_CODE.finditer(text))
        text = codes + html.unescape(_TAGS.sub(" ", text))
    elif "&" in text:
        text = html.unescape(text)
    return re.sub(r"\s+", " ", text.replace('\\"', '"')).strip()


def _json_message(text: str) -> str | None:
    if not text.startswith("{"):
        return None
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _member(found) if isinstance(found, Mapping) else None


def _member(found: Mapping[str, Any]) -> str | None:
    for name in _MEMBERS:
        value = found.get(name)
        if isinstance(value, Mapping):
            return _member(value)
        if isinstance(value, str):
            code = next(
                (
                    found[key]
                    for key in ("errorCode", "__type", "errorType", "Code", "code")
                    if isinstance(found.get(key), str)
                ),
                "",
            )
            return f"{code.rpartition('#')[2]}: {value}" if code and code not in value else value
    return None


def _sentence(text: str) -> Refusal:
    """One denial sentence, whose first words open the text."""
    opened = _SENTENCE.match(text)
    if opened is None:
        japanese = _JAPANESE.match(text)
        if japanese is None:
            return Refusal(text=text)
        return Refusal(
            text=text, principal=japanese["principal"], performed=japanese["performed"], action=japanese["performed"]
        )
    principal = (opened["principal"] or opened["service"] or "").strip()
    performed = opened["performed"]
    resource = _RESOURCE.match(text, opened.end())
    named = resource["resource"].strip().strip('"').rstrip(",") if resource else ""
    refusal = Refusal(text=text.strip(), principal=principal, performed=performed, action=performed, resource=named)
    return _why(text[opened.end() :], refusal)


def _why(text: str, refusal: Refusal) -> Refusal:
    implicit, explicit = _IMPLICIT.search(text), _EXPLICIT.search(text)
    if implicit is not None:
        layer = _LAYERS[implicit["layer"].lower()]
        return replace(refusal, layer=layer, explicit=False, action=implicit["action"] or refusal.action)
    if explicit is None:
        return refusal
    return replace(
        refusal,
        layer=_LAYERS[explicit["layer"].lower()] if explicit["layer"] else None,
        explicit=True,
        transitive=" ".join((explicit["transitive"] or "").split()),
        policy_arn=(explicit["arn"] or "").rstrip(".,"),
    )


def _facts(whole: str, refusal: Refusal) -> Refusal:
    """What the wrapper around the sentence tells: code, operation, ids."""
    calling = _CALLING.search(whole)
    go = _GO.search(whole)
    code = next(
        (match["code"] for match in (calling, go, _JAVA.search(whole), _PREFIX_CODE.search(whole)) if match), ""
    )
    request = _REQUEST_ID.search(whole)
    encoded = _ENCODED.search(whole)
    authorization = _AUTHORIZATION_ID.search(whole)
    return replace(
        refusal,
        code=code,
        operation=(calling or go)["operation"] if (calling or go) else "",  # type: ignore[index]  # one of the two matched
        request_id=request["id"] if request else "",
        encoded=encoded["blob"] if encoded and not encoded["cut"] else "",
        authorization_id=authorization["id"] if authorization else "",
    )
