#!/usr/bin/env bash
# ./test.sh: builds everything, runs every test, then the suite again under AddressSanitizer and UBSan and the threaded
# tests under ThreadSanitizer. Last line: `N passed, N failed, N skipped`. Needs no terminal.
#   ./test.sh --quick    only the plain build
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$top/.ci/machine.sh"
cd "$top" || exit 1
quick=
[ "${1-}" = "--quick" ] && quick=yes

clang_runtime=/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.asan-$(uname -m).a
install_missing g++=g++ cmake=cmake ninja-build=ninja ccache=ccache pkg-config=pkg-config libfmt-dev=/usr/include/fmt/format.h \
  libcli11-dev=/usr/include/CLI/CLI.hpp nlohmann-json3-dev=/usr/include/nlohmann/json.hpp \
  libeigen3-dev=/usr/include/eigen3/Eigen/Core doctest-dev=/usr/include/doctest/doctest.h \
  libqpdf-dev=/usr/include/qpdf/QPDF.hh zlib1g-dev=/usr/include/zlib.h libsqlite3-dev=/usr/include/sqlite3.h \
  libsimde-dev=/usr/include/simde/simde-common.h clang=clang++ "libclang-rt-14-dev=$clang_runtime" \
  python3=python3 python3-pip=pip3 valgrind=valgrind

# The Office hosts. Where they cannot be had, their tests are skipped, and counted as skipped.
(install_missing libreoffice-writer-nogui=/usr/lib/libreoffice/program/libswlo.so \
  libreoffice-calc-nogui=/usr/lib/libreoffice/program/libsclo.so python3-uno=/usr/lib/python3/dist-packages/uno.py) ||
  say "Going on; the tests in LibreOffice are skipped."

if fetch_default_model; then
  export HADAL_TEST_MODEL="${HADAL_TEST_MODEL:-$default_model}"
else
  say "$default_model_problem"
  say "Going on; the tests that need it are skipped."
fi
if fetch_default_embedder; then
  export HADAL_TEST_EMBEDDER="${HADAL_TEST_EMBEDDER:-$default_embedder}"
else
  say "$default_embedder_problem"
  say "Going on; the tests that need it are skipped."
fi

runs=()
# run_tests LABEL FOLDER [ctest arguments]: the results go to FOLDER/junit.xml.
run_tests() {
  local label=$1 folder=$2
  shift 2
  say "Testing $label"
  rm -f "$folder/junit.xml"
  ${launcher[@]+"${launcher[@]}"} ctest --test-dir "$folder" --output-junit "$folder/junit.xml" --output-on-failure \
    --test-output-size-passed 100000000 --test-output-size-failed 100000000 --timeout 900 -j "$(nproc)" "$@"
  [ -f "$folder/junit.xml" ] || fail "ctest left no results in $folder"
  runs+=("$label=$folder/junit.xml")
}
launcher=()
# enough_time LABEL: whether another build and its tests can begin. A slow machine must end with a count, not in the
# middle.
enough_time() {
  [ "$SECONDS" -lt $((${HADAL_TEST_MINUTES:-40} * 60)) ] && return 0
  runs+=("$1=skipped: $((SECONDS / 60)) minutes had passed; HADAL_TEST_MINUTES allows more")
  say "Leaving out $1: $((SECONDS / 60)) minutes have passed"
  return 1
}

build_quietly "$top/build/test" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DHADAL_TESTS=ON -DHADAL_TOOL=ON
run_tests "plain" "$top/build/test"

if [ -z "$quick" ]; then
  # clang here and g++ above, so each run of this script compiles everything with both.
  clang=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo -DHADAL_TESTS=ON
    -DHADAL_TOOL=OFF)
  export HADAL_TEST_SHORT=1   # fewer tokens of the real model: a sanitizer finds in 24 what it would find in 128
  export UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
  if enough_time "asan+ubsan"; then
    build_quietly "$top/build/asan" "${clang[@]}" -DHADAL_SANITIZE=address,undefined
    run_tests "asan+ubsan" "$top/build/asan" -LE 'package|speed|office'
  fi

  threaded=(tests/unit/core tests/unit/generate tests/unit/api tests/ops)
  export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1"
  # ThreadSanitizer of this age cannot place its shadow memory under strong address randomisation.
  setarch -R true 2>/dev/null && launcher=(setarch -R)
  if enough_time "tsan"; then
    build_quietly "$top/build/tsan" "${clang[@]}" -DHADAL_SANITIZE=thread -- "${threaded[@]/%//all}"
    for part in "${threaded[@]}"; do
      run_tests "tsan ${part##*/}" "$top/build/tsan/$part"
    done
  fi
fi

python3 "$top/tests/count_cases.py" "${runs[@]}"
