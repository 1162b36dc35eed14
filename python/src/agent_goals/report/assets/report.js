// The page: filters over the embedded sums, and for each section its sentences, tables and charts.
// Whatever data says becomes text of a node or a row of a chart's data set, never markup and never part of a specification.
"use strict";

(() => {
  const { known, total, judged, metrics, shown, startOf, by, objects } = Figures;

  const PERIODS = ["day", "week", "month", "quarter", "year"];
  const MOST_PERIODS = 62;
  const MOST_SERIES = 6;
  const MOST_FUNNELS = 6;
  const MOST_PATTERNS = 15;
  const MOST_TABLE_ROWS = 500;
  const LEAST_JUDGED_FOR_TREND = 30;
  const LEAST_JUDGED_FOR_POINT = 5;

  const GOAL_PARTS = [
    "count_achieved", "count_not_achieved", "count_unjudged", "count_timed", "achieved_cost", "not_achieved_cost",
    "achieved_value", "sum_time_to_goal_seconds",
  ];
  const SESSION_PARTS = [
    "count_sessions", "count_judged_sessions", "count_successful_sessions", "count_escalated_sessions", "total_cost",
    "attributed_cost", "unjudged_cost", "unattributed_cost", "evaluation_cost", "attributed_value", "count_missing_amounts",
  ];

  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const report = read("data");
  const charts = read("charts");

  const parts = Object.fromEntries(
    Object.entries(report.parts).map(([name, table]) => [name, { ...table, all: table.missing ? [] : objects(table) }]),
  );
  const performance_ = parts.goal_performance.all;

  // --- elements

  /** An element; attributes that are null are left out, children that are no nodes become text. */
  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (known(value)) node.setAttribute(name, value);
    node.append(...children.flat().filter(known).map((child) => (child instanceof Node ? child : String(child))));
    return node;
  };

  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  const words = (name) => name.replaceAll("_", " ");
  const badge = (text, kind) => el("span", { class: `badge ${kind}` }, text);
  const option = (value, text) => el("option", { value }, text);
  const column = (name, title, kind = "text") => ({ name, title, kind });

  // --- tables and CSV

  const cells = (row, columns) =>
    columns.map(({ name, kind }, place) =>
      el(place ? "td" : "th", { scope: place ? null : "row", class: kind === "text" ? null : "number" }, shown[kind](row[name])),
    );

  const table = (rows, columns, label) =>
    el(
      "table",
      {},
      el("caption", { class: "sr" }, label),
      el("thead", {}, el("tr", {}, columns.map(({ title, kind }) =>
        el("th", { scope: "col", class: kind === "text" ? null : "number" }, title)))),
      el("tbody", {}, rows.slice(0, MOST_TABLE_ROWS).map((row) => el("tr", {}, cells(row, columns)))),
    );

  const scrolled = (content, label, kind = "") =>
    el("div", { class: `scroll ${kind}`, tabindex: 0, role: "region", "aria-label": label }, content);

  /** A value as a CSV file has it. Text that a spreadsheet would take for a formula gets an apostrophe in front. */
  const csvCell = (value) => {
    if (!known(value)) return "";
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = (rows, columns) =>
    [columns.map(({ name }) => name), ...rows.map((row) => columns.map(({ name }) => row[name]))]
      .map((line) => line.map(csvCell).join(",")).join("\r\n") + "\r\n";

  const save = (name, text) => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  const opened = new Set();

  /** The figures behind a chart: a table that is made when it is opened, and the same as CSV. */
  const numbers = (id, label, rows, columns) => {
    const button = el("button", { type: "button" }, "Save as CSV");
    button.addEventListener("click", () => save(`${id}.csv`, csv(rows, columns)));
    const details = el("details", {}, el("summary", {}, `The figures (${shown.count(rows.length)} ${rows.length === 1 ? "row" : "rows"})`,
      el("span", { class: "sr" }, ` of ${label}`)));
    const fill = () => {
      if (details.childElementCount > 1) return;
      details.append(scrolled(table(rows, columns, label), label));
      if (rows.length > MOST_TABLE_ROWS) details.append(el("p", { class: "note" }, `The first ${MOST_TABLE_ROWS} rows; the CSV has all.`));
      details.append(button);
    };
    details.addEventListener("toggle", () => {
      if (details.open) fill();
      opened[details.open ? "add" : "delete"](id);
    });
    details.open = opened.has(id);
    return details;
  };

  // --- charts

  const SERIES = {
    light: ["#1f5fbf", "#c2570c", "#17794a", "#8a3fa8", "#b0275c", "#5d6b1a", "#0f7285"],
    dark: ["#7fb0f5", "#f0a35e", "#63c995", "#c79be0", "#f28bb0", "#c3cf6e", "#6fc6d8"],
  };
  //: The shapes in the order in which Vega gives them to series.
  const SHAPES = ["●", "■", "▲", "✚", "◆", "▶", "▼"];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const isDark = () => document.documentElement.dataset.theme === "dark";

  const palette = () => SERIES[isDark() ? "dark" : "light"];

  /** A specification with the theme's colours in the place of their names. */
  const themed = (spec) =>
    JSON.parse(JSON.stringify(spec), (key, value) => (typeof value === "string" && value.startsWith("$") ? color(value.slice(1)) : value));

  const config = (width) => {
    const [quiet, line] = [color("quiet"), color("line")];
    const font = getComputedStyle(document.body).fontFamily;
    return {
      background: "transparent", font, range: { category: palette() },
      view: { stroke: null },
      axis: { labelColor: quiet, titleColor: quiet, gridColor: color("grid"), domainColor: line, tickColor: line,
        labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelLimit: width < 480 ? 130 : 220 },
      header: { labelColor: color("text"), labelFontSize: 12, labelAnchor: "start", labelFontWeight: "bold", labelPadding: 2 },
    };
  };

  const waiting = new Set();
  const charted = new WeakMap();

  const draw = async (node) => {
    waiting.delete(node);
    seen.unobserve(node);
    const { name, rows, isFacet } = charted.get(node);
    const width = node.clientWidth;
    const spec = themed(charts[name]);
    spec.datasets = { rows };
    if (spec.height?.step) spec.height = spec.height.step * countNames(spec, rows);
    if (isFacet) {
      spec.columns = width > 800 ? 2 : 1;
      spec.spec.width = Math.max(120, Math.floor((width - 20) / spec.columns) - labelWidth(rows, width) - 24);
    }
    node.finalize?.();
    const embedded = await vegaEmbed(node, spec, {
      actions: false, renderer: "svg", ast: true, config: config(width), tooltip: { theme: "custom" },
      patch: (compiled) => fitted(compiled, rows, width, isFacet),
    });
    node.finalize = () => embedded.finalize();
    // The container says what it shows, and the table gives the figures: the drawing's parts say nothing more.
    node.querySelector("svg").setAttribute("aria-hidden", "true");
    node.style.minHeight = `${node.clientHeight}px`;
    node.dataset.drawn = width;
  };

  /** Have a chart drawn when it comes near the window. */
  const drawLater = (node) => {
    waiting.add(node);
    seen.observe(node);
  };

  const seen = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting && waiting.has(entry.target)).forEach((entry) => draw(entry.target)),
    { rootMargin: "300px" },
  );
  // A printer has no window to come near to.
  window.addEventListener("beforeprint", () => [...waiting].forEach(draw));

  let resized;
  window.addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => {
      for (const node of main.querySelectorAll(".chart[data-drawn]")) {
        if (Number(node.dataset.drawn) === node.clientWidth) continue;
        node.style.minHeight = "";
        drawLater(node);
      }
    }, 150);
  });

  /** How many names stand on the vertical axis. A chart cannot fit its container's width and have a height by name as well. */
  const countNames = (spec, rows) => {
    const { field } = spec.layer.map((layer) => layer.encoding.y).find(known);
    return new Set(rows.map((row) => row[field])).size;
  };

  /** What the names of variants take, about 7 pixels a letter. */
  const labelWidth = (rows, width) => Math.min(width < 480 ? 110 : 150, 7 * Math.max(...rows.map((row) => row.variant.length)));

  /** Moments of the periods that have rows, as many as there is room for. */
  const ticks = (rows, width) => {
    const periods = [...new Set(rows.map((row) => row.period).filter(known))].sort();
    const step = Math.ceil(periods.length / Math.max(2, Math.floor(width / 110)));
    return periods.filter((_, place) => place % step === 0).map(Date.parse);
  };

  /** Fit the axes of the compiled chart: ticks at periods, and on a narrow page no long names. */
  const fitted = (compiled, rows, width, isFacet) => {
    const moments = ticks(rows, width);
    const limit = isFacet ? 110 : 150;
    const visit = (group) => {
      for (const axis of group.axes ?? []) {
        if (moments.length && axis.scale === "x") axis.values = moments;
        if (width < 480 && axis.labelLimit > limit) axis.labelLimit = limit;
      }
      for (const mark of group.marks ?? []) visit(mark);
    };
    visit(compiled);
    return compiled;
  };

  /** A chart with its title, what it shows in words, and its figures. */
  const figure = ({ id, title, says, chart, rows, columns, label, keys, isFacet = false }) => {
    const node = el("div", { class: "chart", role: "img", "aria-label": `Chart. ${title}. ${label ?? says ?? ""} The figures are in the table below.` });
    charted.set(node, { name: chart, rows, isFacet });
    drawLater(node);
    return el("figure", { id, class: isFacet ? "wide-figure" : null }, el("figcaption", {}, el("h3", {}, title), says ? el("p", {}, says) : null),
      keys ? el("ul", { class: "keys" }, keys.map(([name, text, mark]) => el("li", {}, swatch(name, mark), text))) : null,
      node, numbers(id, title, rows, columns));
  };

  const swatch = (name, mark = "■") => {
    const node = el("span", { class: "mark", "aria-hidden": "true" }, mark);
    node.style.color = name.startsWith("#") ? name : `var(--${name})`;
    return node;
  };

  /** The legend of series, in their order. */
  const seriesKeys = (rows) => [...new Set(rows.map((row) => row.series))].map((name, place) => [palette()[place], name, SHAPES[place]]);

  // --- what is shown

  const form = byId("filters");
  const state = {};
  const readState = () => Object.assign(state, Object.fromEntries(new FormData(form)));

  const isOf = (row, ...names) => names.every((name) => !state[name] || row[name] === state[name]);
  const isDuring = (row, finest) =>
    (!state.from || row.period >= startOf(state.from, finest)) && (!state.to || row.period <= state.to);

  const goalRows = () =>
    parts.goals.all.filter((row) => isOf(row, "environment", "agent", "goal") && isDuring(row, parts.goals.period)
      && (!state.segment || row.customer_segment === state.segment));
  const sessionRows = () =>
    parts.sessions.all.filter((row) => isOf(row, "environment", "agent") && isDuring(row, parts.sessions.period)
      && (!state.segment || row.customer_segment === state.segment));

  const pairKey = (row) => JSON.stringify([row.environment, row.goal, row.agent]);
  const steps = new Set(performance_.filter((row) => row.is_step).map(pairKey));
  const environments = [...new Set(performance_.map((row) => row.environment))].sort();
  const named = (row) => (environments.length > 1 && !state.environment ? `${row.goal} (${row.environment})` : row.goal);

  const totalOf = (rows) => ({ ...total(rows, GOAL_PARTS), target: latestTarget(rows) });
  const latestTarget = (rows) => {
    const withTarget = rows.filter((row) => known(row.target_achievement_rate));
    return withTarget.length ? withTarget.reduce((best, row) => (row.period > best.period ? row : best)).target_achievement_rate : null;
  };

  /** Each goal and agent with its rows, its sums, and its sums by period; the most judged first. */
  const series = () => {
    const found = [...by(goalRows(), pairKey)].map(([key, rows]) => {
      const { environment, goal, agent } = rows[0];
      const periods = [...by(rows, (row) => startOf(row.period, state.period))]
        .map(([period, of]) => ({ period, ...totalOf(of) })).sort((a, b) => (a.period < b.period ? -1 : 1));
      return { key, environment, goal, agent, isStep: steps.has(key), name: named({ environment, goal }), periods, ...totalOf(rows) };
    });
    return found.sort((a, b) => judged(b) - judged(a) || (a.key < b.key ? -1 : 1));
  };

  /** Those with a course of time and enough judged to see it, else those with a course, else all. */
  const withCourse = (all) => {
    const courses = all.filter((one) => one.periods.length > 1);
    const clear = courses.filter((one) => judged(one) >= LEAST_JUDGED_FOR_POINT * one.periods.length);
    return ([clear, courses].find((some) => some.length) ?? all).slice(0, MOST_SERIES);
  };
  const ofInterest = (all) => all.filter((one) => !one.isStep || state.goal || byId("steps").checked);
  const achievedText = (t) => `${shown.count(t.count_achieved)} of ${shown.count(judged(t))}`;
  const periodLabel = (period) => ({
    day: period, week: `week of ${period}`, month: period.slice(0, 7), year: period.slice(0, 4),
    quarter: `${period.slice(0, 4)} Q${Math.floor((Number(period.slice(5, 7)) + 2) / 3)}`,
  })[state.period];

  // --- sections

  const missing = (...tables) => {
    const gone = tables.filter((one) => !one || one.missing);
    return gone.length ? el("p", { class: "card missing" },
      `The build is older than ${gone.map((one) => one.mart).join(" and ")}: run dbt build with this version to see this.`) : null;
  };
  const nothing = (text) => el("p", { class: "card missing" }, text);
  const leftOut = (one, what) => (one.left_out ? el("p", { class: "note" }, `${shown.count(one.left_out)} more ${what} are not on this page.`) : null);

  const overview = () => {
    const t = total(sessionRows(), SESSION_PARTS);
    const tiles = [
      ["Sessions", shown.count(t.count_sessions ?? 0), `${shown.count(t.count_judged_sessions ?? 0)} with a judged goal`],
      ["Sessions that succeeded", shown.percent(metrics.session_success_rate(t)), "every top-level goal achieved"],
      ["Cost", shown.money(t.total_cost), `${shown.money(metrics.cost_per_session(t))} a session`],
      ["Value of achieved goals", shown.money(t.attributed_value), "where it is known"],
      ["Escalated to a person", shown.count(t.count_escalated_sessions ?? 0), "sessions"],
    ];
    if (state.goal) {
      const g = totalOf(goalRows());
      tiles.splice(0, 5,
        ["Achieved", achievedText(g), `${shown.count(g.count_unjudged ?? 0)} more unjudged`],
        ["Achievement rate", shown.percent(metrics.goal_achievement_rate(g)), known(g.target) ? `target ${shown.percent(g.target)}` : "no target set"],
        ["Cost per goal achieved", shown.money(metrics.cost_per_goal_achieved(g)), `${shown.money(metrics.fully_loaded_cost_per_goal(g))} with the failures' cost`],
        ["Net value", shown.money(metrics.net_value(g)), "value less cost"],
        ["Time to goal", shown.duration(metrics.average_time_to_goal_seconds(g)), "average"]);
    }
    return [el("ul", { class: "tiles" }, tiles.map(([name, value, more]) =>
      el("li", {}, el("span", { class: "name" }, name), el("span", { class: "figure" }, value), el("span", { class: "more" }, more)))), standsOut()];
  };

  /** What a person should know first, each with the section that shows it. */
  const standsOut = () => {
    const found = [];
    const say = (section, kind, label, text) => found.push(el("li", {}, badge(label, kind), ` ${text} `, el("a", { href: `#section-${section}` }, "See")));
    const below = series().filter((one) => !one.isStep && known(one.target) && judged(one) >= LEAST_JUDGED_FOR_TREND && metrics.goal_achievement_rate(one) < one.target)
      .map((one) => ({ ...one, gap: one.target - metrics.goal_achievement_rate(one) })).sort((a, b) => b.gap - a.gap);
    if (below.length) {
      say("goals", "bad", "below target", `${below.slice(0, 3).map((one) => `${one.name}, ${one.agent}: ${shown.percent(metrics.goal_achievement_rate(one))} of ${shown.percent(one.target)}`).join("; ")}${below.length > 3 ? `; and ${below.length - 3} more` : ""}.`);
    }
    const declines = parts.goal_alerts.all.filter((row) => row.is_decline && isOf(row, "environment", "agent", "goal") && (!state.from || row.metric_date >= state.from) && (!state.to || row.metric_date <= state.to))
      .sort((a, b) => a.decline_rank - b.decline_rank);
    if (declines.length) {
      say("achievement", "bad", "decline", `${declines.slice(0, 3).map((row) => `${named(row)}, ${row.agent} on ${row.metric_date}: ${shown.percent(row.achievement_rate)} where ${shown.percent(row.baseline_rate)} is usual`).join("; ")}${declines.length > 3 ? `; and ${declines.length - 3} more` : ""}.`);
    }
    const decided = (parts.experiment_decisions.all ?? []).filter((row) => isOf(row, "goal") && ["better", "worse"].includes(row.verdict));
    for (const verdict of ["better", "worse"]) {
      const rows = decided.filter((row) => row.verdict === verdict);
      if (rows.length) say("experiments", VERDICTS[verdict], verdict, `${[...by(rows, (row) => row.experiment)].map(([name, of]) => `${of.map((row) => row.variant).join(", ")} (${name})`).join("; ")}.`);
    }
    const [worst] = patternRows();
    if (worst) say("failures", "bad", "failure pattern", `${worst.pattern}: fails in ${worst.rate_text} of attempts, the rest in ${worst.rest_text}.`);
    const errors = parts.data_quality.all.filter((row) => row.severity === "error" && row.count_found > 0);
    if (errors.length) say("quality", "warn", "data", `${errors.map((row) => `${words(row.check_name)}: ${shown.count(row.count_found)}`).join("; ")}.`);
    return found.length ? el("div", { class: "card" }, el("h3", {}, "What stands out"), el("ul", { class: "says" }, found)) : null;
  };

  /** A line of the rates by period, for the eye only: the words beside it say the same. */
  const spark = (one) => {
    const points = one.periods.map((t) => metrics.goal_achievement_rate(t)).filter(known);
    if (points.length < 3 || judged(one) < LEAST_JUDGED_FOR_POINT * points.length) return null;
    const [width, height] = [64, 22];
    const y = (rate) => (height - 2 - rate * (height - 4)).toFixed(1);
    const node = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: "spark", "aria-hidden": "true" });
    if (known(one.target)) node.append(svg("line", { x1: 0, x2: width, y1: y(one.target), y2: y(one.target) }));
    node.append(svg("polyline", { points: points.map((rate, place) => `${((place * width) / (points.length - 1)).toFixed(1)},${y(rate)}`).join(" ") }));
    return node;
  };

  /** The later half of the periods against the earlier one, where both have enough to tell. */
  const trend = (one) => {
    const middle = Math.floor(one.periods.length / 2);
    const [earlier, later] = [one.periods.slice(0, middle), one.periods.slice(middle)].map((half) => total(half, GOAL_PARTS));
    if (Math.min(judged(earlier), judged(later)) < LEAST_JUDGED_FOR_TREND) return null;
    const difference = metrics.goal_achievement_rate(later) - metrics.goal_achievement_rate(earlier);
    const rate = metrics.goal_achievement_rate(one);
    const error = Math.sqrt(rate * (1 - rate) * (1 / judged(earlier) + 1 / judged(later)));
    return { difference, isClear: Math.abs(difference) > 1.96 * error };
  };

  const HEADLINE = [
    column("goal", "Goal"), column("agent", "Agent"), column("environment", "Environment"), column("count_achieved", "Achieved", "count"),
    column("judged", "Judged", "count"), column("goal_achievement_rate", "Rate", "percent"), column("target", "Target", "percent"),
    column("trend", "Trend", "number"), column("cost_per_goal_achieved", "Cost per goal", "money"),
    column("fully_loaded_cost_per_goal", "Fully loaded", "money"), column("goal_efficiency", "Efficiency", "percent"),
    column("average_time_to_goal_seconds", "Seconds to goal", "number"), column("value_per_goal", "Value per goal", "money"),
  ];

  const headline = () => {
    const all = series();
    const some = ofInterest(all);
    if (!some.length) return [nothing("Nothing was recorded for what is chosen above.")];
    const rows = some.map((one) => ({
      ...one, judged: judged(one), change: trend(one), trend: trend(one)?.difference ?? null,
      ...Object.fromEntries(Object.entries(metrics).slice(0, 7).map(([name, formula]) => [name, formula(one)])),
    })).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.agent < b.agent ? -1 : 1));
    const body = [...by(rows, (row) => row.name)].flatMap(([name, agents]) => [
      el("tr", { class: "group" }, el("th", { scope: "rowgroup", colspan: 9 }, name)),
      ...agents.map((row) => el("tr", { class: "step" },
        el("th", { scope: "row" }, row.agent),
        el("td", { class: "number" }, achievedText(row)),
        el("td", { class: "number" }, el("strong", {}, shown.percent(row.goal_achievement_rate)), targetMark(row)),
        el("td", { class: "number" }, spark(row), trendText(row.change)),
        ...[["cost_per_goal_achieved", "money"], ["fully_loaded_cost_per_goal", "money"], ["goal_efficiency", "percent"],
          ["average_time_to_goal_seconds", "duration"], ["value_per_goal", "money"]]
          .map(([metric, kind]) => el("td", { class: "number" }, shown[kind](row[metric]))))),
    ]);
    const head = ["Goal, agent", "Achieved", "Rate", "Trend", "Cost per goal", "Fully loaded", "Efficiency", "Time to goal", "Value per goal"];
    const label = "What each agent achieved";
    return [
      el("div", { class: "card" },
        scrolled(el("table", { id: "headline-table" }, el("caption", { class: "sr" }, label),
          el("thead", {}, el("tr", {}, head.map((title, place) => el("th", { scope: "col", class: place ? "number" : null }, title)))),
          el("tbody", {}, body)), label, "whole"),
        numbers("headline", label, rows, HEADLINE)),
      el("p", { class: "note" }, `Fully loaded: with the cost of what was not achieved. Trend: the later half of the periods against the earlier one, in percentage points; with an arrow where chance alone would do that in fewer than 1 of 20 cases, a dash where either has fewer than ${LEAST_JUDGED_FOR_TREND} judged.`
        + (some.length < all.length ? ` ${shown.count(all.length - some.length)} rows are steps of these goals.` : "")),
      leftOut(parts.goals, "goals of agents, with the fewest outcomes,"),
    ];
  };

  const targetMark = (row) => {
    if (!known(row.target)) return null;
    const meets = row.goal_achievement_rate >= row.target;
    return el("span", { class: meets ? "above" : "below" }, el("br"), `${meets ? "meets" : "below"} ${shown.percent(row.target)}`);
  };
  const trendText = (change) => {
    if (!change) return "–";
    const { difference, isClear } = change;
    const kind = !isClear ? "quiet" : difference < 0 ? "below" : "above";
    return el("span", { class: kind }, `${isClear ? (difference < 0 ? "▼ " : "▲ ") : ""}${shown.signedPercent(difference).replace("%", "")}`);
  };

  const ACHIEVEMENT = [
    column("label", "Period"), column("rate", "Rate", "percent"), column("achieved", "Achieved", "count"), column("judged", "Judged", "count"),
    column("target", "Target", "percent"), column("low", "Lower limit", "percent"), column("high", "Upper limit", "percent"), column("alert_text", "Alert"),
  ];

  const achievement = () => {
    const alerts = by(parts.goal_alerts.all, pairKey);
    const some = withCourse(ofInterest(series()).filter((one) => judged(one)));
    if (!some.length) return [nothing("Nothing was judged in what is chosen above.")];
    return [
      el("div", { class: "figures" }, some.map((one, place) => {
        // Limits are of whole days of a goal and an agent.
        const limits = new Map(state.period === "day" && !state.segment ? (alerts.get(one.key) ?? []).map((row) => [row.metric_date, row]) : []);
        const rows = one.periods.filter((t) => judged(t)).map((t) => {
          const rate = metrics.goal_achievement_rate(t);
          const limit = limits.get(t.period) ?? {};
          return {
            period: t.period, label: periodLabel(t.period), rate, achieved: t.count_achieved, judged: judged(t), target: one.target,
            low: limit.control_low ?? null, high: limit.control_high ?? null, is_alert: Boolean(limit.is_decline),
            alert_text: known(limit.status) ? words(limit.status) : "–", rate_text: shown.percent(rate), count_text: achievedText(t),
            limits_text: known(limit.control_low) ? `${shown.percent(limit.control_low)} to ${shown.percent(limit.control_high)}` : "–",
          };
        });
        const alerted = rows.filter((row) => row.is_alert).length;
        return figure({
          id: `achievement-${place + 1}`, title: `${one.name}, ${one.agent}`, chart: "achievement", rows, columns: ACHIEVEMENT,
          says: `${shown.percent(metrics.goal_achievement_rate(one))} achieved, ${achievedText(one)}${known(one.target) ? `, target ${shown.percent(one.target)}` : ""}${alerted ? `; a decline on ${alerted} of the days` : ""}.`,
        });
      })),
      parts.goal_alerts.missing ? missing(parts.goal_alerts) : null,
    ];
  };

  const OVER_TIME = [
    column("label", "Period"), column("series", "Goal, agent"), column("figure", "Figure", "number"), column("count_text", "Achieved of judged"),
  ];

  const overTime = () => {
    const some = withCourse(ofInterest(series()).filter((one) => known(metrics.goal_efficiency(one))));
    if (!some.length) return [nothing("No cost is known in what is chosen above.")];
    const chart = (id, title, says, metric, kind, name) => {
      const rows = some.flatMap((one, order) => one.periods.map((t) => ({
        period: t.period, label: periodLabel(t.period), series: `${one.name}, ${one.agent}`, order, figure: metrics[metric](t),
        figure_text: shown[kind](metrics[metric](t)), count_text: achievedText(t),
      }))).filter((row) => known(row.figure));
      return figure({ id, title, says, chart: name, rows, columns: OVER_TIME, keys: seriesKeys(rows) });
    };
    return [el("div", { class: "figures" },
      chart("cost", "Cost per goal achieved", "What an achieved goal costs by itself.", "cost_per_goal_achieved", "money", "money_over_time"),
      chart("fully-loaded", "Fully loaded cost per goal", "With the cost of those that were not achieved.", "fully_loaded_cost_per_goal", "money", "money_over_time"),
      chart("efficiency", "Goal efficiency", "The share of the cost that went into achieved goals.", "goal_efficiency", "percent", "share_over_time"),
      chart("rates", "Achievement rate", "The same goals and agents, for comparison.", "goal_achievement_rate", "percent", "share_over_time"))];
  };

  const FUNNEL = [
    column("step", "Step"), column("count_reached", "Reached", "count"), column("count_achieved", "Achieved", "count"),
    column("count_dropped_off", "Dropped off", "count"), column("share", "Share of drop-off", "percent"),
  ];

  const FATES = [["achieved", "went on, step achieved", "accent"], ["not_achieved", "went on, step not achieved", "faint"], ["dropped_off", "dropped off", "bad"]];

  const funnel = () => {
    const absent = missing(parts.funnel);
    if (absent) return [absent];
    const during = parts.funnel.all.filter((row) => isOf(row, "environment") && (!state.agent || !parts.funnel.is_by_segment || row.agent === state.agent)
      && isDuring(row, ["day", "week"].includes(parts.funnel.period) ? "month" : parts.funnel.period));
    const some = [...by(during, (row) => JSON.stringify([row.environment, row.composite_goal]))].map(([, rows]) => rows)
      .filter((rows) => !state.goal || rows.some((row) => row.composite_goal === state.goal || row.sub_goal === state.goal))
      .map(funnelOf).filter((one) => one.attempts).sort((a, b) => b.lost - a.lost || (a.title < b.title ? -1 : 1));
    if (!some.length) return [nothing("No attempt at a goal with steps in what is chosen above.")];
    return [
      el("div", { class: "figures" }, some.slice(0, MOST_FUNNELS).map(({ title, attempts, achieved, lost, steps: rows }, place) => {
        const worst = rows.reduce((best, row) => (row.count_dropped_off > best.count_dropped_off ? row : best));
        const drawn = rows.filter((row) => !row.isEnd || row.count_dropped_off).flatMap((row) => {
          const reached = row.count_reached ?? row.count_dropped_off;
          const fates = known(row.count_reached)
            ? [Math.min(row.count_achieved, reached - row.count_dropped_off), Math.max(0, reached - row.count_dropped_off - row.count_achieved), row.count_dropped_off]
            : [0, 0, row.count_dropped_off];
          return fates.map((count, order) => ({
            ...row, reached, count, fate: FATES[order][0], fate_text: FATES[order][1], fate_order: order, count_text: shown.count(count),
            lost_text: order === 2 && count ? `−${shown.count(count)}` : "",
          }));
        });
        const made = figure({
          id: `funnel-${place + 1}`, title, chart: "funnel", rows: drawn, columns: FUNNEL, keys: FATES.map(([, text, name]) => [name, text]),
          says: `${shown.count(achieved)} of ${shown.count(attempts)} attempts achieve it${lost ? `; most are lost at ${worst.step} (${shown.count(worst.count_dropped_off)} of ${shown.count(lost)})` : ""}.`,
        });
        made.querySelector("details").replaceWith(numbers(`funnel-${place + 1}`, title, rows, FUNNEL));
        return made;
      })),
      el("p", { class: "note" }, "By agent and whole months; not by segment."),
      some.length > MOST_FUNNELS ? el("p", { class: "note" }, `${some.length - MOST_FUNNELS} more: choose a goal above.`) : null,
    ];
  };

  /** One composite's steps in their order, all periods and agents added up. */
  const funnelOf = (rows) => {
    const steps = [...by(rows, (row) => row.sub_goal)].map(([step, of]) => {
      const t = total(of, ["weighted_step_number", "count_attempts", "count_reached", "count_achieved", "count_dropped_off"]);
      return { ...t, isEnd: of[0].is_composite, step: of[0].is_composite ? "all steps met, not achieved" : step, place: known(t.weighted_step_number) ? t.weighted_step_number / t.count_attempts : 1e6 };
    }).sort((a, b) => a.isEnd - b.isEnd || a.place - b.place || (a.step < b.step ? -1 : 1));
    const end = steps.find((step) => step.isEnd);
    const lost = steps.reduce((all, step) => all + step.count_dropped_off, 0);
    return {
      title: named({ goal: rows[0].composite_goal, environment: rows[0].environment }), attempts: end?.count_attempts ?? 0,
      achieved: end?.count_achieved ?? 0, lost,
      steps: steps.map((step, place) => ({
        ...step, place, share: lost ? step.count_dropped_off / lost : null,
        ...(step.isEnd ? { count_reached: null, count_achieved: null } : {}),
      })),
    };
  };

  const VERDICTS = { better: "good", worse: "bad", "do not trust: sample ratio": "warn" };
  const verdictBadge = (verdict) => badge(verdict, VERDICTS[verdict] ?? "quiet");
  const RESULTS = [
    column("variant", "Variant"), column("metric", "Metric"), column("estimate_control", "Control", "number"), column("estimate", "Variant", "number"),
    column("lift", "Change", "signedPercent"), column("low", "Lower end", "signedPercent"), column("high", "Upper end", "signedPercent"),
    column("decision_p_value", "p-value", "number"), column("chance_to_win", "Chance to win", "percent"), column("verdict", "Verdict"), column("reason", "Why"),
    column("count_units_control", "Units in control", "count"), column("count_units", "Units in variant", "count"),
  ];

  const experiments = () => {
    const absent = missing(parts.experiment_decisions, parts.experiment_results);
    if (absent) return [absent];
    const decisions = parts.experiment_decisions.all.filter((row) => isOf(row, "goal"));
    if (!decisions.length) return [nothing("No experiment with the chosen goal as its primary one.")];
    const key = (row) => JSON.stringify([row.experiment, row.goal]);
    return [
      el("div", { class: "figures" }, [...by(decisions, key)].map(([name, rows], place) => experiment(rows, parts.experiment_results.all.filter((row) => key(row) === name), place))),
      el("p", { class: "note" }, "The bar is the 95% interval of the change against the control. Over all agents, periods and segments."),
      leftOut(parts.experiment_results, "results"),
    ];
  };

  const experiment = (decisions, results, place) => {
    const [first] = decisions;
    const variants = [...new Set(results.map((row) => row.variant))];
    const ofMetric = new Map([...new Set(results.map((row) => row.metric))].map((name, order) => [name, order]));
    const rows = results.map((row) => ({
      ...row, metric: words(row.metric) + (row.is_primary ? " (primary)" : row.is_guardrail ? " (guardrail)" : ""), metric_order: ofMetric.get(row.metric),
      order: variants.length > 1 ? variants.indexOf(row.variant) : ofMetric.get(row.metric), low: row.lift_low, high: row.lift_high,
      lift_text: shown.signedPercent(row.lift), interval_text: known(row.lift_low) ? `${shown.signedPercent(row.lift_low)} to ${shown.signedPercent(row.lift_high)}` : "–", reason: row.verdict_reason,
    }));
    const many = variants.length > 1;
    const drawn = rows.filter((row) => known(row.lift) && (!many || row.is_primary || row.is_guardrail || /fully_loaded|efficiency|time/.test(ofName(row, ofMetric))))
      .sort((a, b) => (many ? a.metric_order - b.metric_order : 0) || a.order - b.order);
    const made = figure({
      id: `experiment-${place + 1}`, title: `${first.experiment}: ${first.goal}`, chart: many ? "effects_by_metric" : "effects", isFacet: many, rows: drawn, columns: RESULTS,
      says: `Against ${first.control_variant} (${shown.percent(first.achievement_rate_control)})${first.design === "paired" ? "; paired, not assigned by chance" : ""}${first.has_reached_plan ? "" : "; the plan is not reached yet"}.`,
      keys: [["good", "better"], ["bad", "worse"], ["muted", "no difference"]],
    });
    made.querySelector("details").replaceWith(numbers(`experiment-${place + 1}`, `${first.experiment}: ${first.goal}`, rows, RESULTS));
    made.querySelector("figcaption").append(el("ul", { class: "says" }, decisions.map((row) => el("li", {},
      el("strong", {}, row.variant), " ", verdictBadge(row.verdict), ` ${shown.percent(row.achievement_rate)} achieve the goal`,
      [["is_cheaper", "cost"], ["is_faster", "time"], ["is_worth_more", "net value"]].filter(([name]) => row[name]).map(([name, what]) => `; ${what}: ${row[name]}`).join(""),
      known(row.cost_per_additional_goal) ? `; one more goal costs ${shown.money(row.cost_per_additional_goal)}` : "", "."))));
    const warnings = (parts.experiment_health?.all ?? []).filter((row) => row.experiment === first.experiment && ["warning", "error"].includes(row.severity));
    if (warnings.length) {
      made.append(el("details", {}, el("summary", {}, `${warnings.length} things to know before believing it`),
        el("ul", { class: "says" }, warnings.map((row) => el("li", {}, badge(row.severity, row.severity === "error" ? "bad" : "warn"), ` ${words(row.check_name)}${row.variant === "all" ? "" : `, ${row.variant}`}: ${row.detail}`)))));
    }
    return made;
  };
  const ofName = (row, ofMetric) => [...ofMetric.keys()][row.metric_order];

  const PATTERNS = [
    column("goal", "Goal"), column("pattern", "Pattern"), column("count_failures", "Failures", "count"), column("count_attempts", "Attempts", "count"),
    column("failure_rate", "Fails", "percent"), column("failure_rate_rest", "The rest", "percent"), column("risk_ratio", "Risk ratio", "number"),
    column("excess", "Excess failures", "number"), column("low", "Lower end", "number"), column("high", "Upper end", "number"),
    column("q_value", "q-value", "number"), column("wasted_cost", "Wasted cost", "money"),
  ];

  /** The patterns of what is chosen, the surest first. */
  const patternRows = () =>
    (parts.failure_patterns.all ?? []).filter((row) => isOf(row, "environment", "goal")).map((row) => ({
      ...row, excess: row.excess_failures, low: row.excess_failures_low, high: row.excess_failures_high,
      what: [[row.dimension, row.value], [row.dimension_2, row.value_2]].filter(([name]) => known(name)).map(([name, value]) => `${words(name)} ${value ?? "unknown"}`).join(", "),
      rate_text: shown.percent(row.failure_rate), rest_text: shown.percent(row.failure_rate_rest), excess_text: shown.number(row.excess_failures), q_text: shown.number(row.q_value),
    })).sort((a, b) => b.low - a.low).map((row) => ({ ...row, pattern: state.goal ? row.what : `${named(row)}: ${row.what}` }));

  const failures = () => {
    const absent = missing(parts.failure_patterns);
    if (absent) return [absent];
    const rows = patternRows();
    if (!rows.length) return [nothing("No value of any dimension fails more than the rest beyond chance.")];
    const made = figure({
      id: "failures", title: "Where failures pile up", chart: "patterns", rows: rows.slice(0, MOST_PATTERNS), columns: PATTERNS,
      says: `${rows[0].pattern} comes first: it fails in ${rows[0].rate_text} of attempts, the rest in ${rows[0].rest_text}.`,
    });
    made.querySelector("details").replaceWith(numbers("failures", "Failure patterns", rows, PATTERNS));
    return [el("div", { class: "figures one" }, made),
      el("p", { class: "note" }, "Failures beyond those at the rest's rate, with their interval; ranked by the surest. Over all periods. Patterns may overlap."),
      leftOut(parts.failure_patterns, "patterns")];
  };

  const MODELS = [
    column("model", "Model"), column("of", "Goal, agent"), column("value_band", "Value at stake"), column("attempts", "Attempts", "count"), column("rate", "Achieved", "percent"),
    column("low", "Lower end", "percent"), column("high", "Upper end", "percent"), column("cost", "Cost per attempt", "money"), column("fully_loaded_cost_per_goal", "Fully loaded", "money"),
    column("net_value_per_attempt", "Net value per attempt", "money"), column("break_even_goal_value", "Break-even goal value", "money"), column("break_even_status", "Break-even"), column("recommended", "Recommended"),
  ];

  const models = () => {
    const absent = missing(parts.model_performance);
    if (absent) return [absent];
    const rows = parts.model_performance.all.filter((row) => isOf(row, "environment", "agent", "goal")).map((row) => ({
      ...row, of: `${row.goal}, ${row.agent}`, rate: row.achievement_rate, low: row.achievement_rate_low, high: row.achievement_rate_high, cost: row.cost_per_attempt, attempts: row.count_attempts,
      rate_text: shown.percent(row.achievement_rate), interval_text: `${shown.percent(row.achievement_rate_low)} to ${shown.percent(row.achievement_rate_high)}`,
      cost_text: shown.money(row.cost_per_attempt), count_text: shown.count(row.count_attempts), recommended: row.is_recommended ? "yes" : "–",
    }));
    const some = [...by(rows, (row) => named(row))].map(([goal, of]) => ({ goal, of, attempts: of.reduce((all, row) => all + row.attempts, 0) }))
      .filter(({ of }) => of.some((row) => known(row.cost))).sort((a, b) => new Set(b.of.map((row) => row.model)).size - new Set(a.of.map((row) => row.model)).size || b.attempts - a.attempts);
    if (!some.length) return [nothing("No model with a known cost in what is chosen above.")];
    return [
      el("div", { class: "figures" }, some.slice(0, 4).map(({ goal, of }, place) => {
        const most = [...new Set(of.map((row) => row.model))].slice(0, SHAPES.length);
        const drawn = of.filter((row) => known(row.cost) && most.includes(row.model)).map((row) => ({ ...row, series: row.model }));
        const best = of.filter((row) => row.is_recommended).map((row) => `${row.model}${of.some((other) => other.value_band !== row.value_band) ? ` (${row.value_band})` : ""}`);
        const made = figure({
          id: `models-${place + 1}`, title: goal, chart: "models", rows: drawn, columns: MODELS, keys: seriesKeys(drawn),
          says: best.length ? `Recommended: ${best.join("; ")}.` : "The evidence carries no recommendation.",
        });
        made.querySelector("details").replaceWith(numbers(`models-${place + 1}`, `Models for ${goal}`, of, MODELS));
        return made;
      })),
      el("p", { class: "note" }, "Up and to the left is better; the larger a point, the more attempts it stands on. Over all periods and segments."),
      leftOut(parts.model_performance, "rows"),
    ];
  };

  const ESCALATION = [
    column("step_text", "Step"), column("count_reached", "Got here", "count"), column("count_achieved", "Achieved here", "count"), column("count_escalated", "Escalated here", "count"),
    column("here", "Achieve it here", "percent"), column("least", "Here or later, least", "percent"), column("most", "Most", "percent"), column("expected_further_cost", "Further cost", "money"),
    column("expected_net_value_least", "Net value from here, least", "money"), column("expected_net_value_most", "Most", "money"), column("cost_saved_if_stopped", "Saved if stopped", "money"),
    column("value_lost_if_stopped_least", "Value lost, least", "money"), column("value_lost_if_stopped_most", "Most", "money"), column("goal_value_to_go_on_least", "Goal value to go on", "money"), column("recommendation", "Recommendation"),
  ];
  const VIEWS = { try: "by try", cost: "by cost spent" };

  const escalation = () => {
    const absent = missing(parts.escalation_curve);
    if (absent) return [absent];
    const found = parts.escalation_curve.all.filter((row) => isOf(row, "environment", "agent", "goal"));
    const curves = [...by(found, (row) => JSON.stringify([pairKey(row), row.view_name]))].map(([, rows]) => rows).filter((rows) => rows.length > 1)
      .sort((a, b) => (b[0].view_name === "try") - (a[0].view_name === "try") || b[0].count_reached - a[0].count_reached);
    if (!curves.length) return [nothing("No goal took more than one try in what is chosen above.")];
    return [
      el("div", { class: "figures" }, curves.slice(0, MOST_SERIES).map((curve, place) => {
        const [first] = curve;
        const isCost = first.view_name === "cost";
        const rows = curve.map((row) => ({
          ...row, step: isCost ? shown.money(row.spent_before ?? 0) : `${row.step}${row.is_open_ended ? " or later" : ""}`,
          step_text: isCost ? `after ${shown.money(row.spent_before ?? 0)} spent` : `try ${row.step}${row.is_open_ended ? " or later" : ""}`,
          here: row.success_rate_here, least: row.eventual_success_rate_least, most: row.eventual_success_rate_most, is_stop: Boolean(row.is_recommended_stop), stop_text: row.recommendation,
          count_text: shown.count(row.count_reached), here_text: shown.percent(row.success_rate_here), later_text: `${shown.percent(row.eventual_success_rate_least)} to ${shown.percent(row.eventual_success_rate_most)}`,
        }));
        const stop = rows.find((row) => row.is_stop);
        return figure({
          id: `escalation-${place + 1}`, title: `${named(first)}, ${first.agent}, ${VIEWS[first.view_name]}`, chart: "escalation", rows, columns: ESCALATION,
          says: `${stop ? `Stop before ${stop.step_text}, on ${shown.count(stop.count_reached)} sessions` : `No stop is recommended: ${rows.at(-1).recommendation}`}.`
            + `${known(first.saving_at_once) ? ` Achieved in one step it costs ${shown.percent(Math.abs(first.saving_at_once))} ${first.saving_at_once < 0 ? "more" : "less"} than in several.` : ""}`,
          keys: [["accent", "achieve it at this step", "●"], ["accent", "at this or a later one: from none to all of the escalated", "▮"], ["bad", "recommended stop", "┃"]],
        });
      })),
      el("p", { class: "note" }, "Over all periods and segments. What an escalated session would have come to is not known, so there are two bounds."),
      leftOut(parts.escalation_curve, "rows"),
    ];
  };

  const JUDGES = [
    column("goal", "Goal"), column("evaluator", "Judge"), column("evaluator_version", "Version"), column("period", "Period"), column("period_start", "From"),
    column("count_judged", "Judged", "count"), column("judge_achievement_rate", "Rate by the judge", "percent"), column("count_labels_used", "Labels", "count"), column("label_basis", "What they are"),
    column("count_true_positive", "Both achieved", "count"), column("count_false_positive", "Judge only", "count"), column("count_false_negative", "Human only", "count"), column("count_true_negative", "Neither", "count"),
    column("accuracy", "Accuracy", "percent"), column("judge_precision", "Precision", "percent"), column("judge_recall", "Recall", "percent"), column("kappa", "Kappa", "number"), column("kappa_low", "Lower end", "number"), column("kappa_high", "Upper end", "number"),
    column("prediction_powered_rate", "Corrected rate", "percent"), column("prediction_powered_rate_low", "Lower end", "percent"), column("prediction_powered_rate_high", "Upper end", "percent"), column("drift_q_value", "Drift q-value", "number"),
  ];

  const judges = () => {
    const absent = missing(parts.judge_agreement);
    if (absent) return [absent];
    const found = parts.judge_agreement.all.filter((row) => isOf(row, "environment", "goal"));
    const whole = found.filter((row) => row.period === "all" && row.count_labels_used);
    if (!whole.length) return [nothing("No session has both a judge's and a human's verdict on what is chosen above.")];
    return [
      el("div", { class: "figures" }, whole.slice(0, MOST_SERIES).map((row, place) => {
        const drawn = [
          ["the judge", row.judge_achievement_rate, null, null],
          ["people, of the labels", row.labelled_achievement_rate, row.labelled_achievement_rate_low, row.labelled_achievement_rate_high],
          ["corrected", row.prediction_powered_rate, row.prediction_powered_rate_low, row.prediction_powered_rate_high],
        ].filter(([, rate]) => known(rate)).map(([source, rate, low, high]) => ({
          source, rate, low: low ?? rate, high: high ?? rate, rate_text: shown.percent(rate), interval_text: known(low) ? `${shown.percent(low)} to ${shown.percent(high)}` : "–",
        }));
        const drifted = found.filter((week) => week.period === "week" && ["goal", "environment", "evaluator", "evaluator_version"].every((name) => week[name] === row[name]));
        const title = `${named(row)}: ${row.evaluator}${known(row.evaluator_version) ? ` ${row.evaluator_version}` : ""}`;
        const made = figure({
          id: `judges-${place + 1}`, title, chart: "judges", rows: drawn, columns: JUDGES,
          says: `Agrees with people in ${shown.percent(row.accuracy)} of ${shown.count(row.count_labels_used)} labels (${row.label_basis}); kappa ${shown.number(row.kappa)}`
            + `${known(row.kappa_low) ? `, ${shown.number(row.kappa_low)} to ${shown.number(row.kappa_high)}` : ""}.${drifted.length ? ` It drifted in ${drifted.length} weeks.` : ""}`,
        });
        made.querySelector("details").replaceWith(numbers(`judges-${place + 1}`, title, [row, ...drifted], JUDGES));
        return made;
      })),
      el("p", { class: "note" }, "The achievement rate by each, with its 95% interval; corrected is prediction-powered: the labels' rate moved by what the judge says of the rest."),
      leftOut(parts.judge_agreement, "rows"),
    ];
  };

  const quality = () => {
    const absent = missing(parts.data_quality);
    const newest = parts.freshness.all.filter((row) => known(row.newest));
    const fresh = newest.length ? el("p", {}, newest.map((row, place) => [`${place ? "; newest" : "Newest"} ${row.what.replace(/s$/, "")}: `, el("strong", {}, `${row.newest.slice(0, 16)} UTC`)]).flat(), `. The report was made on ${report.generated_at.slice(0, 16).replace("T", " ")} UTC.`) : null;
    const t = total(sessionRows(), SESSION_PARTS);
    const costs = el("p", {}, `Of all cost, ${shown.money(t.attributed_cost)} is borne by goals (${shown.money(t.unjudged_cost)} of it by unjudged ones), ${shown.money(t.unattributed_cost)} by no goal, and ${shown.money(t.evaluation_cost)} is the judges' own. Of ${shown.count(t.count_missing_amounts ?? 0)} costs the amount is not known.`);
    if (absent) return [fresh, costs, absent];
    const rows = parts.data_quality.all;
    const found = rows.filter((row) => row.count_found > 0);
    const columns = [column("check_name", "Check"), column("severity", "Severity"), column("count_found", "Found", "count"), column("meaning", "What it means")];
    const kinds = { error: "bad", warning: "warn" };
    return [
      fresh, costs,
      el("div", { class: "card" }, scrolled(el("table", {}, el("caption", { class: "sr" }, "Data quality"),
        el("thead", {}, el("tr", {}, ["Check", "Severity", "Found"].map((title, place) => el("th", { scope: "col", class: place === 2 ? "number" : null }, title)))),
        el("tbody", {}, found.map((row) => el("tr", {}, el("th", { scope: "row" }, words(row.check_name), el("span", { class: "meaning" }, row.meaning)),
          el("td", {}, badge(row.severity, kinds[row.severity] ?? "quiet")), el("td", { class: "number" }, shown.count(row.count_found)))))), "Data quality", "whole"),
        numbers("data-quality", "All checks of data quality", rows, columns)),
      el("p", { class: "note" }, `${found.length} of ${rows.length} checks found something. All environments and periods.`),
    ];
  };

  const SECTIONS = [
    ["overview", null, null, overview],
    ["goals", "Goals", "How often each agent achieves what it is for, what that costs and what it is worth.", headline],
    ["achievement", "Achievement over time", "The rate by period, the larger a point the more was judged; the shaded band is what chance allows, the dashed line the target, a ring an alert.", achievement],
    ["costs", "Cost and efficiency over time", "The goals and agents with the most judged outcomes; choose others above.", overTime],
    ["funnels", "Where attempts drop off", "Of those who reach a step, who goes on and who is lost there.", funnel],
    ["experiments", "Experiments", "Each variant against its control, with a verdict in words.", experiments],
    ["failures", "Failure patterns", "What fails more often than the rest, beyond chance.", failures],
    ["escalation", "When to stop trying", "The chance that one more try still achieves the goal, and the try at which stopping pays.", escalation],
    ["models", "Models", "How often each model achieves the goal against what an attempt costs.", models],
    ["judges", "Judges", "How far the judges agree with people, and the rate corrected for their errors.", judges],
    ["quality", "Data quality and freshness", "What in the data can mislead, and how old it is.", quality],
  ];

  const main = byId("main");
  const bodies = new Map();

  const build = () => {
    const nav = el("nav", { "aria-label": "Sections" });
    for (const [id, title, lead] of SECTIONS) {
      const body = el("div", {});
      bodies.set(id, body);
      const head = title ? [el("div", { class: "row" }, el("h2", { id: `${id}-title` }, title), id === "goals" ? stepsBox() : null), el("p", { class: "lead" }, lead)] : [];
      main.append(el("section", { id: `section-${id}`, "aria-labelledby": title ? `${id}-title` : null, "aria-label": title ? null : "Overview" }, head, body));
      if (title) nav.append(el("a", { href: `#section-${id}` }, title));
    }
    document.querySelector(".top .wide").append(nav);
  };

  const stepsBox = () => {
    const box = el("input", { type: "checkbox", id: "steps" });
    box.addEventListener("change", show);
    return el("label", { class: "inline" }, box, " Show steps of other goals as well");
  };

  const show = () => {
    readState();
    for (const node of main.querySelectorAll(".chart")) { node.finalize?.(); seen.unobserve(node); }
    waiting.clear();
    for (const [id, , , section] of SECTIONS) bodies.get(id).replaceChildren(...section().filter(known));
    const chosen = ["environment", "agent", "goal", "segment", "from", "to"].filter((name) => state[name]).map((name) => `${name} ${state[name]}`);
    byId("status").textContent = `Showing ${chosen.length ? chosen.join(", ") : "everything"}, by ${state.period}.`;
  };

  // --- filters and colours

  const fill = (name, values, all) => form.elements[name].replaceChildren(option("", all), ...values.map((value) => option(value, value)));
  const distinct = (rows, name) => [...new Set(rows.map((row) => row[name]))].sort();

  const setUpFilters = () => {
    const rows = parts.goals.all;
    fill("environment", environments, "all");
    byId("environment-filter").hidden = environments.length < 2;
    fill("agent", [...new Set([...distinct(rows, "agent"), ...distinct(parts.sessions.all, "agent")])].sort(), "all agents");
    fill("segment", distinct(rows, "customer_segment"), "all segments");
    const whole = new Set(performance_.filter((row) => !row.is_step).map((row) => row.goal));
    const goals = distinct(rows, "goal");
    fill("goal", goals.filter((goal) => whole.has(goal)), "all goals");
    const of = goals.filter((goal) => !whole.has(goal));
    if (of.length) form.elements.goal.append(el("optgroup", { label: "Steps of others" }, of.map((goal) => option(goal, goal))));
    const lengths = PERIODS.slice(PERIODS.indexOf(parts.goals.period));
    const count = (length) => new Set(rows.map((row) => startOf(row.period, length))).size;
    const usual = lengths.find((length) => count(length) <= MOST_PERIODS) ?? lengths.at(-1);
    form.elements.period.replaceChildren(...lengths.map((length) => {
      const made = option(length, length);
      made.defaultSelected = length === usual;
      return made;
    }));
    const days = parts.sessions.all.map((row) => row.period).sort();
    for (const name of ["from", "to"]) Object.assign(form.elements[name], { min: days[0] ?? "", max: days.at(-1) ?? "" });
    form.addEventListener("change", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(show));
    if (days.length) byId("about").append(` Sessions from ${days[0]} to ${days.at(-1)}${parts.sessions.period === "day" ? "" : `, by ${parts.sessions.period}`}.`);
  };

  const system = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = () => {
    const chosen = byId("theme").value;
    document.documentElement.dataset.theme = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
  };
  const changeTheme = () => { setTheme(); show(); };

  setTheme();
  build();
  setUpFilters();
  show();
  byId("theme").addEventListener("change", changeTheme);
  system.addEventListener("change", changeTheme);
  document.body.dataset.ready = "true";
})();
