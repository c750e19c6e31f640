"""``doseesc app``: where it listens, what it prints, and what it says of a wrong file or port."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import uvicorn
from support import ROOT

from doseesc.app import Settings, Trusted, serve
from doseesc.app.routes import SCRIPTS
from doseesc.app.server import _listen
from doseesc.report import page


def told(**changes):
    return Settings(**({"name": "a.yaml", "text": "", "trusted": Trusted(), "command": str, "python": str} | changes))


@pytest.fixture
def served(monkeypatch):
    """Return a function that starts the app, but for answering, and gives the address and where it listens."""

    def start(**changes):
        said, listening = [], []

        def run(self, sockets):
            listening.extend(each.getsockname()[0] for each in sockets)
            sockets[0].close()

        monkeypatch.setattr(uvicorn.Server, "run", run)
        serve(told(**changes), port=0, browser=False, said=said.append)
        return said[0], listening[0]

    return start


def test_app_listens_on_this_machine_alone_and_asks_for_no_token(served):
    address, listening = served()
    assert listening == "127.0.0.1"
    assert address.startswith("http://127.0.0.1:")
    assert "token" not in address


def test_app_that_listens_elsewhere_has_a_token_in_its_address_and_another_every_time(served):
    first, second = (served(host="0.0.0.0") for _ in range(2))
    assert first[1] == "0.0.0.0"
    tokens = {each[0].partition("?token=")[2] for each in (first, second)}
    assert len(tokens) == 2
    assert min(map(len, tokens)) >= 30


def test_app_that_runs_code_which_pages_name_asks_for_a_token_on_this_machine_too(served):
    address, listening = served(trusted=Trusted(code=True))
    assert listening == "127.0.0.1"
    assert len(address.partition("?token=")[2]) >= 30


def test_wrong_file_is_answered_before_anything_is_started(cli):
    code, _, errors = cli("app", "nosuch.yaml", "--no-browser")
    assert code == 2
    assert "nosuch.yaml" in errors
    assert "does not exist" in errors


def test_port_that_is_taken_is_said(cli):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, _, errors = cli("app", "nct04602104", "--no-browser", "--port", str(other.getsockname()[1]))
    assert code == 2
    assert "cannot listen on 127.0.0.1" in errors
    assert "--port" in errors


def test_second_app_cannot_share_a_port_on_windows_either(monkeypatch):
    asked = []

    class Watched(socket.socket):
        def setsockopt(self, level, name, value):
            asked.append(name)

    monkeypatch.setattr(socket, "socket", Watched)
    for exclusive, wanted in ((None, socket.SO_REUSEADDR), (-5, -5)):
        if exclusive is not None:
            monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", exclusive, raising=False)
        _listen("127.0.0.1", 0).close()
        assert asked.pop() == wanted


def test_scripts_that_page_and_app_share_are_where_the_app_looks_for_them():
    assert SCRIPTS == page.SCRIPTS


def test_app_starts_answers_and_ends_when_interrupted(tmp_path):
    command = [sys.executable, "-m", "doseesc", "app", str(ROOT / "scenarios/nct04602104.yaml"), "--no-browser"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen(command, **pipes, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        address = running.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{address}static/app.js", timeout=60) as answer:
            assert b"The app's page" in answer.read()
    finally:
        running.terminate()
        began = time.monotonic()
        running.wait(timeout=60)
    assert time.monotonic() - began < 30
    assert "Traceback" not in running.stderr.read()
    assert list(tmp_path.iterdir()) == []
