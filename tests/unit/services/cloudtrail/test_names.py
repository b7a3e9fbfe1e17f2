"""Each naming rule of trails with AWS's text, the first that is broken."""

import pytest

from trailwarden.services.cloudtrail.names import InvalidTrailNameException, check_trail_name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "ab",
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.",
        ),
        (
            "a" * 129,
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
        ),
        (
            "My Trail",
            (
                "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), "
                "and underscores (_)."
            ),
        ),
        ("-Trail", "Trail name must starts with a letter or number."),
        ("Trail-", "Trail name must ends with a letter or number."),
        ("My-_Trail", "Trail name must not have adjacent periods, hyphens or underscores."),
        ("192.168.5.4", "Trail name must not be in IP address format."),
    ],
)
def test_what_breaks_a_rule_is_told(name: str, text: str) -> None:
    with pytest.raises(InvalidTrailNameException) as refused:
        check_trail_name(name)
    assert refused.value.text == text


@pytest.mark.parametrize("name", ["abc", "My-Trail", "a" * 128, "a.b_c-d"])
def test_a_name_that_keeps_them_passes(name: str) -> None:
    check_trail_name(name)
