"""The report's page is one file that asks nothing of the network, and no name in the data becomes a part of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from agent_goals.cli import main
from agent_goals.report.charts import specifications
from agent_goals.report.data import Report
from agent_goals.report.page import as_html, as_script_json
from agent_goals.report.table import Table
from project import ROOT, Marts
from report.conftest import reported
from report.marts import HOSTILE

pytestmark = pytest.mark.xdist_group("report")

#: What a browser would follow or fetch.
FETCHED_BY = ("src", "href", "srcset", "action", "data", "poster", "background")


class Elements(HTMLParser):
    """The elements of a page, and the texts of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)


@pytest.fixture(scope="module")
def page(whole: Marts) -> str:
    return as_html(reported(whole.path))


@pytest.fixture(scope="module")
def hostile_page(hostile: Marts) -> str:
    return as_html(reported(hostile.path))


def test_it_has_room_in_three_megabytes(page: str) -> None:
    assert len(page.encode()) < 3_000_000


def test_nothing_on_it_is_fetched(page: str) -> None:
    fetched = [value for name, value in Elements(page).attributes if name in FETCHED_BY]
    assert {value for value in fetched if not (value or "").startswith("#")} == {"data:,"}
    assert not re.search(r"url\(|@import", page.partition("<style>")[2].partition("</style>")[0])


def test_the_policy_allows_its_own_scripts_and_no_connection(page: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.replace("&#39;", "'").split(";"))
    assert rules["default-src"] == rules["connect-src"] == "'none'"
    run = [text for attributes, text in Elements(page).scripts if "type" not in attributes]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in run]
    assert rules["script-src"].split() == hashes
    assert len(hashes) == 3


def test_names_that_mean_harm_make_no_element(page: str, hostile_page: str) -> None:
    assert Elements(hostile_page).names == Elements(page).names
    assert len(Elements(hostile_page).scripts) == 5


def test_names_that_mean_harm_are_in_the_data_as_they_are(hostile_page: str) -> None:
    (text,) = [text for attributes, text in Elements(hostile_page).scripts if attributes.get("id") == "data"]
    data = json.loads(text)
    part = data["parts"]["goals"]
    agents, goals = ({row[part["columns"].index(name)] for row in part["rows"]} for name in ("agent", "goal"))
    assert {HOSTILE["issue_resolved"], HOSTILE["booking_confirmed"], HOSTILE["billing_question_resolved"]} <= goals
    assert {HOSTILE["support_agent"], HOSTILE["billing_agent"]} <= agents


@given(st.text())
def test_no_text_ends_a_script_and_every_text_survives(text: str) -> None:
    made = as_script_json({text: [text]})
    assert not re.search(r"[<>&\u2028\u2029]", made)
    assert json.loads(made) == {text: [text]}


def test_a_target_that_means_harm_is_text() -> None:
    report = Report(datetime(2026, 8, 1, tzinfo=UTC), "<b>&\"'", {"goals": Table("daily", ("goal",), [("g",)])})
    assert "Target &lt;b&gt;&amp;&#34;&#39;," in as_html(report)


def test_specifications_hold_no_data() -> None:
    found = json.dumps(specifications())
    assert '"values"' not in found and '"datasets"' not in found and '"url"' not in found


# --- the command


def run(marts: Marts, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    monkeypatch.setenv("AGENT_GOALS_DUCKDB_PATH", str(marts.path))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(ROOT))
    return CliRunner().invoke(main, ["report", "--project-dir", str(ROOT), *options])


def test_json_gives_what_the_page_shows(whole: Marts, page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def parts(text: str) -> Any:
        return json.loads(text)["parts"]

    outcome = run(whole, monkeypatch, "--json")
    assert outcome.exit_code == 0
    (embedded,) = [text for attributes, text in Elements(page).scripts if attributes.get("id") == "data"]
    assert parts(outcome.stdout) == parts(embedded)
    path = tmp_path / "report.json"
    assert run(whole, monkeypatch, "--json", "--output", str(path)).exit_code == 0
    assert parts(path.read_text(encoding="utf-8")) == parts(embedded)


def test_the_page_goes_where_it_is_told(whole: Marts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "goals.html"
    outcome = run(whole, monkeypatch, "--output", str(path))
    assert outcome.exit_code == 0
    assert f"{path}: 1." in outcome.stderr.replace("\n", "") and "MB" in outcome.stderr
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_without_the_charts_it_says_how_to_install_them(whole: Marts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    outcome = run(whole, monkeypatch, "--output", str(tmp_path / "goals.html"))
    assert outcome.exit_code == 2
    assert "pip install 'agent-goals[report]'" in outcome.stderr
    assert not list(tmp_path.iterdir())
    assert run(whole, monkeypatch, "--json").exit_code == 0
