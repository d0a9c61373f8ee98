// The worksheet functions. Excel may call those marked `$` in add_in.cpp from several threads at once.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "excel/answers.hpp"
#include "excel/cells.hpp"
#include "excel/functions.hpp"
#include "excel/host.hpp"
#include "excel/stream.hpp"

namespace {

using excel::error_result;
using excel::text_result;

constexpr std::chrono::milliseconds kLookForAbort{50};

// Excel's user pressed Escape: allowed from every calculating thread.
bool aborted() {
  XlValue answer{};
  return excel::call(kXlAbort, &answer) == kXlDone && (answer.type & kXlTypeMask) == kXlBoolean && answer.boolean != 0;
}

// What was asked for with (prompt, [range], [options]).
struct Arguments {
  int32_t error = 0;   // an argument is one: the result is it, too
  std::wstring prompt, block, options;

  Arguments(const XlValue& prompt_value, const XlValue& block_value, const XlValue& options_value) {
    for (const XlValue* value : {&prompt_value, &block_value, &options_value})
      if (error == 0) error = excel::error_in(*value);
    if (error != 0) return;
    prompt = excel::block_text(prompt_value).value_or(L"");
    block = excel::block_text(block_value).value_or(L"");
    options = excel::cell_text(options_value).value_or(L"");
    if (prompt.empty() && block.empty()) error = kXlValueError;
  }
  Question question() const { return Answers::question(prompt, block, options); }
};

// Several answers that a calculating thread waits for.
class Wait {
 public:
  explicit Wait(size_t count) : answers_(count), left_(count) {}

  void set(size_t index, const Answer& answer) {
    const std::lock_guard lock(mutex_);
    answers_[index] = answer;
    if (--left_ == 0) changed_.notify_all();
  }
  // False when the user gave up.
  bool wait() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLookForAbort, [&] { return left_ == 0; })) {
      lock.unlock();
      const bool stop = aborted();
      lock.lock();
      if (stop && left_ > 0) return false;
    }
    return true;
  }
  const std::vector<Answer>& answers() const { return answers_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;
  size_t left_;
};

// The answers to all questions, or an empty list when the user gave up.
std::vector<Answer> ask_all(const std::vector<Question>& questions) {
  const auto wait = std::make_shared<Wait>(questions.size());
  for (size_t i = 0; i < questions.size(); ++i)
    Answers::of_process().ask(questions[i], [wait, i](const Answer& answer) { wait->set(i, answer); });
  if (wait->wait()) return wait->answers();
  Answers::of_process().cancel_all();
  return {};
}

// A function's body: failures become what the cell shows.
template <class Body>
XlValue* guarded(Body&& body) noexcept {
  try {
    try {
      return body();
    } catch (...) {
      return text_result(L"Hadal: " + current_failure().sentence);
    }
  } catch (...) {
    return nullptr;   // no memory for a result; Excel shows #NUM!
  }
}

XlValue* result_of(const std::vector<Answer>& answers) {
  if (answers.empty() || answers.front().cancelled) return error_result(kXlNotAvailable);
  return text_result(answers.front().text);
}

}  // namespace

// Gives a result to a waiting cell. The handle is Excel's and is copied.
class AsyncCell {
 public:
  explicit AsyncCell(const XlValue& handle) : handle_(handle) {}
  void give(XlValue* result) {
    XlValue ignored{};
    result->type &= ~uint32_t(kXlFreedByUs);   // Excel copies it before the call returns
    excel::call(kXlAsyncReturn, &ignored, &handle_, result);
    excel::free_result(result);
  }

 private:
  XlValue handle_;
};

extern "C" {

XlValue* __stdcall hadalx_ask(XlValue* prompt, XlValue* block, XlValue* options) {
  return guarded([&] {
    const Arguments arguments(*prompt, *block, *options);
    if (arguments.error != 0) return error_result(arguments.error);
    const Question question = arguments.question();
    if (const auto known = Answers::of_process().known(question)) return text_result(*known);
    return result_of(ask_all({question}));
  });
}

void __stdcall hadalx_ask_async(XlValue* prompt, XlValue* block, XlValue* options, XlValue* handle) {
  AsyncCell cell(*handle);
  XlValue* failed = guarded([&]() -> XlValue* {
    const Arguments arguments(*prompt, *block, *options);   // copied: Excel's values end with this call
    if (arguments.error != 0) return error_result(arguments.error);
    Answers::of_process().ask(arguments.question(), [cell](const Answer& answer) mutable {
      if (XlValue* result = guarded([&] { return result_of({answer}); })) cell.give(result);
    });
    return nullptr;
  });
  if (failed != nullptr) cell.give(failed);
}

XlValue* __stdcall hadalx_ask_stream(XlValue* prompt, XlValue* block, XlValue* options) {
  return guarded([&]() -> XlValue* {
    const Arguments arguments(*prompt, *block, *options);
    if (arguments.error != 0) return error_result(arguments.error);
    const Question question = arguments.question();
    if (const auto known = Answers::of_process().known(question)) return text_result(*known);
    return stream_result(question);
  });
}

XlValue* __stdcall hadalx_ask_table(XlValue* prompt, XlValue* block, XlValue* options) {
  return guarded([&] {
    Arguments arguments(*prompt, *block, *options);
    if (arguments.error != 0) return error_result(arguments.error);
    arguments.prompt += L"\nAnswer with a table only: one line for each row, the cells of a row separated by |.";
    const std::vector<Answer> answers = ask_all({arguments.question()});
    if (answers.empty() || answers.front().cancelled) return error_result(kXlNotAvailable);
    if (answers.front().text.starts_with(L"Hadal: ")) return text_result(answers.front().text);
    return excel::rows_result(excel::parse_table(answers.front().text));
  });
}

XlValue* __stdcall hadalx_extract(XlValue* text, XlValue* fields, XlValue* options) {
  return guarded([&] {
    const Arguments arguments(*text, *fields, *options);
    if (arguments.error != 0) return error_result(arguments.error);
    const std::vector<std::wstring> names = excel::names_in(*fields);
    if (names.empty() || arguments.prompt.empty()) return error_result(kXlValueError);
    std::vector<Question> questions;   // one for each field: small models keep to one thing at a time
    for (const std::wstring& name : names)
      questions.push_back(Answers::question(L"Text:\n" + arguments.prompt + L"\n\nFrom this text, write only the value of \"" + name +
                                            L"\", nothing else. If the text does not say it, write -.", L"", arguments.options));
    const std::vector<Answer> answers = ask_all(questions);
    if (answers.empty()) return error_result(kXlNotAvailable);
    excel::Rows rows(1);
    for (const Answer& answer : answers) rows.front().push_back(answer.text);
    return excel::rows_result(rows);
  });
}

void __stdcall hadalx_calculation_cancelled() { Answers::of_process().cancel_all(); }

void __stdcall hadalx_calculation_ended() {}

int __stdcall hadalx_live_blocks() { return excel::live_results; }

}  // extern "C"
