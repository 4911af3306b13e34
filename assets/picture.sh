#!/usr/bin/env bash
# Makes assets/iamkeys.png from the real program: the demo account in a terminal of 100×30, with
# the cursor on a key worth looking at. Needs tmux, aha and Chromium (all in Debian), and a release
# build.
set -euo pipefail
cd "$(dirname "$0")/.."

size_x=100 size_y=30
work=$(mktemp -d)
socket=$work/tmux
printf 'set -ga terminal-overrides ",*:Tc"\n' >"$work/tmux.conf"
tmux() { command tmux -S "$socket" -f "$work/tmux.conf" "$@"; }
trap 'tmux kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

cargo build --release --quiet
tmux new-session -d -x "$size_x" -y "$size_y" "env -u NO_COLOR COLORTERM=truecolor target/release/iamkeys --demo"

# Waits until the screen shows a text.
see() {
    for _ in $(seq 200); do
        if tmux capture-pane -p | grep -qF -- "$1"; then return; fi
        sleep 0.05
    done
    echo "the screen never showed: $1" >&2
    tmux capture-pane -p >&2
    exit 1
}

see 'Keys 31'
for _ in 1 2 3 4 5 6 7; do tmux send-keys j; done
see 'AKIAQX7DEMO4DEPLOY01'
see 'GitHub Actions'
tmux send-keys Tab
see 'older than 90 days'
# Until nothing is loading any more.
while tmux capture-pane -p | grep -q ' of 24$'; do sleep 0.05; done

tmux capture-pane -e -p | aha --no-header --black >"$work/screen.inc"
{
    echo '<meta charset="utf-8"><style>body{margin:0;background:#1a1b26}'
    echo 'pre{font:15px/18px "DejaVu Sans Mono",monospace;color:#c0caf5;padding:12px;margin:0}'
    echo '</style><pre>'
    cat "$work/screen.inc"
    echo '</pre>'
} >"$work/screen.html"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
"$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --hide-scrollbars --force-device-scale-factor=1.5 --user-data-dir="$work/profile" \
    --window-size=930,564 --screenshot="$PWD/assets/iamkeys.png" "file://$work/screen.html" \
    2>"$work/chromium.log" || { cat "$work/chromium.log" >&2; exit 1; }
echo "assets/iamkeys.png"
