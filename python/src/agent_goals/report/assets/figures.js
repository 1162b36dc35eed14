// Figures from sums: the formulas of the package's metrics over additive parts, and how a person reads them.
// A sum of nothing known is null, and so is whatever rests on it; a zero denominator gives null.
"use strict";

const Figures = (() => {
  const known = (value) => value !== null && value !== undefined;
  const ratio = (numerator, denominator) => (known(numerator) && denominator ? numerator / denominator : null);

  /** The sum of what is known. */
  const sum = (values) => values.reduce((total, value) => (known(value) ? (total ?? 0) + value : total), null);

  /** Rows added up, part by part. */
  const total = (rows, parts) => Object.fromEntries(parts.map((part) => [part, sum(rows.map((row) => row[part]))]));

  const judged = (t) => (t.count_achieved ?? 0) + (t.count_not_achieved ?? 0);
  const judgedCost = (t) => sum([t.achieved_cost, t.not_achieved_cost]);
  const ofAchieved = (t, part) => (t.count_achieved === 0 ? 0 : t[part]);

  const metrics = {
    goal_achievement_rate: (t) => ratio(t.count_achieved, judged(t)),
    cost_per_goal_achieved: (t) => ratio(t.achieved_cost, t.count_achieved),
    fully_loaded_cost_per_goal: (t) => ratio(judgedCost(t), t.count_achieved),
    goal_efficiency: (t) => ratio(ofAchieved(t, "achieved_cost"), judgedCost(t)),
    average_time_to_goal_seconds: (t) => ratio(t.sum_time_to_goal_seconds, t.count_timed),
    value_per_goal: (t) => ratio(t.achieved_value, t.count_achieved),
    net_value: (t) => {
      const [value, cost] = [ofAchieved(t, "achieved_value"), judgedCost(t)];
      return known(value) && known(cost) ? value - cost : null;
    },
    session_success_rate: (t) => ratio(t.count_successful_sessions, t.count_judged_sessions),
    cost_per_session: (t) => ratio(sum([t.attributed_cost, t.unattributed_cost]), t.count_sessions),
  };

  // Ties go to the even digit, as in `agent-goals summary`.
  const grouped = (value, least, most, style = "decimal") =>
    new Intl.NumberFormat("en-US", { style, minimumFractionDigits: least, maximumFractionDigits: most, roundingMode: "halfEven" }).format(value);

  /**
   * An amount: two decimals from one upwards, below as many as show four digits. Of its decimal text, and without what adding
   * doubles leaves in the last digits, so that a tie is one.
   */
  const money = (value) => {
    const size = Math.abs(value);
    const most = size === 0 || size >= 1 ? 2 : Math.min(10, 3 - Math.floor(Math.log10(size)));
    return grouped(String(Number(value.toPrecision(14))), 2, most);
  };
  const percent = (value) => grouped(value, 1, 1, "percent");
  const count = (value) => grouped(value, 0, 0);
  const number = (value) => (Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4))));
  const signed = (shown) => (value) => `${value > 0 ? "+" : ""}${shown(value)}`;
  const duration = (seconds) => {
    for (const [unit, size] of [["h", 3600], ["min", 60]]) if (seconds >= 2 * size) return `${grouped(seconds / size, 1, 1)} ${unit}`;
    return `${grouped(seconds, 1, 1)} s`;
  };
  const dash = (shown) => (value) => (known(value) ? shown(value) : "–");

  const shown = {
    money: dash(money), percent: dash(percent), count: dash(count), number: dash(number), duration: dash(duration),
    signedPercent: dash(signed(percent)), text: dash(String),
  };

  /** The first day of the period that a day is in. */
  const startOf = (day, period) => {
    const date = new Date(`${day}T00:00:00Z`);
    if (period === "week") date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    if (period === "month" || period === "quarter" || period === "year") date.setUTCDate(1);
    if (period === "quarter") date.setUTCMonth(date.getUTCMonth() - (date.getUTCMonth() % 3));
    if (period === "year") date.setUTCMonth(0);
    return date.toISOString().slice(0, 10);
  };

  /** Rows by key, in the order in which keys first come. */
  const by = (rows, key) => {
    const found = new Map();
    for (const row of rows) {
      const name = key(row);
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(row);
    }
    return found;
  };

  /** A table's rows as objects. */
  const objects = (table) =>
    table.rows.map((row) => Object.fromEntries(table.columns.map((name, place) => [name, row[place]])));

  return { known, ratio, sum, total, judged, metrics, shown, startOf, by, objects };
})();
