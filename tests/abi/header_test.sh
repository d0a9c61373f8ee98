#!/bin/sh
# hadal.h compiles alone as C99, C++98 and C++20, hadal.hpp as C++20, with every compiler here and all warnings on.
include=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
printf '#include <hadal/hadal.h>\nint main(void) { return HADAL_OK; }\n' > "$folder/header.c"
cp "$folder/header.c" "$folder/header.cpp"
cat > "$folder/face.cpp" <<'END'
#include <hadal/hadal.hpp>
#include <ranges>
int main() {
  hadal::Result<hadal::Model> model = hadal::Model::open("x");
  if (!model) return model.error().status;
  hadal::Session session = model->session("temperature=0").value();
  session.add("user", "hi").value();
  hadal::Pieces pieces = session.pieces();
  static_assert(std::ranges::input_range<hadal::Pieces>);
  for (const hadal::Piece& piece : pieces)
    if (piece.kind == hadal::Kind::answer && piece.text.empty()) return 1;
  return int(session.tokens().value().size() + session.save().value().size());
}
END
warnings="-Wall -Wextra -pedantic -Werror"
tried=0
compile() {   # compiler, language standard, file, more flags
  command -v "$1" > /dev/null 2>&1 || return 0
  tried=$((tried + 1))
  # shellcheck disable=SC2086
  "$1" "-std=$2" $warnings $4 -I "$include" -fsyntax-only "$3" || { echo "failed: $1 -std=$2 $3"; exit 1; }
}
for c in gcc clang; do
  compile $c c99 "$folder/header.c" "-Wstrict-prototypes"
  compile $c c17 "$folder/header.c"
done
for cxx in g++ clang++; do
  # C++98 has no long long of its own, which stdint.h needs.
  compile $cxx c++98 "$folder/header.cpp" "-Wno-long-long"
  compile $cxx c++20 "$folder/header.cpp"
  compile $cxx c++20 "$folder/face.cpp" "-Wshadow"
done
[ "$tried" -gt 0 ] || { echo "skipped: no compiler found"; exit 77; }
echo "$tried compilations"
