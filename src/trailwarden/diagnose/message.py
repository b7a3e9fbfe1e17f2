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

_ACTION = r"[\w-]+:[\w*-]+"
_PERFORMED = rf"(?P<performed>{_ACTION}|[\w-]+\n[\w-]*:[\w*-]+|(?-i:API\s+action|[A-Z][a-z]\w+))"
"""An action, one that a terminal broke in two, one without its service, or the documentation's word for any."""

_SENTENCE = re.compile(
    rf"(?:User:\s+(?P<principal>\S+(?:\s\S+){{0,3}}?)\s+is|User\s+(?P<bare>arn:\S+)\s+is|(?P<nobody>User)\s+is"
    rf"|(?P<entity>(?:IAM\s+)?(?:entity|user|role|principal))\s+is"
    rf"|(?<![\w.\]-])(?P<service>(?:CloudWatch Alarms|\[?[\w.-]+\]?))\s+is|(?P<unnamed>(?:^|(?<=[\s:\"'])))(?=Not\s+authorized))\s*"
    rf"not\s+authorized\s+(?:to\s+)?perform:?\s+(?!this\b){_PERFORMED}",
    re.IGNORECASE | re.MULTILINE,
)
_LACKING = re.compile(
    rf"(?:User:?\s+(?P<principal>arn:\S+)\s+)?(?:doesn['\u2019]t|does\s+not|do\s+not|don['\u2019]t)\s+have\s+(?:the\s+)?permissions?"
    rf"\s+(?:to\s+(?:call|perform):?|for:?)\s+(?P<performed>{_ACTION})",
    re.IGNORECASE,
)
_NOT_ASSUMED = re.compile(
    r"(?:used\s+to\s+assume|The\s+role)\s+['\"](?P<resource>arn:aws[\w-]*:iam::\d{12}:role/[^'\"]+)['\"],?\s+(?:but\s+are|cannot\s+be\s+assumed)"
)
"""Terraform's and CDK's own words for a refused sts:AssumeRole."""

_DENIED_API = re.compile(rf"\bAPI:\s+(?P<performed>{_ACTION})\s+(?:Access\s+Denied|Forbidden)", re.IGNORECASE)
"""CloudFormation's words for a denial of S3."""

_DESCRIBED = re.compile(r"\bpermissions?\s+to\s+\w+\s+resource:?\s+(?P<resource>arn:\S+?)\.?(?=\s|$)", re.IGNORECASE)

_ASSUMING = re.compile(
    r"The\s+role\s+(?P<principal>arn:\S+)\s+is\s+not\s+authorized\s+to\s+assume\s+[^,]{0,80},\s*(?P<resource>arn:[^\s]+?)\.?(?=\s|$)"
)
"""Step Functions: one role assumes another."""

