"""A connection to Ray, or a Ray of our own on this machine; both quiet, and nothing leaves the machine unasked."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import ray

from tellapart.errors import ClusterError

KNOCK_SECONDS = 20.0
LOOPBACK = "127.0.0.1"


@contextmanager
def session(address: str) -> Iterator[str]:
    """Connect to ``HOST:PORT``, or start Ray on this machine where that is empty; yields where that is, in words.

    Raises
    ------
    ClusterError
        Nothing answers there, or it is no Ray of our version; or none can be started here.
    """
    if address:
        _knock(address)
    logging.getLogger("ray").setLevel(logging.ERROR)
    with _keeping_signals(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own; what fails is raised
        try:
            if address:
                ray.init(f"ray://{address}", logging_level=logging.ERROR, log_to_driver=False)
            else:
                ray.init(
                    "local",
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    _node_ip_address=LOOPBACK,
                )
        except Exception as error:  # many kinds, and all mean that there is no session
            with suppress(Exception):
                ray.shutdown()
            raise _no_session(address, error) from error
    try:
        yield f"Ray at {address}" if address else "Ray on this machine"
    finally:
        with suppress(Exception):  # a lost head cannot be taken leave of
            ray.shutdown()


def _knock(address: str) -> None:
    """See that something answers: Ray itself would try for long, and say little."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()
    except OSError as error:
        raise _silent(address, error.strerror or str(error) or "no answer") from error


def _no_session(address: str, error: Exception) -> ClusterError:
    text = " ".join(str(error).split())
    if not address:
        return ClusterError(
            "Ray should start on this machine.",
            found=f"{type(error).__name__}: {text[:300]}",
            where="--on ray",
            advice="see /tmp/ray/session_latest/logs, or leave out --on",
        )
    if "mismatch" in text.lower():
        return ClusterError(
            "The head should run the same Python and the same Ray as this process.",
            found=text[:300],
            where=f"ray://{address}",
            advice="install the same there, or the head's versions here",
        )
    return _silent(address, text[:300])


def _silent(address: str, found: str) -> ClusterError:
    return ClusterError(
        "A head of Ray was expected to answer.",
        found=found,
        where=f"ray://{address}",
        advice="check the address: PORT is that of Ray's client server (10001), and the head needs 'ray[client]'",
    )


@contextmanager
def _keeping_signals() -> Iterator[None]:
    """Keep what happens at SIGTERM: `ray.init` takes it over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
