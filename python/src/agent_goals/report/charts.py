"""The charts of the report, as Vega-Lite specifications without data.

The page gives each its rows as the data set ``rows``, in fields of fixed names, so that nothing that data says is ever
read as a specification. A colour that begins with ``$`` is one of the page's theme.
"""

from __future__ import annotations

from typing import Any

import altair as alt

#: What Altair says that layers make.
_Layers = alt.LayerChart | alt.FacetChart

_ROWS = alt.NamedData(name="rows")

#: A period's start is a date without a time zone. A chart that fits its container has to say its width.
_PERIOD = alt.X(
    "period:T",
    title=None,
    scale=alt.Scale(type="utc"),
    axis=alt.Axis(labelOverlap=True, grid=False, labelExpr="utcFormat(datum.value, '%-d %b %Y')"),
)

#: Names stand in the order of their rows, and each series has the colour and the shape of its place. The page has the legend.
_IN_ORDER: None = None

#: What becomes of those who reach a step.
FATES = {"achieved": "accent", "not_achieved": "faint", "dropped_off": "bad"}

_VERDICTS = {
    "better": "$good",
    "worse": "$bad",
    "no difference": "$muted",
    "no difference yet": "$muted",
    "not enough data": "$faint",
    "do not trust: sample ratio": "$warn",
}


def specifications() -> dict[str, dict[str, Any]]:
    """Every chart's specification, by the chart's name."""
    charts = {
        "achievement": _achievement(),
        "share_over_time": _over_time("%"),
        "money_over_time": _over_time("~g"),
        "funnel": _funnel(),
        "effects": _effects(),
        "effects_by_metric": _effects_by_metric(),
        "patterns": _patterns(),
        "escalation": _escalation(),
        "models": _models(),
        "judges": _judges(),
    }
    return {name: _finished(chart) for name, chart in charts.items()}


def _finished(chart: Any) -> dict[str, Any]:
    found: dict[str, Any] = chart.to_dict()
    found.pop("config", None)
    return found


def _tooltip(**fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in fields.items()]