_JAPANESE = re.compile(
    rf"ユーザー\s*[:\uff1a]\s*(?P<principal>[^\s、]+?)\s*に?は.{{0,20}}?権限がありません\s*[:\uff1a]\s*[(\uff08]?\s*(?P<performed>{_ACTION})"
)
_JAPANESE_RESOURCE = re.compile(r"リソース\s*[:\uff1a]\s*(?P<resource>[^\s)\uff09、。]+)")
_JAPANESE_EXPLICIT = re.compile(r"明示的な?拒否")
_JAPANESE_LAYERS = (
    ("サービスコントロールポリシー", Layer.SCP),
    ("リソースコントロールポリシー", Layer.RCP),
    ("リソースベースのポリシー", Layer.RESOURCE),
    ("アクセス許可の境界", Layer.BOUNDARY),
    ("アクセス許可境界", Layer.BOUNDARY),
    ("セッションポリシー", Layer.SESSION),
    ("ベースのポリシー", Layer.IDENTITY),
)
_THIS_RESOURCE = re.compile(
    r"\s*on\s+(?:this\s+resource|the\s+resource\s+associated\s+with\s+this\s+ciphertext)\b", re.IGNORECASE
)
_RESOURCE = re.compile(
    r"\s*on\s+(?:the\s+)?resource(?:\(s\))?:?\s*(?P<resource>\"[^\"]*\"|.+?)"
    r"(?=\s+(?:because|with\s+an?\s+explicit)\b|[.,]?\s*(?:\n|$)|\.\s(?!because\b)"
    r"|\s+\((?:Service|SDK|RequestToken|SQLSTATE|code|AWS::)|,?\s+status code:|\s+-\s+Sender|\s+-+>|\"\s*[,}]|'\s*(?:[,}]|\n|$))",
    re.IGNORECASE | re.DOTALL,
)
_IMPLICIT = re.compile(
    rf"because\s+no\s+{_LAYER}(?:\s+policy)?(?:\s+policies)?\s*(?:allows?(?:\s+the\s+(?P<action>{_ACTION})\s+action)?)?",
    re.IGNORECASE,
)
_EXPLICIT = re.compile(
    rf"with\s+an?\s+explicit\s+deny(?:\s+in\s+(?:an?|the)\s+{_LAYER}(?:\s+policy)?"
    rf"(?P<transitive>\s+transitively\s+through\s+an?\s+[\w ]+?policy)?(?:,?\s*(?:with\s+policy\s+ARN)?:\s*(?P<arn>{_POLICY_ARN}))?)?",
    re.IGNORECASE,
)
_CALLED = (
    re.compile(r"\((?P<code>[A-Z][\w.]+)\)\s+when\s+calling\s+the\s+(?P<operation>\w+)\s+operation"),
    re.compile(
        r"error\s+\((?P<code>[\w.]+)\)\s+occurred\s+when\s+calling\s+the\s+(?P<operation>\w+)\s+operation",
        re.IGNORECASE,
    ),
    re.compile(r"Error\s+executing\s+\"(?P<operation>\w+)\"\s+on\s+\"(?=https?:)"),
    re.compile(r"\b(?P<code>[A-Z]\w+)\s+when\s+calling\s+the\s+(?P<operation>\w+)\s+operation"),
    re.compile(
        r"operation\s+error\s+[\w ]+:\s*(?P<operation>\w+)(?:,|\s+https\b).*?(?:api\s+error\s+(?P<code>\w+):|$|(?=User:))",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"(?<![A-Za-z0-9_])(?P<operation>[A-Z][A-Za-z0-9_]+)\s*オペレーション.*?[(\uff08](?P<code>\w+)[)\uff09]"
    ),
    re.compile(r"\bAPI:\s+[\w-]+:(?P<operation>\w+)"),
)
"""Texts that tell the operation, most with the code: botocore, the oldest CLI, PHP, CDK's scripts, Go, Japanese, CloudFormation."""

_SERVICE = re.compile(r"operation\s+error\s+(?P<go>[\w ]+):|\(Service:\s+(?:AWS|Amazon)?(?P<java>[\w ]+)[;,]")

