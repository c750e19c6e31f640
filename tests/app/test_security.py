"""Who may ask the app, and what it refuses."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient
from support import THREE_DESIGNS, THREE_DOSES

from doseesc.app import Limits, Settings, Trusted, application
from doseesc.app.views import Views
from doseesc.guide import GUIDE_TOPICS
from doseesc.study import source_of

TEXT = f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}"
HERE = "http://127.0.0.1:8000"
JSON = {"Content-Type": "application/json"}


def client(base=HERE, **changes):
    told = {"name": "mine.yaml", "text": TEXT, "trusted": Trusted(), "command": str, "python": str} | changes
    return TestClient(application(Settings(**told)), base_url=base)


def ask(app, text=TEXT, headers=None, **more):
    return app.post(
        "/state", json={"name": "mine.yaml", "text": text, **more}, headers={"Origin": HERE, **(headers or {})}
    )


def test_page_may_load_nothing_from_elsewhere_and_run_no_script_written_into_it():
    answer = client().get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "<script>" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


def test_host_of_another_name_is_refused_so_that_no_site_can_be_bound_to_the_app():
    assert client("http://evil.example").get("/").status_code == 400
    assert client("http://localhost:8000").get("/").status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:9", "ftp://127.0.0.1:8000", "http://[", "null", ""]
)
def test_request_of_another_page_is_refused(origin):
    assert ask(client(), headers={"Origin": origin}).status_code == 403


def test_form_of_another_page_is_refused_since_it_cannot_send_json():
    answer = client().post("/state", content="{}", headers={"Origin": HERE, "Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_too_much_is_not_read():
    app = client(limits=Limits(request_bytes=2000))
    answer = app.post("/state", content=b" " * 5000, headers={"Origin": HERE, **JSON})
    assert answer.status_code == 413
    assert "2,000 bytes" in answer.text


def test_text_that_is_too_long_is_named_with_the_limit():
    answer = ask(client(), "x" * 1_000_001)
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "the file has more than 1,000,000 characters, the most that the app takes"},
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"name": "a", "text": "\\ud83d"}',
        b"{",
        b'{"name": 1}',
        b"[" * 100_000,
        json.dumps({"name": "a", "text": "b", "more": 1}).encode(),
    ],
)
def test_request_that_no_page_makes_is_refused(body):
    assert client().post("/state", content=body, headers={"Origin": HERE, **JSON}).status_code == 400


def test_app_that_listens_elsewhere_asks_for_a_token():
    app = client("http://box.example:8000", host="box.example", token="s3cret")
    assert app.get("/").status_code == 403
    assert app.get("/?token=wrong").status_code == 403
    assert app.get("/static/app.js").status_code == 403
    entered = app.get("/?token=s3cret", follow_redirects=False)
    assert entered.status_code == 303
    assert entered.headers["location"] == "/"
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert app.get("/").status_code == 200


def test_two_apps_of_one_host_do_not_share_a_token_though_browsers_share_cookies():
    first, second = (client("http://box.example:8000", host="box.example", token=each) for each in ("one", "two"))
    entered = [
        app.get(f"/?token={token}", follow_redirects=False).headers["set-cookie"]
        for app, token in ((first, "one"), (second, "two"))
    ]
    cookies = "; ".join(each.partition(";")[0] for each in entered)
    for app in (first, second):
        app.cookies.clear()
        assert app.get("/", headers={"Cookie": cookies}).status_code == 200
    assert first.get("/", headers={"Cookie": entered[1].partition(";")[0]}).status_code == 403


def test_more_requests_than_may_be_worked_on_are_told_to_wait(monkeypatch):
    app, go_on, began = client(limits=Limits(requests=1)), threading.Event(), threading.Event()

    def waits(self, asked):
        began.set()
        go_on.wait(30)
        return {}

    monkeypatch.setattr(Views, "state", waits)
    with app, ThreadPoolExecutor() as pool:
        first = pool.submit(ask, app)
        assert began.wait(30)
        second = ask(app)
        go_on.set()
        assert first.result().status_code == 200
        assert second.status_code == 503
        assert second.json() == {
            "message": "as many requests are being answered as may be at once, 1; ask again in a moment"
        }
        assert ask(app).status_code == 200


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("{name: mine, type: pymc, module: model.py, function: model}", "module"),
        ("{name: mine, type: PyMC}", "type"),
        ("{name: mine, type: policy, file: optimum.npz}", "file"),
        ("{name: mine, type: table, table: ../../etc/passwd}", "table"),
    ],
)
def test_study_from_a_page_may_name_no_code_and_no_file(entry, key):
    text = TEXT.replace("  - {name: BOIN, type: BOIN}", f"  - {entry}")
    problems = ask(client(), text).json()["problems"]
    assert [(each["path"], each["line"]) for each in problems] == [(f'["designs",2,"{key}"]', 10)]
    assert "a page may not name files or code" in problems[0]["words"]
    assert "--allow-code" in problems[0]["words"]
    app = client()
    asked = app.post("/ask", json={"name": "a", "text": text, "question": "worst"}, headers={"Origin": HERE}).json()
    conduct = app.post("/conduct", json={"name": "a", "text": text}, headers={"Origin": HERE}).json()
    assert "a page may not name files or code" in asked["message"]
    assert "a page may not name files or code" in conduct["wrong"]


def test_files_that_the_users_own_file_names_are_followed_and_no_others(tmp_path):
    (tmp_path / "table.csv").write_text("n,dlts,decision\n3,0,E\n3,1,S\n3,2,D\n3,3,DU\n6,0,E\n6,1,S\n6,2,S\n")
    (tmp_path / "other.csv").write_text("n,dlts,decision\n")
    text = TEXT.replace("  - {name: BOIN, type: BOIN}", "  - {name: mine, type: table, table: table.csv}")
    source = source_of(str(tmp_path / "mine.yaml"), text.encode())
    app = client(trusted=Trusted.of(source, code=False))
    said = ask(app, text).json()
    assert "a page may not" not in json.dumps(said)
    refused = ask(app, text.replace("table.csv", "other.csv")).json()
    assert "a page may not name files or code" in refused["whole"]


def test_file_that_was_changed_meanwhile_is_read_again(tmp_path):
    table = tmp_path / "table.csv"
    rates = {(n, dlts): dlts / n for n in (3, 6, 9, 12) for dlts in range(n + 1)}
    letters = {pair: "E" if rate < 0.2 else "S" if rate < 0.34 else "D" for pair, rate in rates.items()}
    rows = [f"{n},{dlts},{letter}\n" for (n, dlts), letter in letters.items()]
    table.write_text("".join(["n,dlts,decision\n", *rows]))
    text = TEXT.replace("  - {name: BOIN, type: BOIN}", "  - {name: mine, type: table, table: table.csv}")
    source = source_of(str(tmp_path / "mine.yaml"), text.encode())
    app = client(trusted=Trusted.of(source, code=False), limits=Limits(live_seconds=60))
    before = ask(app, text).json()["answer"]
    assert ask(app, text).json()["answer"] == before
    table.write_text(table.read_text().replace("3,1,S", "3,1,D"))
    assert ask(app, text).json()["answer"] != before


def test_job_of_somebody_else_cannot_be_guessed():
    assert client().get("/jobs/1").status_code == 404
    assert client().post("/jobs/1/cancel", json={}, headers={"Origin": HERE}).status_code == 404


def test_guide_is_served_page_by_page_under_the_same_policy():
    app = client()
    listed = app.get("/guide/")
    assert all(f'href="{name}"' in listed.text for name in GUIDE_TOPICS)
    page = app.get("/guide/time")
    assert "<h1>Patients pending, and how long it takes</h1>" in page.text
    assert "<style>" not in page.text  # which the policy would refuse
    assert (
        app.get(urljoin("/guide/time", re.search(r'rel="stylesheet" href="([^"]+)"', page.text)[1])).status_code == 200
    )
    wrong = app.get("/guide/tims")
    assert (wrong.status_code, "did you mean time?" in wrong.json()["message"]) == (400, True)
    assert 'href="guide/"' in app.get("/").text
