"""`--on WHERE`: what it may be, and what is said where it cannot be used."""

from __future__ import annotations

import pickle
import socket
import sys

import pytest

from tellapart.errors import ClusterError, MissingExtraError, OptionError
from tellapart.scale.executor import Here
from tellapart.scale.nodes import compare
from tellapart.scale.opening import HERE, PREDICTING, Place, open_executor, parse_on


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("local", HERE),
        ("ray", Place("ray")),
        ("ray://head:10001", Place("ray", "head:10001")),
        ("ray://10.0.0.7:65535", Place("ray", "10.0.0.7:65535")),
        ("ray://[::1]:10001", Place("ray", "[::1]:10001")),
    ],
)
def test_a_place_is_read(text, place):
    assert parse_on(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ray",
        "ray://",
        "ray://head",
        "ray://head:0",
        "ray://head:65536",
        "ray://a b:1",
        "http://head:1",
        "ray:1",
    ],
)
def test_what_is_no_place_is_refused(text, refused):
    assert isinstance(refused(parse_on, text), OptionError)


def opened(place):
    with open_executor(place, PREDICTING, lambda _: None) as executor:
        return executor


def test_without_the_option_nothing_is_started():
    assert isinstance(opened(HERE), Here)


def test_without_ray_its_extra_is_named(monkeypatch, refused):
    monkeypatch.setitem(sys.modules, "ray", None)
    error = refused(opened, Place("ray"))
    assert isinstance(error, MissingExtraError)
    assert "tellapart[ray]" in error.advice


def test_an_address_that_does_not_answer_is_named(refused):
    pytest.importorskip("ray")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        error = refused(opened, Place("ray", address))
    assert isinstance(error, ClusterError)
    assert address in error.where


@pytest.mark.parametrize(
    ("theirs", "said"), [({"torch": "2.0"}, "torch 2.0"), ({"torch": None}, "none"), ({}, "none")]
)
def test_a_node_that_differs_is_named_with_what_it_has(theirs, said, refused):
    ours = {"python": "3.12", "torch": "2.13.0"}
    compare("fits", ours, {**ours, "more": "1"})
    error = refused(compare, "a (10.0.0.1)", ours, {"python": "3.12", **theirs})
    assert "a (10.0.0.1)" in error.where
    assert error.found == said


def test_an_error_comes_whole_out_of_another_process():
    error = ClusterError("a", found="b\nc", where="d", advice="e")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ClusterError
    assert (str(again), vars(again)) == (str(error), vars(error))