_CODES = (
    re.compile(r"Error\s+Code:\s*(?P<code>[\w.]+)", re.IGNORECASE),
    re.compile(r"(?<!Handler)Error\s+Code\s+(?P<code>[A-Z]\w+)\s+and\s+Http"),
    re.compile(r"\berrorCode[\"'\s:=]+(?P<code>[A-Z][\w.]+)", re.IGNORECASE),
    re.compile(r"\bAws::\w+::Errors::(?P<code>\w+)", re.IGNORECASE),
    re.compile(r"\[(?P<code>[A-Z]\w+)\]:\s"),
    re.compile(r"(?:^|\s)(?P<code>[A-Z]\w+)\s+\((?:client|server|sender)\):", re.IGNORECASE),
    re.compile(
        r"(?:^|[\s\"'(\[.])(?P<code>(?:Client\.)?(?:[A-Z]\w*(?:Exception|Error|Denied|Operation|Found|Failure|Access|Id|Token|Match|Exists|"
        r"Required|Exceeded|Expired|Argument|Document|Skewed|Disabled|Fault|NoSuch\w+)|Forbidden|Throttling|SlowDown))\s*:(?=\s)"
    ),
    re.compile(r"(?:^|\s)(?P<code>[A-Z]\w*(?:Exception|Denied|Operation|Error))\s+(?=User:)"),
    re.compile(r"-\s+Sender\s+(?P<code>\w+)"),
    re.compile(r"\((?P<code>[A-Z]\w*(?:Exception|Denied|UnauthorizedOperation))\)"),
    re.compile(r"\bcode[\"']?\s*[:=]\s*[\"']?(?P<code>[A-Z][A-Za-z.]+)\b"),
    re.compile(r"\b(?P<code>Client\.[A-Z]\w+)"),
    re.compile(r"#(?P<code>[A-Z]\w+(?:Exception|Error|Denied))\b"),
    re.compile(r"HandlerErrorCode:\s*(?P<code>AccessDenied|UnauthorizedOperation|Throttling)\b"),
)
_NO_CODE = frozenset(
    {
        *("RequestId", "HostId", "KeyError", "KeyId", "AccountId", "SessionToken", "RequestToken", "InternalError"),
        *(
            "ClientError",
            "ServerlessError",
            "WebIdentityErr",
            "ExecutionException",
            "RuntimeException",
            "CompletionException",
        ),
        *("ResourceInitializationError", "CannotPullContainerError", "CannotPullECRContainerError", "RequestError"),
        *("APIConnectionError", "BedrockException", "Unknown", "IOException", "Error"),
    }
)
"""What SDKs and tools wrap around AWS's own code."""

_GENERIC = re.compile(
    r"(?:Amazon)?(?:S3|Sts|STS|Ec2|EC2|CloudFront|Iam|Sqs|Sns|Kms|Lambda|DynamoDb|SimpleSystemsManagement)Exception\Z"
)
"""The classes that Java's and .NET's SDKs raise for any code of a service."""

