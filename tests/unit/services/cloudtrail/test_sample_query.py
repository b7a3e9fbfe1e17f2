"""The catalogue of sample queries: each can be run, and is found by what it is for."""

import pytest

from trailwarden.lake import sql
from trailwarden.services.cloudtrail.sample_query import SampleQuery, nearest, sample_queries

STORE = "00000000-0000-4000-8000-000000000000"


def test_the_catalogue_is_large_and_its_names_are_unique() -> None:
    names = [sample.name for sample in sample_queries()]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("sample", sample_queries(), ids=lambda sample: sample.name)
def test_each_sample_is_let_in(sample: SampleQuery) -> None:
    assert sample.about.endswith(".")
    assert sql.read(sample.sql.replace("$EDS_ID", STORE)).stores == (STORE,)


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("root user activity", "Use of the root user"),
        ("who deleted objects from s3", "S3 objects deleted"),
        ("failed console logins", "Failed console sign-ins"),
        ("logins without multi-factor authentication", "Console sign-ins without MFA"),
        ("top errors", "Most frequent errors"),
        ("which users were denied access", "Callers with the most denied calls"),
        ("who turned off cloudtrail", "CloudTrail turned off or changed"),
        ("firewall rules", "Security groups changed"),
        ("kms keys scheduled for deletion", "KMS keys disabled or scheduled for deletion"),
        ("throttling", "Throttled calls"),
    ],
)
def test_a_sample_is_found_by_what_it_is_for(phrase: str, name: str) -> None:
    found = nearest(phrase)
    assert name in [sample.name for sample, _ in found[:3]]
    assert all(0 < relevance <= 1 for _, relevance in found)
    assert [relevance for _, relevance in found] == sorted((relevance for _, relevance in found), reverse=True)


def test_nothing_is_near_to_what_no_sample_is_about() -> None:
    assert nearest("zebra crossing") == []
