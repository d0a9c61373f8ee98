// Lists of texts for the calls that take many, and the progress bar they share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/hadal.h"

// As the library takes them; the texts must stay.
class TextList {
 public:
  explicit TextList(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      texts_.push_back(text.data());
      sizes_.push_back(static_cast<int64_t>(text.size()));
    }
  }
  const char* const* texts() const { return texts_.data(); }
  const int64_t* sizes() const { return sizes_.data(); }

 private:
  std::vector<const char*> texts_;
  std::vector<int64_t> sizes_;
};

// The lines of a file, without their ends; a last line without one counts.
void append_lines(std::string_view file, std::vector<std::string>& texts);

// What fits one line of the terminal, cut between characters.
std::string first_line(const std::string& text, int columns);

// A hadal_progress whose context is a ProgressBar: shows it, and stops at Ctrl-C.
int32_t HADAL_CALL show_progress(void* bar, const char* stage, double done);