_XML_CODE = re.compile(r"<Code>\s*(?P<code>[\w.]+)\s*</Code>|<(?P<tag>\w+(?:Exception|Denied))>")
_REQUEST_ID = re.compile(r"request\s*-?id:?\s*(?P<id>[0-9A-Za-z-]{10,})", re.IGNORECASE)
_ENCODED = re.compile(
    r"(?:Encoded(?:\s+authorization)?\s+failure(?:\s+message)?|エンコード(?:した|された)認証失敗メッセージ)\s*[:\uff1a]?\s*(?P<blob>[\w+/=-]{16,})"
    r"(?P<cut>\.\.\.|…)?",
    re.IGNORECASE,
)
_QUEUE = re.compile(
    r"https?://(?:sqs\.)?(?P<region>[\w-]+)\.(?:queue\.)?amazonaws\.com(?:\.cn)?/(?P<account>\d{12})/(?P<name>[\w.-]+)"
)
_AUTHORIZATION_ID = re.compile(r"authorization(?:-details/|\s+id:\s*)(?P<id>[0-9a-z]{8,64})", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{1,200}>")
_MEMBERS = ("errorMessage", "ErrorMessage", "Message", "message", "error", "Error", "errors", "reason")
_CODE_MEMBERS = ("errorCode", "ErrorCode", "__type", "errorType", "Code", "code")
_DEPTH_MAX = 8
_OBJECTS_MAX = 20
_GUTTER = re.compile(r"^(?:[ \t]*[│╷╵|>])+[ \t]?|(?<![ \t])[ \t]+│[ \t]*$", re.MULTILINE)
"""What Terraform, sops and quoting mail draw at the edges of each line."""

_BOLD = re.compile(r"(?:(?<=\s)|^)\*\*(?=[A-Za-z])(.{1,1000}?)(?<=\S)\*\*(?!\*)", re.MULTILINE)
_ESCAPED_BLANK = re.compile(r"\\+[nrt](?![\w/.-]*\\)")


def read_message(text: str) -> Refusal:
    """The first refusal in a text; one that is none still has its text and whatever code and operation it shows."""
    return next(read_messages(text), Refusal(text=text.strip()))


def read_messages(text: str) -> Iterator[Refusal]:
    """Every refusal in a text, in order; a text that holds several denials (SDKs concatenate them) yields each."""
    clean = _clean(text[:MAX_TEXT])
    starts = [match.start() for match in _SENTENCE.finditer(clean)]
    flat = _flat(clean)
    if not starts:
        yield _facts(flat, _other(flat))
        return
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(clean)
        yield _facts(flat, _sentence(clean[start:end]))


def _clean(text: str) -> str:
    """The text without its packaging: JSON around a message, HTML, escaped quotes, gutters. Its lines remain."""
    text = _BOLD.sub(r"\1", _GUTTER.sub("", _opened_json(text.replace("\r\n", "\n").strip())))
    if "<" in text and ("<Message>" in text or "</" in text):
        codes = "".join(f"{match['code'] or match['tag']}: " for match in _XML_CODE.finditer(text))
        text = codes + html.unescape(_TAGS.sub(" ", text))
    elif "&" in text:
        text = html.unescape(text)
    text = _ESCAPED_BLANK.sub("\n", text.replace('\\"', '"').replace("\u21b5", "\n"))
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()


def _flat(text: str) -> str:
    """In one line."""
    return re.sub(r"\s+", " ", text).strip()


def _opened_json(text: str) -> str:
    """The message inside JSON, behind whatever words stand before it."""
    if "{" not in text:
        return text
    for plain in (text, text.replace('\\"', '"').replace("\\n", "\n")):
        for number, start in enumerate(match.start() for match in re.finditer(r"\{", plain)):
            inner = _message_at(plain, start) if number < _OBJECTS_MAX else None
            if inner is not None:
                return f"{plain[:start].rstrip(_QUOTES)} {_opened_json(inner)}".strip()
    return text


def _message_at(text: str, start: int) -> str | None:
    """The message of the JSON object that begins there; None where there is no object, or it has no message."""
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return _member(found, _DEPTH_MAX) if isinstance(found, Mapping) else None


_QUOTES = " \"'"


def _member(found: Mapping[str, Any], depth: int) -> str | None:
    """The message in an object, behind its code; the object may lie in another or in a list."""
    for name in _MEMBERS if depth else ():
        value = found.get(name)
        value = next((each for each in value if isinstance(each, Mapping)), None) if isinstance(value, list) else value
        if isinstance(value, Mapping):
            return _member(value, depth - 1)
        if isinstance(value, str):
            code = next((str(found[key]) for key in _CODE_MEMBERS if isinstance(found.get(key), str)), "")
            return f"{code.rpartition('#')[2]}: {value}" if code and code not in value else value
    return None


def _other(text: str) -> Refusal:
    """A text without AWS's sentence: one role assuming another, Japanese, a queue's address, or none of them."""
    assuming = _ASSUMING.search(text)
    if assuming is not None:
        return Refusal(
            text=text, principal=assuming["principal"], performed=_ASSUME, action=_ASSUME, resource=assuming["resource"]
        )
    japanese = _JAPANESE.search(text)
    if japanese is not None:
        return _japanese(text, japanese["principal"], japanese["performed"])
    queue = _QUEUE.search(text) if "is denied" in text else None
    if queue is not None:
        return Refusal(text=text, resource=f"arn:aws:sqs:{queue['region']}:{queue['account']}:{queue['name']}")
    return _why(text, _fragment(text))


def _fragment(text: str) -> Refusal:
    """What a part of a sentence, or the words of a tool, tell of the action and its resource."""
    assumed = _NOT_ASSUMED.search(text)
    if assumed is not None:
        return Refusal(text=text, performed=_ASSUME, action=_ASSUME, resource=assumed["resource"])
    lacking, denied = _LACKING.search(text), _DENIED_API.search(text)
    if lacking is not None:
        performed = lacking["performed"]
        return Refusal(text=text, principal=lacking["principal"] or "", performed=performed, action=performed)
    if denied is not None:
        return Refusal(text=text, performed=denied["performed"], action=denied["performed"])
    described = _DESCRIBED.search(text)
    return Refusal(text=text, resource=described["resource"] if described else "")


_ASSUME = "sts:AssumeRole"


def _japanese(text: str, principal: str, performed: str) -> Refusal:
    """The sentence of AWS's Japanese pages."""
    resource = _JAPANESE_RESOURCE.search(text)
    layer = next((layer for words, layer in _JAPANESE_LAYERS if words in text), None)
    explicit = bool(_JAPANESE_EXPLICIT.search(text))
    return Refusal(
        text=text,
        principal=principal,
        performed=performed,
        action=performed,
        resource=resource["resource"] if resource else "",
        layer=layer,
        explicit=explicit if explicit or layer else None,
    )


def _sentence(text: str) -> Refusal:
    """One denial sentence, whose first words open the text."""
    opened = _SENTENCE.match(text)
    if opened is None:
        return Refusal(text=text)
    principal = _flat(opened["principal"] or opened["bare"] or opened["service"] or "")
    performed = re.sub(r"\s", "", opened["performed"])
    performed = "" if performed == "APIaction" else performed
    this = _THIS_RESOURCE.match(text, opened.end())
    resource = None if this else _RESOURCE.match(text, opened.end())
    named = _unwrapped(resource["resource"]) if resource else ""
    refusal = Refusal(text=_flat(text), principal=principal, performed=performed, action=performed, resource=named)
    return _why(text[opened.end() :], refusal)


def _unwrapped(resource: str) -> str:
    """A resource without quotes, commas and brackets that are not its own."""
    named = _flat(resource).strip("\"'`").rstrip(",")
    return named.rstrip("]") if "[" not in named else named


def _why(text: str, refusal: Refusal) -> Refusal:
    implicit, explicit = _IMPLICIT.search(text), _EXPLICIT.search(text)
    if implicit is not None:
        layer = _LAYERS[" ".join(implicit["layer"].lower().split())]
        return replace(refusal, layer=layer, explicit=False, action=implicit["action"] or refusal.action)
    if explicit is None:
        return refusal
    return replace(
        refusal,
        layer=_LAYERS[" ".join(explicit["layer"].lower().split())] if explicit["layer"] else None,
        explicit=True,
        transitive=" ".join((explicit["transitive"] or "").split()),
        policy_arn=(explicit["arn"] or "").rstrip(".,"),
    )


def _facts(whole: str, refusal: Refusal) -> Refusal:
    """What the wrapper around the sentence tells: code, operation, ids."""
    called = [match for pattern in _CALLED for match in (pattern.search(whole),) if match]
    told = [match.groupdict().get("code") or "" for match in called]
    request = _REQUEST_ID.search(whole)
    encoded = _ENCODED.search(whole)
    service = _SERVICE.search(whole)
    authorization = _AUTHORIZATION_ID.search(whole)
    return replace(
        refusal,
        code=next((code for code in (*told, *_codes(whole)) if code and _is_code(code)), ""),
        operation=called[0]["operation"] if called else "",
        service=(service["go"] or service["java"]).strip() if service else "",
        request_id=request["id"] if request else "",
        encoded=encoded["blob"] if encoded and not encoded["cut"] else "",
        cut=bool(encoded and encoded["cut"]),
        authorization_id=authorization["id"] if authorization else "",
    )


def _is_code(code: str) -> bool:
    return code not in _NO_CODE and not _GENERIC.match(code)


def _codes(whole: str) -> Iterator[str]:
    for pattern in _CODES:
        yield from (match["code"] for match in pattern.finditer(whole))
