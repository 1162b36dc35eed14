"""The report's page in a real browser: it draws, its filters filter, it can be used without a mouse or eyes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from agent_goals.report.page import as_html
from agent_goals.summary import duration, money, percent
from project import Marts
from report.conftest import reported
from report.marts import HOSTILE

pytestmark = pytest.mark.xdist_group("report")

#: The programs that Chromium is called by; playwright's own browser comes from no package registry.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and with CI set it has to be: apt-get install chromium")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        # A container's root has no sandbox; the page is the project's own.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(whole: Marts, hostile: Marts, demo: Marts, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    pages = {"whole": whole, "hostile": hostile, "demo": demo}
    for name, marts in pages.items():
        (folder / f"{name}.html").write_text(as_html(reported(marts.path)), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Open]:
    """Opens a page, if told with every chart drawn; afterwards there must have been no error, no warning and no request."""
    complaints: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def open_page(name: str = "whole", viewport: dict[str, int] = WIDE, *, is_drawn: bool = False, **options: Any) -> Page:
        context = browser.new_context(viewport=viewport, offline=True, accept_downloads=True, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(("file:", "blob:")) else complaints.append(request.url))
        page.goto(files[name].as_uri())
        page.wait_for_selector("body[data-ready]")
        if is_drawn:
            draw_all(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def draw_all(page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".chart:not([data-drawn])")).to_have_count(0, timeout=120_000)


def choose(page: Page, **values: str) -> None:
    for name, value in values.items():
        control = page.locator(f"#filters [name={name}]")
        if name in ("from", "to"):
            control.fill(value)
        else:
            control.select_option(value)


def headline(page: Page) -> dict[tuple[str, str], list[str]]:
    """The cells of the goals' table, by goal and agent."""
    found: dict[tuple[str, str], list[str]] = {}
    goal = ""
    for row in page.locator("#headline-table tbody tr").all():
        texts = [text.strip() for text in row.locator("th, td").all_inner_texts()]
        if len(texts) == 1:
            goal = texts[0]
        else:
            found[goal, texts[0]] = texts[1:]
    return found


def figures(page: Page, chart: str) -> list[dict[str, str]]:
    """The CSV behind a chart, and the check that the table says as many rows."""
    details = page.locator(f"#{chart} details").first
    if not details.evaluate("(node) => node.open"):
        details.locator("summary").press("Enter")
    with page.expect_download() as waiting:
        details.get_by_role("button", name="Save as CSV").press("Enter")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"))))
    assert details.locator("tbody tr").count() == len(rows)
    return rows


def test_every_section_draws_its_charts(opened: Open) -> None:
    page = opened(is_drawn=True)
    for section in ("achievement", "costs", "funnels", "experiments", "failures", "escalation", "models", "judges"):
        charts = page.locator(f"#section-{section} .chart")
        assert charts.count() > 0, section
        for chart in charts.all():
            marks = chart.locator("svg .mark-symbol path, svg .mark-rect path, svg .mark-rule line")
            assert marks.count() > 0, section


def test_the_headline_has_the_marts_figures(opened: Open, whole: Marts) -> None:
    """Formatted on the page by its script, and here as `agent-goals summary` does it."""

    def shown(value: Any, form: Callable[[Any], str]) -> str:
        return "\N{EN DASH}" if value is None else form(value)

    page = opened()
    page.locator("#steps").check()
    table = headline(page)
    for row in whole.rows("select * from agent_goals__goal_performance"):
        if (row["goal"], row["agent"]) not in table:
            assert row["count_top_level_outcomes"] == 0
            continue
        achieved, rate, _, *rest = table[row["goal"], row["agent"]]
        assert achieved == f"{row['count_achieved']:,} of {row['count_achieved'] + row['count_not_achieved']:,}"
        assert rate.split("\n")[0] == shown(row["goal_achievement_rate"], percent)
        assert rest == [
            shown(row["cost_per_goal_achieved"], money),
            shown(row["fully_loaded_cost_per_goal"], money),
            shown(row["goal_efficiency"], percent),
            shown(row["average_time_to_goal_seconds"], duration),
            shown(row["value_per_goal"], money),
        ]
    assert len(table) > 100


