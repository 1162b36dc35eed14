#!/bin/sh
# Makes the virtual environment: bootstrap.sh FOLDER. Debian ships python3 without the part that makes one;
# root gets it installed, anyone else is told the command.
set -eu

venv=$1
python=${PYTHON:-python3}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "$python is not on the PATH: install Python 3.11 or later, or name one with PYTHON=/path/to/python3."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "agent_goals needs Python 3.11 or later and $python is $("$python" --version): name a later one with PYTHON=/path/to/python3."

if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    command -v apt-get >/dev/null || fail "$python cannot make a virtual environment (it has no ensurepip): install your system's package for it."
    [ "$(id -u)" -eq 0 ] || fail "$python cannot make a virtual environment. Run this, then try again:" "    sudo apt-get install -y $package"
    echo "$python cannot make a virtual environment yet: installing $package"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq -o Dpkg::Use-Pty=0 "$package" || { apt-get update -qq && apt-get install -y -qq -o Dpkg::Use-Pty=0 "$package"; }
fi

"$python" -m venv --clear "$venv"
