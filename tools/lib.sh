# Functions that ./quickstart and ./test share. Sourced, not run.
# shellcheck shell=bash

: "${CARGO_TARGET_DIR:=$HOME/.cache/claviger/target}"
export CARGO_TARGET_DIR

say() {
    printf '\n==> %s\n' "$*"
}

fail() {
    printf '\n%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# need_packages PACKAGE:PROBE...: installs the Debian packages whose probe is not there. A probe is
# a command, or a shell test in brackets.
need_packages() {
    local entry missing=()
    for entry in "$@"; do
        have "${entry#*:}" || missing+=("${entry%%:*}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo)
    fi
    if ! command -v apt-get >/dev/null || { [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; }; then
        fail "please install what is missing, then run this again:
    sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    fi
    say "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

have() {
    case $1 in
        \[*) eval "$1" ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# The oldest Rust that builds this, from Cargo.toml.
need_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    command -v cargo >/dev/null || fail "no Rust toolchain: install Rust $wanted or newer, https://rustup.rs"
    found=$(rustc --version | cut -d' ' -f2)
    if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
        fail "Rust $found is too old: $wanted or newer is needed (rustup update)"
    fi
}

# The process id in the ready.json of a trial.
ready_pid() {
    sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$1/ready.json"
}

# Whether the server that wrote ready.json still runs.
running() {
    local pid
    pid=$(ready_pid "$1")
    [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

# python_venv FOLDER REQUIREMENTS: a virtual environment FOLDER/venv with what the file names, made once. Its
# packages are of versions that Python 3.11 is the oldest for; where there is none, FOLDER/absent says so.
python_venv() {
    local folder=$1 requirements=$2
    # shellcheck disable=SC2016  # a probe is evaluated later
    need_packages python3:python3 python3-venv:'[ -n "$(python3 -c "import ensurepip; print(1)" 2>/dev/null)" ]'
    mkdir -p "$folder"
    rm -f "$folder/absent"
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "its packages need Python 3.11, this is $(python3 --version)" >"$folder/absent"
    elif ! cmp -s "$requirements" "$folder/venv/installed.txt"; then
        rm -rf "$folder/venv"
        python3 -m venv "$folder/venv"
        "$folder/venv/bin/pip" install -q --no-deps -r "$requirements"
        cp "$requirements" "$folder/venv/installed.txt"
    fi
}