@pytest.mark.parametrize("part", ["goal_performance", "sessions"])
def test_every_metric_of_the_page_is_the_marts(opened: Open, whole: Marts, part: str) -> None:
    """The script's formulas over the embedded parts give the mart's own columns, row by row."""
    page = opened()
    computed = page.evaluate(
        """(name) => {
            const table = JSON.parse(document.getElementById("data").textContent).parts[name];
            return Figures.objects(table).map((row) => ({
                ...row,
                ...Object.fromEntries(Object.entries(Figures.metrics).map(([metric, formula]) => [metric, formula(row)])),
            }));
        }""",
        part,
    )
    assert len(computed) > 100
    if part == "goal_performance":
        key = ["agent", "goal"]
        metrics = [
            "goal_achievement_rate", "cost_per_goal_achieved", "fully_loaded_cost_per_goal", "goal_efficiency",
            "average_time_to_goal_seconds", "value_per_goal", "net_value",
        ]  # fmt: skip
        rows = whole.rows("select * from agent_goals__goal_performance")
    else:
        key = ["period", "agent", "customer_segment"]
        metrics = ["session_success_rate", "cost_per_session"]
        rows = whole.rows(
            """select metric_date::text as period, * from agent_goals__session_metrics_daily
            qualify count(*) over (partition by metric_date, agent, customer_segment) = 1"""
        )
    exact = {tuple(row[name] for name in key): row for row in rows}
    checked = 0
    for row in computed:
        if (mart := exact.get(tuple(row[name] for name in key))) is None:
            continue
        checked += 1
        for metric in metrics:
            expected = None if mart[metric] is None else pytest.approx(float(mart[metric]), rel=1e-12, abs=1e-12)
            assert row[metric] == expected, (metric, row)
    assert checked > 100


def test_filters_change_what_is_shown(opened: Open, whole: Marts) -> None:
    page = opened()
    everything = headline(page)
    choose(page, agent="billing_agent")
    assert {agent for _, agent in headline(page)} == {"billing_agent"}
    assert page.locator("#status").inner_text() == "Showing agent billing_agent, by day."
    assert "200" not in page.locator("#section-overview .tiles").inner_text()

    choose(page, agent="", goal="issue_resolved", **{"from": "2026-03-05", "to": "2026-03-08"})
    days = whole.row(
        """select sum(count_achieved) as achieved, sum(count_achieved + count_not_achieved) as judged
        from agent_goals__goal_metrics_daily
        where goal = 'issue_resolved' and metric_date between '2026-03-05' and '2026-03-08'"""
    )
    assert {key: cells[0] for key, cells in headline(page).items()} == {
        ("issue_resolved", "support_agent"): f"{days['achieved']} of {days['judged']}"
    }
    assert [row["label"] for row in figures(page, "achievement-1")] == [f"2026-03-0{day}" for day in (5, 6, 7, 8)]

    (segment, *_) = whole.rows(
        """select customer_segment, sum(count_achieved) as achieved from agent_goals__goal_metrics_daily
        where goal = 'issue_resolved' group by 1 order by 2 desc"""
    )
    choose(page, segment=segment["customer_segment"], **{"from": "", "to": ""})
    assert headline(page)["issue_resolved", "support_agent"][0].startswith(f"{segment['achieved']:,} of ")

    choose(page, segment="", period="month")
    assert [row["label"] for row in figures(page, "achievement-1")] == ["2026-03"]

    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#status")).to_have_text("Showing everything, by day.")
    assert headline(page) == everything


def test_what_is_not_there_is_said(opened: Open) -> None:
    page = opened()
    choose(page, **{"from": "2031-01-01"})
    assert headline(page) == {}
    assert "Nothing was recorded for what is chosen above." in page.locator("#section-goals").inner_text()
    assert page.locator("#section-costs .chart").count() == 0


def test_alerts_have_their_limits_and_a_ring(opened: Open) -> None:
    page = opened()
    choose(page, goal="issue_resolved", agent="support_agent")
    rows = {row["label"]: row for row in figures(page, "achievement-1")}
    assert (rows["2026-03-11"]["low"], rows["2026-03-11"]["high"], rows["2026-03-11"]["alert_text"]) == (
        "0.76",
        "0.93",
        "decline",
    )
    assert "a decline on 1 of the days" in page.locator("#achievement-1").inner_text()
    assert "issue_resolved, support_agent on 2026-03-11" in page.locator("#section-overview").inner_text()


def test_funnels_lose_as_many_as_the_mart_says(opened: Open, whole: Marts) -> None:
    page = opened()
    choose(page, goal="sales_pipeline")
    rows = {row["step"]: int(row["count_dropped_off"]) for row in figures(page, "funnel-1")}
    of_mart = whole.rows(
        """select case when is_composite then 'all steps met, not achieved' else sub_goal end as step,
            sum(count_dropped_off) as lost
        from agent_goals__goal_funnel where composite_goal = 'sales_pipeline' group by 1"""
    )
    assert rows == {row["step"]: int(row["lost"]) for row in of_mart}


