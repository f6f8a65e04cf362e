#!/bin/sh
# Installs what the tests need beside Python, where it is missing: a Chromium (the system's, else apt's, else
# Playwright's own) and the proxy of deploy/. The first argument is Playwright's command.
playwright=$1
missing=""

has() {
    for name in "$@"; do
        PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

apt() {
    command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] &&
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has chromium chromium-browser google-chrome ||
    apt chromium fonts-noto-color-emoji fonts-noto-cjk ||
    "$playwright" install chromium ||
    missing="Chromium (on Debian: apt-get install chromium)"

has haproxy || apt haproxy || missing="${missing:+$missing and }HAProxy (on Debian: apt-get install haproxy)"

if [ -n "$missing" ]; then
    echo "The tests need $missing. Install it and run make test again." >&2
    exit 1
fi
