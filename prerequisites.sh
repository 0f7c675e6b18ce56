#!/bin/sh
# Lists in one message everything that this machine lacks for `make serve`, and the commands that install it. It uses only
# the shell itself, because any other program may be missing.

case $0 in */*) cd "${0%/*}" || exit ;; esac
missing='' debian='' fedora='' macos='' rust=''

# lacks PROGRAM WHY [DEBIAN FEDORA MACOS]: the last three are package names; macOS has most of the programs
lacks() {
    missing="$missing  $1: $2
"
    debian="$debian${3:+ $3}" fedora="$fedora${4:+ $4}" macos="$macos${5:+ $5}"
}

# need PROGRAM WHY DEBIAN FEDORA MACOS
need() {
    command -v "$1" > /dev/null 2>&1 || lacks "$1" "$2; not found" "$3" "$4" "$5"
}

# at_least 3.11.2 3.9
at_least() {
    found_minor=${1#*.} wanted_minor=${2#*.}
    found_minor=${found_minor%%.*}
    [ "${1%%.*}" -gt "${2%%.*}" ] || { [ "${1%%.*}" -eq "${2%%.*}" ] && [ "$found_minor" -ge "$wanted_minor" ]; }
}

# stated FILE KEY: the value of a key in a TOML file
stated() {
    while IFS= read -r line; do
        case $line in "$2 = "*) line=${line#*\"} && printf '%s' "${line%\"*}" && return ;; esac
    done < "$1"
}

oldest_python=$(stated python/pyproject.toml requires-python)
oldest_python=${oldest_python#>=}
oldest_rust=$(stated Cargo.toml rust-version)

need make "runs the commands of this project" make make
need bash "runs what the Makefile says" bash bash
need find "lists what a build depends on" findutils findutils
need tar "unpacks packages" tar tar
need cc "a C compiler, with which Rust links" gcc gcc

needs_python="Python $oldest_python or newer, with venv"
if ! command -v python3 > /dev/null 2>&1; then
    lacks python3 "$needs_python; not found" python3-venv python3 python
else
    found=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null)
    if ! at_least "${found:-0.0}" "$oldest_python"; then
        lacks python3 "$needs_python; found ${found:-one that does not start}" python3-venv python3 python
    elif ! python3 -c 'import ensurepip, venv' > /dev/null 2>&1; then
        lacks python3 "$needs_python; found $found without venv" python3-venv python3 python
    fi
fi

if ! command -v rustup > /dev/null 2>&1; then
    lacks rustup "brings Rust $oldest_rust or newer; not found"
    need curl "fetches rustup" curl curl
    rust="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
elif found=$(RUSTUP_AUTO_INSTALL=0 rustc --version 2> /dev/null); then # otherwise rustup installs it at the first use
    found=${found#rustc }
    found=${found%% *}
    if ! at_least "$found" "$oldest_rust"; then
        lacks rustc "Rust $oldest_rust or newer; found $found"
        rust="rustup update stable"
    fi
fi

[ -n "$missing" ] || exit 0

# macOS has the other programs, or installs them with its compiler.
command -v cc > /dev/null 2>&1 || mac_tools="xcode-select --install"
{
    printf 'These programs are missing or too old:\n%s\n' "$missing"
    if [ -n "$debian" ]; then
        printf 'Debian, Ubuntu, WSL:  sudo apt-get install%s\n' "$debian"
        printf 'Fedora:               sudo dnf install%s\n' "$fedora"
        macos=${macos:+brew install$macos}
        macos=${mac_tools}${mac_tools:+${macos:+; }}${macos}
        [ -z "$macos" ] || printf 'macOS:                %s\n' "$macos"
    fi
    [ -z "$rust" ] || printf 'Rust, on each:        %s   (then open a new terminal)\n' "$rust"
    printf '\nNode is not needed: without one, it comes from PyPI. With Docker alone: docker compose up\n'
} >&2
exit 1
