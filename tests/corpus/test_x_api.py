"""The loopback X against X's own description of its API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from broadcaster.demo.x_errors import HOSTS, NAMES, trouble

FILE = Path(__file__).parents[3] / "shared/data/x-api/openapi.json"
NEWER = {"suspended", "oauth1-permissions", "credits-depleted"}
"""Seen on the wire; the description has no `type` for them."""

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not there")]


@pytest.fixture(scope="module")
def api() -> Any:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_every_endpoint_takes_the_users_own_token(api: Any) -> None:
    for path, method in (
        ("/2/tweets", "post"),
        ("/2/tweets/{id}", "delete"),
        ("/2/users/me", "get"),
        ("/2/users/{id}/tweets", "get"),
    ):
        assert {"UserToken": []} in api["paths"][path][method]["security"]


def test_the_timelines_parameters_are_those_described(api: Any) -> None:
    parameters = api["paths"]["/2/users/{id}/tweets"]["get"]["parameters"]
    named = {each["name"]: each["schema"] for each in parameters if "name" in each}
    assert (named["max_results"]["minimum"], named["max_results"]["maximum"]) == (5, 100)
    assert "pagination_token" in named


def test_every_problem_type_is_described(api: Any) -> None:
    described = set(api["components"]["schemas"]["Problem"]["discriminator"]["mapping"])
    types = {name: trouble(name, HOSTS[0]).body.get("type") for name in NAMES if name not in NEWER}
    assert {name: kind for name, kind in types.items() if kind is not None and kind not in described} == {}


def test_a_new_post_is_answered_with_identifier_and_text(api: Any) -> None:
    schemas = api["components"]["schemas"]
    assert schemas["TweetCreateResponse"]["properties"]["data"]["required"] == ["id", "text"]
    assert schemas["TweetDeleteResponse"]["properties"]["data"]["required"] == ["deleted"]
