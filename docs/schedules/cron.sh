#!/usr/bin/env bash
# One scheduled run: load what agents recorded, build the marts, publish them, write the report, say it in one line.
#
# Call it with the dbt project's folder, which also has spool/; else it is the working directory. Its exit code is that of the
# first step that fails, 75 when another run is at work, and 0 when all is well; lines that a load rejects, and goal events
# that are stale, are told and stop nothing. The line for the chat is all that it prints to standard output; what every step printed
# is in logs/schedule/. Killed at any moment, it leaves what was published before, and the next run catches up.
set -uo pipefail

readonly project=${1:-.}
cd "$project" || exit
mkdir -p logs/schedule || exit

# The lock is held until this script and every step that it started have ended, however they end.
exec 9>logs/schedule/lock
if ! flock --nonblock 9; then
    echo "agent-goals: another run is at work in $PWD, so this one did nothing." >&2
    exit 75
fi

log=logs/schedule/$(date -u +%Y%m%dT%H%M%SZ).log
readonly log
notes=

# Runs a step and keeps what it prints; returns its exit code.
attempt() {
    echo "$(date -u +%H:%M:%S) $*" >>"$log"
    "$@" >>"$log" 2>&1
}

# The same for a step that has to pass.
step() {
    attempt "$@" || fail $? "$@"
}

# Says which step failed with which exit code, and ends this script with that.
fail() {
    local code=$1
    shift
    say "agent-goals: \`$*\` failed with exit code $code, and nothing after it ran. See $PWD/$log."
    tail -n 20 "$log" >&2
    exit "$code"
}

# Prints a line and, where AGENT_GOALS_CHAT_URL is a webhook that takes {"text": "…"}, posts it. A chat that is out of
# order fails no run.
say() {
    echo "$1"
    [[ -n ${AGENT_GOALS_CHAT_URL:-} ]] || return 0
    # Names come from data: & < > as chats want them, so that none of them calls a whole channel.
    python3 -c 'import html, json, sys; print(json.dumps({"text": html.escape(sys.argv[1], quote=False)}))' "$1" |
        curl --fail --silent --show-error --max-time 10 --header 'Content-Type: application/json' --data @- \
            "$AGENT_GOALS_CHAT_URL" >>"$log" 2>&1 || echo "agent-goals: the chat did not take the line; see $PWD/$log." >&2
}

shopt -s nullglob
files=(spool/*.ndjson)
if ((${#files[@]})); then
    code=0
    attempt agent-goals load "${files[@]}" || code=$?
    case $code in
    0) ;;
    1) notes+=" Some lines were rejected: ask agent_goals_raw.rejected_records why." ;;
    *) fail "$code" agent-goals load 'spool/*.ndjson' ;;
    esac
else
    notes+=" Nothing was there to load."
fi

attempt dbt source freshness || notes+=" The goal events are stale, or their age is not known: see $PWD/$log."
step dbt build --exclude-resource-type unit_test
step agent-goals publish
step agent-goals report --output agent_goals_report.html

line=$(agent-goals summary --one-line 2>>"$log") || fail $? agent-goals summary --one-line
say "agent-goals $line$notes"

find logs/schedule -name '*.log' -mtime +30 -delete
