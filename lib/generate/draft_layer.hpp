// A model's own draft layer (multi-token prediction, arXiv 2412.19437 section 2.2): a second graph that reads the main
// one's hidden rows, keeps its rows in a slot of the same cache pages, and guesses one token after the other.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "generate/drafter.hpp"
#include "graph/executor.hpp"

namespace hadal {

// One model's, for runs of at most `tokens` tokens. Its drafters take turns; none may outlive it.
class DraftLayer {
 public:
  // program: packed, with a draft graph; it and the runner must outlive this. Throws Error(out_of_memory).
  DraftLayer(const Program& program, std::shared_ptr<Host> host, TaskRunner& runner, int64_t tokens);

  std::unique_ptr<Drafter> make_drafter();
  // What it allocates.
  static size_t bytes(const Program& program, int64_t tokens, int workers);

 private:
  friend class LayerDrafter;

  Executor executor_;
  std::vector<int32_t> positions_;
  Buffer row_;   // the hidden row a further guess is made from
};

}  // namespace hadal