def test_experiments_have_the_marts_intervals_and_verdicts(opened: Open, whole: Marts) -> None:
    page = opened()
    choose(page, goal="issue_resolved")
    rows = figures(page, "experiment-1")
    of_mart = whole.rows("select * from agent_goals__experiment_results where experiment = 'answers_with_sources'")
    exact = {row["metric"].replace("_", " "): row for row in of_mart}
    assert len(rows) == len(exact)
    for row in rows:
        mart = exact[row["metric"].partition(" (")[0]]
        assert row["verdict"] == mart["verdict"]
        for name, column in (("lift", "lift"), ("low", "lift_low"), ("high", "lift_high")):
            assert row[name] == "" if mart[column] is None else float(row[name]) == mart[column]


def test_a_build_without_the_diagnostics_says_so(opened: Open, demo: Marts) -> None:
    built = {row["table_name"] for row in demo.rows("select table_name from information_schema.tables")}
    page = opened("demo")
    parts = {"failures": "failure_patterns", "escalation": "escalation_curve", "models": "model_performance",
             "judges": "judge_agreement", "achievement": "goal_alerts"}  # fmt: skip
    for section, mart in parts.items():
        is_said = f"The build is older than agent_goals__{mart}" in page.locator(f"#section-{section}").inner_text()
        assert is_said == (f"agent_goals__{mart}" not in built), section


def test_names_that_mean_harm_are_shown_as_they_are(opened: Open) -> None:
    page = opened("hostile")
    assert page.title() == "What the agents achieve"
    shown = page.locator("#headline-table").inner_text()
    for name in ("issue_resolved", "support_agent", "booking_confirmed"):
        assert HOSTILE[name] in shown
    choose(page, goal=HOSTILE["issue_resolved"], agent=HOSTILE["support_agent"])
    assert list(headline(page)) == [(HOSTILE["issue_resolved"], HOSTILE["support_agent"])]
    draw_all(page)
    page.locator("#achievement-1 .chart .mark-symbol path").first.hover(force=True)
    page.locator("#vg-tooltip-element.visible").wait_for()
    assert page.title() == "What the agents achieve"
    assert page.locator("main script, main img").count() == 0


def test_a_spreadsheet_takes_no_name_for_a_formula(opened: Open) -> None:
    page = opened("hostile")
    agent = HOSTILE["billing_agent"]
    choose(page, agent=agent)
    goals = {row["goal"] for row in figures(page, "section-goals")}
    assert any(goal.startswith("'=1+1") for goal in goals)
    assert not any(goal.startswith("=") for goal in goals)


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "dark"), (PHONE, "light")], ids=["wide dark", "phone light"])
def test_axe_finds_nothing_serious(opened: Open, viewport: dict[str, int], scheme: str) -> None:
    page = opened(viewport=viewport, color_scheme=scheme, is_drawn=True)
    for summary in page.locator("summary").all():
        summary.press("Enter")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert json.dumps([(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in serious]) == "[]"


@pytest.mark.parametrize("name", ["whole", "hostile"])
def test_a_phone_shows_all_of_its_width_and_no_more(opened: Open, name: str) -> None:
    page = opened(name, viewport=PHONE, is_drawn=True)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    widest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.chart svg')].map((node) => node.getBoundingClientRect().right))"
    )
    assert widest <= PHONE["width"]


def test_colours_follow_the_system_and_the_choice(opened: Open) -> None:
    def background(page: Page) -> Any:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark, light = background(opened(color_scheme="dark")), background(opened(color_scheme="light"))
    assert dark != light
    page = opened(color_scheme="dark")
    page.locator("#theme").select_option("light")
    assert background(page) == light
    draw_all(page)
    assert page.locator("#achievement-1 .chart svg").count() == 1


def test_everything_can_be_reached_by_keyboard(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName"))
    assert {"A", "INPUT", "SUMMARY", "DIV"} <= reached


def test_without_scripts_it_says_where_the_figures_are(browser: Browser, files: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["whole"].as_uri())
    assert "agent-goals report --json" in page.locator("noscript").inner_text()
    context.close()


def test_a_script_that_is_not_the_pages_own_does_not_run(browser: Browser, files: dict[str, Path], tmp_path: Path) -> None:
    """Even if a name were not escaped, the page's policy would stop it."""
    path = tmp_path / "tampered.html"
    page_text = files["whole"].read_text(encoding="utf-8")
    path.write_text(page_text.replace("</main>", "</main><script>document.title = 'owned'</script>"), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]")
    assert page.title() == "What the agents achieve"
    with pytest.raises(Error):
        page.evaluate("fetch('http://127.0.0.1:9/')")
    page.close()