def _achievement() -> _Layers:
    """A goal's rate by period, with its control limits, its target and its alerts where there are any."""
    base = alt.Chart(_ROWS).encode(x=_PERIOD)
    rate = alt.Y("rate:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    tooltip = _tooltip(label="period", rate_text="achieved", count_text="of judged", limits_text="limits", alert_text="alert")
    limits = base.mark_area(color="$muted", opacity=0.18, interpolate="step-after").encode(alt.Y("low:Q"), alt.Y2("high:Q"))
    target = base.mark_line(color="$good", strokeDash=[5, 4], strokeWidth=1.5, interpolate="step-after").encode(alt.Y("target:Q"))
    line = base.mark_line(color="$accent", strokeWidth=1.75).encode(rate)
    points = base.mark_point(color="$accent", filled=True, opacity=1).encode(
        rate, size=alt.Size("judged:Q", legend=None, scale=alt.Scale(rangeMin=12, rangeMax=70, zero=True)), tooltip=tooltip
    )
    # Not a filter: a scale over no rows at all is a warning.
    alerts = base.mark_point(color="$bad", filled=False, size=160, strokeWidth=2.5, shape="circle").encode(
        rate, opacity=alt.condition("datum.is_alert", alt.value(1), alt.value(0)), tooltip=tooltip
    )
    return alt.layer(limits, target, line, points, alerts).properties(width="container", height=170)


def _over_time(number: str) -> _Layers:
    """A figure by period, a line for each series."""
    base = alt.Chart(_ROWS).encode(
        x=_PERIOD,
        y=alt.Y("figure:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(format=number, tickCount=5)),
        color=alt.Color("series:N", sort=_IN_ORDER, scale=alt.Scale(range="category"), legend=None),
    )
    points = base.mark_point(filled=True, size=36, opacity=1).encode(
        shape=alt.Shape("series:N", sort=_IN_ORDER, legend=None),
        tooltip=_tooltip(series="goal, agent", label="period", figure_text="figure", count_text="achieved of judged"),
    )
    return alt.layer(base.mark_line(strokeWidth=1.75), points).properties(width="container", height=260)


def _funnel() -> _Layers:
    """What became of those who reached each step."""
    base = alt.Chart(_ROWS, width="container", height=alt.Step(38)).encode(
        y=alt.Y("step:N", title=None, sort=_IN_ORDER, axis=alt.Axis(labelLimit=220, ticks=False, domain=False)),
    )
    bars = base.mark_bar(size=22).encode(
        x=alt.X("count:Q", title="attempts", axis=alt.Axis(tickCount=5, format=",d")),
        color=alt.Color(
            "fate:N", scale=alt.Scale(domain=list(FATES), range=[f"${color}" for color in FATES.values()]), legend=None
        ),
        order=alt.Order("fate_order:Q"),
        tooltip=_tooltip(step="step", fate_text="what became of them", count_text="attempts"),
    )
    labels = base.mark_text(align="left", dx=6, color="$text").encode(x=alt.X("reached:Q"), text="lost_text:N")
    return alt.layer(bars, labels)


def _effect_layers(data: Any) -> tuple[alt.Chart, alt.Chart, alt.Chart]:
    base = alt.Chart(data)
    color = alt.Color("verdict:N", scale=alt.Scale(domain=list(_VERDICTS), range=list(_VERDICTS.values())), legend=None)
    tooltip = _tooltip(
        variant="variant", metric="metric", lift_text="change", interval_text="95% interval", verdict="verdict", reason="why"
    )
    x = alt.X(
        "lift:Q",
        title="change against the control",
        axis=alt.Axis(tickCount=5, labelExpr="datum.value == 0 ? '0%' : format(datum.value, '+.0%')"),
    )
    return (
        base.mark_rule(color="$muted", strokeDash=[3, 3]).encode(x=alt.datum(0)),
        base.mark_rule(strokeWidth=4, opacity=0.75).encode(x=alt.X("low:Q"), x2="high:Q", color=color, tooltip=tooltip),
        base.mark_point(filled=True, size=90, opacity=1).encode(x=x, color=color, tooltip=tooltip),
    )


def _effects() -> _Layers:
    """The one variant of an experiment against its control, metric by metric."""
    zero, interval, point = _effect_layers(_ROWS)
    y = alt.Y("metric:N", title=None, sort=_IN_ORDER, axis=alt.Axis(labelLimit=220, ticks=False))
    return alt.layer(zero, interval.encode(y=y), point.encode(y=y)).properties(width="container", height=alt.Step(32))


def _effects_by_metric() -> Any:
    """The variants of an experiment against its control, each metric on its own scale."""
    zero, interval, point = _effect_layers(alt.Undefined)
    y = alt.Y("variant:N", title=None, sort=_IN_ORDER, axis=alt.Axis(labelLimit=150, ticks=False))
    return (
        alt.layer(zero, interval.encode(y=y), point.encode(y=y))
        .properties(height=alt.Step(22))
        .facet(
            data=_ROWS,
            facet=alt.Facet(
                "metric:N", title=None, sort=alt.EncodingSortField("metric_order", op="min"), header=alt.Header(labelLimit=260)
            ),
            columns=1,
        )
        .resolve_scale(x="independent")
        .resolve_axis(x="independent")
    )


def _patterns() -> _Layers:
    """What fails more often than the rest, by how many failures that adds."""
    base = alt.Chart(_ROWS, width="container", height=alt.Step(34)).encode(
        y=alt.Y("pattern:N", title=None, sort=_IN_ORDER, axis=alt.Axis(labelLimit=420, ticks=False, domain=False)),
        tooltip=_tooltip(
            pattern="pattern", rate_text="fails", rest_text="the rest", excess_text="excess failures", q_text="q-value"
        ),
    )
    bars = base.mark_bar(color="$bad", size=18, opacity=0.85).encode(
        x=alt.X("excess:Q", title="failures beyond the rest's rate", axis=alt.Axis(tickCount=5))
    )
    return alt.layer(bars, base.mark_rule(color="$text", strokeWidth=2).encode(x="low:Q", x2="high:Q"))


def _escalation() -> _Layers:
    """The chance that a step achieves the goal, and that this or a later one does: two bounds, as escalations leave it open."""
    base = alt.Chart(_ROWS).encode(
        x=alt.X("step:O", title=None, sort=_IN_ORDER, axis=alt.Axis(labelAngle=0, labelOverlap=True, ticks=False)),
        tooltip=_tooltip(
            step_text="step",
            count_text="got here",
            here_text="achieve it here",
            later_text="here or later",
            stop_text="recommendation",
        ),
    )
    share = alt.Y("here:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    later = base.mark_bar(color="$accent", opacity=0.35, size=14).encode(y=alt.Y("least:Q"), y2="most:Q")
    # Where the bounds are one, a bar would have no height.
    bound = base.mark_tick(color="$accent", opacity=0.6, size=14, thickness=2, orient="horizontal").encode(y=alt.Y("least:Q"))
    here = base.mark_line(color="$accent", strokeWidth=1.75, point=alt.OverlayMarkDef(color="$accent", size=50)).encode(y=share)
    stop = base.mark_rule(color="$bad", strokeWidth=2.5, strokeDash=[6, 3]).encode(
        opacity=alt.condition("datum.is_stop", alt.value(1), alt.value(0))
    )
    return alt.layer(later, bound, here, stop).properties(width="container", height=170)


def _models() -> _Layers:
    """Each model's rate against its cost, the larger the more attempts it stands on."""
    base = alt.Chart(_ROWS, width="container", height=300).encode(
        x=alt.X("cost:Q", title="cost per attempt", axis=alt.Axis(tickCount=6, format="~g")),
        color=alt.Color("series:N", sort=_IN_ORDER, scale=alt.Scale(range="category"), legend=None),
        tooltip=_tooltip(
            model="model",
            of="goal, agent",
            rate_text="achieved",
            interval_text="interval",
            cost_text="cost per attempt",
            count_text="attempts",
        ),
    )
    rate = alt.Y("rate:Q", title="achieved", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    intervals = base.mark_rule(strokeWidth=1.5, opacity=0.5).encode(y=alt.Y("low:Q"), y2="high:Q")
    bubbles = base.mark_point(filled=True, opacity=0.85).encode(
        y=rate,
        shape=alt.Shape("series:N", sort=_IN_ORDER, legend=None),
        size=alt.Size("attempts:Q", legend=None, scale=alt.Scale(rangeMin=60, rangeMax=900, zero=True)),
    )
    return alt.layer(intervals, bubbles)


def _judges() -> _Layers:
    """The achievement rate by the judge, by people, and corrected for the judge's errors."""
    base = alt.Chart(_ROWS).encode(
        y=alt.Y("source:N", title=None, sort=_IN_ORDER, axis=alt.Axis(labelLimit=170, ticks=False)),
        tooltip=_tooltip(source="by", rate_text="achieved", interval_text="95% interval"),
    )
    x = alt.X("low:Q", title="achieved", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    intervals = base.mark_rule(color="$accent", strokeWidth=4, opacity=0.6).encode(x=x, x2="high:Q")
    points = base.mark_point(color="$accent", filled=True, size=100, opacity=1).encode(x=alt.X("rate:Q"))
    return alt.layer(intervals, points).properties(width="container", height=alt.Step(34))
