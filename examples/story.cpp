// One opening, three ways on: the opening is computed once, and each ending forks from there for nothing.
// usage: story MODEL [OPENING]
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <hadal/hadal.hpp>

namespace {

// What the model thinks may come next, and how surely.
void show_likely(const hadal::Model& model, hadal::Session& story) {
  const std::vector<hadal::Likely> likely = story.top(5).value();
  std::cout << "most likely next:";
  for (const hadal::Likely& next : likely)
    std::cout << " \"" << model.detokenize(std::span(&next.token, 1)).value() << "\" " << next.log_probability;
  std::cout << "\n\n";
}

void tell(hadal::Session ending, int seed) {
  ending.set("seed", std::to_string(seed)).value();
  std::cout << "--- ending " << seed << ": ";
  hadal::Pieces pieces = ending.pieces();
  for (const hadal::Piece& piece : pieces) std::cout << piece.text << std::flush;
  if (pieces.failure()) throw hadal::Exception(*pieces.failure());
  const hadal_usage usage = ending.usage().value();
  std::cout << "\n[" << usage.generated_tokens << " tokens, " << usage.prompt_us / 1000 << " ms spent on the opening]\n\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "model.gguf";
  const std::string opening = argc > 2 ? argv[2] : "Deep under the sea, where no light reaches, there lived";
  try {
    const hadal::Model model = hadal::Model::open(path, "context=512").value();
    hadal::Session story = model.session("temperature=0.8; max_tokens=40").value();
    story.add_text(opening).value();
    std::cout << opening << "\n";
    show_likely(model, story);
    for (int seed = 1; seed <= 3; ++seed) tell(story.fork().value(), seed);
    return 0;
  } catch (const hadal::Exception& e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
}
