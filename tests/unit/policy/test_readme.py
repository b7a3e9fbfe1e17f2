"""The README's section on the engine as a library is true."""

import re
from pathlib import Path
from typing import Any

from trailwarden import catalog

README = (Path(__file__).parents[3] / "README.md").read_text()
SECTION = README.partition("\n## The engine as a library\n")[2].partition("\n## ")[0]


def run() -> dict[str, Any]:
    """What its code leaves behind, run as it stands there."""
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    return names


def test_its_code_runs_and_answers_what_its_comments_say() -> None:
    names = run()
    decision, policy, mary = names["decision"], names["policy"], names["mary"]
    assert str(decision.effect) == "Denied"
    assert [(str(block.layer), block.explicit) for block in decision.blocks] == [("identity-based policy", False)]
    (near,) = names["near_misses"](decision)
    assert near.condition.key == "aws:MultiFactorAuthPresent"
    (element_by_element,) = names["explain"](decision)
    assert element_by_element.statement.sid == "WithMfa"
    words = names["denial_message"](decision, action="s3:GetObject", resource_named="", caller_arn=mary.arn)
    assert words == (
        "User: arn:aws:iam::123456789012:user/marymajor is not authorized to perform: s3:GetObject "
        "on resource: arn:aws:s3:::amzn-s3-demo-bucket/x because no identity-based policy allows the s3:GetObject action"
    )
    assert names["findings"](policy, catalog) == ()


def test_a_key_that_is_not_known_makes_the_effect_depend_on_it() -> None:
    names = run()
    request = names["AccessRequest"](
        principal=names["mary"],
        action="s3:GetObject",
        resource="*",
        resource_account="123456789012",
        context={"aws:MultiFactorAuthPresent": names["UNKNOWN"]},
    )
    decision = names["evaluate"](request, names["PolicySet"](identity=(names["policy"],)))
    assert str(decision.effect) == "Depends"
    assert [each.key for turn in decision.turns for each in turn.conditions] == ["aws:MultiFactorAuthPresent"]


def test_the_kinds_of_policies_that_it_names_are_there() -> None:
    kinds = re.findall(r"(\w+)=,?", SECTION.partition("))      # boundary")[2].partition("\n")[0])
    assert kinds == ["session", "scps", "rcps", "endpoint", "resource", "trust"]
    assert run()["PolicySet"](boundary=(), **dict.fromkeys(kinds, ())).boundary == ()
