"""The server's own pages, which tell nothing of any account."""

import json
import urllib.error
import urllib.request

import pytest
from tests.live import Live


def page(live: Live, name: str) -> str:
    with urllib.request.urlopen(f"{live.endpoint}/_trailwarden/{name}") as answer:
        return str(answer.read().decode())


def test_health(live: Live) -> None:
    assert json.loads(page(live, "health"))["status"] == "ok"


def test_metrics_count_calls(live: Live) -> None:
    live.client("sts").get_caller_identity()
    metrics = page(live, "metrics")
    assert 'trailwarden_calls_total{code="",service="sts"}' in metrics
    assert "trailwarden_journal_position" in metrics
    assert live.account not in metrics
    assert page(live, "metrics").count("# TYPE trailwarden_calls_total") == 1


def test_no_other_page(live: Live) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        page(live, "../aws/credentials")
    assert refused.value.code in {403, 404}
    refused.value.close()
