#!/bin/sh
# wine.sh PREFIX WINE PROGRAM.exe [arguments]: runs a Windows program without a display; nothing but what it prints is
# seen. PREFIX is wine's own folder, made on first use (some seconds, 700 MB).
export WINEPREFIX="$1" WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="mscoree,mshtml=" WINEARCH=win64
wine=$2
shift 2
unset DISPLAY
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"   # wine keeps HOME to itself
if [ ! -f "$WINEPREFIX/ready" ]; then
  mkdir -p "$WINEPREFIX"
  (
    flock 9
    if [ ! -f "$WINEPREFIX/ready" ]; then
      "$wine" wineboot.exe -i >/dev/null 2>&1
      # The scripting engines register themselves in the background.
      "$(dirname "$wine")/wineserver" -w
      touch "$WINEPREFIX/ready"
    fi
  ) 9>"$WINEPREFIX/lock"
fi
exec "$wine" "$@"
