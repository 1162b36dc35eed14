"""The report as one HTML file that opens anywhere and asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import metadata
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from agent_goals.errors import AgentGoalsError
from agent_goals.report.data import Report


def as_html(report: Report) -> str:
    """The report's page: its data, the charts' specifications, the library that draws them, styles and script.

    A content security policy names the page's own scripts by their hashes and allows no connection, so that whatever a goal
    or an agent is called, nothing else runs and nothing is fetched.

    Args:
        report: what it says.

    Raises:
        AgentGoalsError: when the libraries for charts are not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415 (an extra)
        from altair import SCHEMA_VERSION  # noqa: PLC0415

        from agent_goals.report.charts import specifications  # noqa: PLC0415
    except ImportError as error:
        raise AgentGoalsError(
            f"a page needs the charts of Vega-Altair ({error}): pip install 'agent-goals[report]', or take --json."
        ) from None
    version = ".".join(SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    # Its type hints have it that the bundle needs a snippet of one's own.
    library = vl_convert.javascript_bundle(vl_version=version)  # type: ignore[call-arg]
    scripts = [library, *(_asset(name) for name in ("figures.js", "report.js"))]
    if any("</script" in script.lower() or "<!--" in script for script in scripts):
        raise AgentGoalsError("the installed vl-convert-python holds what would end a script on a page: install another version.")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        _asset("report.html.j2")
    )
    return template.render(
        report=report,
        version=metadata.version("agent-goals"),
        policy=_policy(scripts),
        styles=Markup(_asset("report.css")),
        scripts=[Markup(script) for script in scripts],
        data=as_script_json(report.as_dict()),
        charts=as_script_json(specifications()),
        notices=_asset("notices.txt"),
    )


def as_script_json(value: Any) -> Markup:
    """JSON that can stand inside a script element, whatever its texts are: nothing in it can end the element or open another."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _policy(scripts: list[str]) -> str:
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> str:
    return files("agent_goals.report").joinpath("assets", name).read_text(encoding="utf-8")
