#!/bin/sh
# Makes sure there is a Chromium for the browser tests: the system's, else apt's, else Playwright's own.
playwright=$1
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji fonts-noto-cjk && exit 0
fi
"$playwright" install chromium && exit 0
echo "The browser tests need Chromium. Install it (on Debian: apt-get install chromium) and run make test again." >&2
exit 1
