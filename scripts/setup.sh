#!/bin/sh
# Make .venv and install the locked packages into it. `make setup` runs this; so may you.
set -eu
cd "$(dirname "$0")/.."

stop() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# The first Python >= 3.11; PYTHON=... chooses another.
find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    stop "Python 3.11 or newer is needed; ${PYTHON:-python3} is $(${PYTHON:-python3} --version 2>&1 || true).
Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make setup PYTHON=/path/to/python3"
}

python=$(find_python)
"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || stop "This Python ($python) cannot make virtual environments.
Debian, Ubuntu: apt-get install python3-venv   (or, for this version:
apt-get install python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv), then run make again."

# A .venv whose Python has gone (moved checkout, upgraded system) cannot be repaired, only made anew.
new_enough .venv/bin/python || "$python" -m venv --clear .venv

echo "Installing the locked packages into .venv (each is checked against its hash) ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
touch .venv/installed
