// The add-in in the small Excel of excel_host.cpp.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "excel_host.hpp"
#include "office_model.hpp"

namespace {

constexpr const wchar_t* kOptions = L"temperature=0; max_tokens=12";

// The add-in from being opened to being unloaded.
class AddIn {
 public:
  using Ask = XlValue*(__stdcall*)(XlValue*, XlValue*, XlValue*);
  using AskAsync = void(__stdcall*)(XlValue*, XlValue*, XlValue*, XlValue*);

  AddIn() {
    prepare_model();
    ExcelHost::get().forget();
    dll_ = load_office_dll(L"xll");
    REQUIRE(dll_ != nullptr);
    ExcelHost::get().add_in_path = L"hadal64.xll";
    CHECK(find_function<int(__stdcall*)()>(dll_, "xlAutoOpen")() == 1);
    free_ = find_function<void(__stdcall*)(XlValue*)>(dll_, "xlAutoFree12");
    live_ = find_function<int(__stdcall*)()>(dll_, "hadalx_live_blocks");
  }
  ~AddIn() {
    CHECK(find_function<int(__stdcall*)()>(dll_, "xlAutoClose")() == 1);
    CHECK(live_() == 0);
    CHECK(ExcelHost::get().strings_given == 0);
    CHECK(ExcelHost::get().functions.empty());
    FreeLibrary(dll_);
    CHECK(GetModuleHandleW(sizeof(void*) == 8 ? L"hadal64.xll" : L"hadal32.xll") == nullptr);
  }
  AddIn(const AddIn&) = delete;
  AddIn& operator=(const AddIn&) = delete;

  // By the name a cell uses.
  template <class Function>
  Function function(const wchar_t* name) {
    for (const RegisteredFunction& f : ExcelHost::get().functions)
      if (f.name == name) return find_function<Function>(dll_, std::string(f.procedure.begin(), f.procedure.end()).c_str());
    FAIL("not registered");
    return nullptr;
  }
  void event(int which) {
    const std::wstring name = ExcelHost::get().events.at(which);
    find_function<void(__stdcall*)()>(dll_, std::string(name.begin(), name.end()).c_str())();
  }

  std::wstring ask(const wchar_t* name, XlValue prompt, XlValue block, XlValue options) {
    XlValue* result = function<Ask>(name)(&prompt, &block, &options);
    REQUIRE(result != nullptr);
    CHECK((result->type & kXlFreedByUs) != 0);
    const std::wstring text = shown(*result);
    free_(result);
    return text;
  }
  void free(XlValue* value) { free_(value); }
  int live() { return live_(); }

 private:
  HMODULE dll_;
  void(__stdcall* free_)(XlValue*);
  int(__stdcall* live_)();
};

XlValue missing() {
  XlValue out{};
  out.type = kXlMissing;
  return out;
}
XlValue block_of(XlValue* cells, int32_t rows, int32_t columns) {
  XlValue out{};
  out.array.cells = cells;
  out.array.rows = rows;
  out.array.columns = columns;
  out.type = kXlArray;
  return out;
}
XlValue handle_value(intptr_t handle) {
  XlValue out{};
  out.data.handle = reinterpret_cast<void*>(handle);
  out.type = kXlData;
  return out;
}

}  // namespace

TEST_CASE("the add-in registers its functions and tells its name") {
  AddIn add_in;
  std::set<std::wstring> names;
  for (const RegisteredFunction& f : ExcelHost::get().functions) names.insert(f.name);
  CHECK(names == std::set<std::wstring>{L"HADAL", L"HADAL.ASYNC", L"HADAL.EXTRACT", L"HADAL.STREAM", L"HADAL.TABLE"});
  CHECK(ExcelHost::get().events.size() == 2);
  CHECK(ExcelHost::get().unknown_calls == 0);
}

TEST_CASE("a cell has its answer, knows it the second time, and passes errors on") {
  if (!has_model()) return;
  AddIn add_in;
  CellText prompt(kCapital), options(kOptions), empty(L"");
  CHECK(add_in.ask(L"HADAL", prompt.value(), missing(), options.value()) == kParis);
  const double start = seconds_now();
  CHECK(add_in.ask(L"HADAL", prompt.value(), missing(), options.value()) == kParis);
  CHECK(seconds_now() - start < 0.01);
  XlValue error{};
  error.type = kXlError;
  error.error = kXlNotAvailable;
  CHECK(add_in.ask(L"HADAL", error, missing(), options.value()) == L"#42");
  CHECK(add_in.ask(L"HADAL", prompt.value(), error, options.value()) == L"#42");
  CHECK(add_in.ask(L"HADAL", empty.value(), missing(), options.value()) == L"#15");
  CellText wrong(L"temprature=0");
  CHECK(add_in.ask(L"HADAL", prompt.value(), missing(), wrong.value()).starts_with(L"Hadal: "));
}

TEST_CASE("a block of cells follows the prompt as a table") {
  if (!has_model()) return;
  AddIn add_in;
  CellText prompt(L"What is"), a(L"the capital"), b(L"of France?"), options(kOptions);
  XlValue cells[] = {a.value(), b.value()};
  CHECK(add_in.ask(L"HADAL", prompt.value(), block_of(cells, 1, 2), options.value()).find(L"Paris") != std::wstring::npos);
}

TEST_CASE("a long system message of the user's settings leaves room for the answer of a cell") {
  if (!has_model()) return;
  AddIn add_in;
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / L"hadal settings";
  std::filesystem::create_directories(folder / L"Hadal");
  std::string system = "You help.";
  for (int i = 0; i < 300; ++i) system += " Be kind.";
  std::ofstream(folder / L"Hadal" / L"office.txt") << "system = " << system << "\ncell_tokens = 12\n";
  SetEnvironmentVariableW(L"APPDATA", folder.c_str());
  CellText prompt(kCapital), options(L"temperature=0");
  const std::wstring answer = add_in.ask(L"HADAL", prompt.value(), missing(), options.value());
  CHECK(answer != L"");
  CHECK(!answer.starts_with(L"Hadal: "));   // "context: expected a prompt of at most ..."
  prepare_model();
  std::filesystem::remove_all(folder);
}

TEST_CASE("four calculating threads are answered at once") {
  if (!has_model()) return;
  AddIn add_in;
  std::vector<std::thread> threads;
  std::vector<std::wstring> answers(4);
  for (size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      CellText prompt(L"What is " + std::to_wstring(i % 2) + L" + 1?"), options(kOptions);
      for (int k = 0; k < 50; ++k) answers[i] = add_in.ask(L"HADAL", prompt.value(), missing(), options.value());
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(answers[0] == answers[2]);
  CHECK(answers[1] == answers[3]);
  CHECK(answers[0] != L"");
  CHECK(ExcelHost::get().calls_from_wrong_threads == 0);
}

TEST_CASE("200 asynchronous cells are answered once each, whatever becomes of their arguments") {
  if (!has_model()) return;
  AddIn add_in;
  const auto ask = add_in.function<AddIn::AskAsync>(L"HADAL.ASYNC");
  const double start = seconds_now();
  for (int i = 0; i < 200; ++i) {
    CellText prompt(L"Say the number " + std::to_wstring(i % 40)), options(L"temperature=0; max_tokens=3");
    XlValue p = prompt.value(), none = missing(), o = options.value(), handle = handle_value(i + 1);
    ask(&p, &none, &o, &handle);
    prompt.scribble();
  }
  CHECK(ExcelHost::get().wait_for_answers(200, 300));
  MESSAGE("200 cells, 40 questions: " << seconds_now() - start << " s");
  CHECK(ExcelHost::get().answers_twice == 0);
  for (const auto& [handle, answer] : ExcelHost::get().answers) {
    CHECK(answer != L"");
    CHECK(answer.find(L"Hadal:") == std::wstring::npos);
    CHECK(answer == ExcelHost::get().answers[(handle - 1) % 40 + 1]);
  }
}

TEST_CASE("a cancelled calculation answers every cell and leaves nothing running") {
  if (!has_model()) return;
  AddIn add_in;
  const auto ask = add_in.function<AddIn::AskAsync>(L"HADAL.ASYNC");
  CellText options(L"temperature=0; max_tokens=300");
  for (int i = 0; i < 200; ++i) {
    CellText prompt(L"Write a long story about the number " + std::to_wstring(i));
    XlValue p = prompt.value(), none = missing(), o = options.value(), handle = handle_value(i + 1);
    ask(&p, &none, &o, &handle);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double start = seconds_now();
  add_in.event(kXlCalculationCancelled);
  CHECK(ExcelHost::get().wait_for_answers(200, 30));
  MESSAGE("200 cells cancelled in " << (seconds_now() - start) * 1000 << " ms");
  CHECK(ExcelHost::get().answers_twice == 0);
  CHECK(add_in.live() == 0);
}

TEST_CASE("Escape ends a waiting cell") {
  if (!has_model()) return;
  AddIn add_in;
  ExcelHost::get().user_aborts = true;
  CellText prompt(L"Write a long story about a lighthouse."), options(L"temperature=0; max_tokens=400");
  const double start = seconds_now();
  CHECK(add_in.ask(L"HADAL", prompt.value(), missing(), options.value()) == L"#42");
  CHECK(seconds_now() - start < 5);
}

TEST_CASE("an answer that no cell holds is told, not cut") {
  if (!has_model()) return;
  AddIn add_in;
  // 33,000 characters of prompt cannot be a cell's either: Excel would refuse them. A block of cells can.
  CellText part(std::wstring(30000, L'x')), prompt(L"Count"), options(kOptions);
  XlValue cells[] = {part.value(), part.value()};
  CHECK(add_in.ask(L"HADAL", prompt.value(), block_of(cells, 2, 1), options.value()).find(L"context") != std::wstring::npos);
}

TEST_CASE("a stream asks Excel for its real-time data by a number") {
  if (!has_model()) return;
  AddIn add_in;
  CellText prompt(kCapital), options(kOptions);
  CHECK(add_in.ask(L"HADAL.STREAM", prompt.value(), missing(), options.value()) == L"rtd Hadal.Rtd 1");
  ExcelHost::get().rtd_works = false;
  CellText other(L"Hello");
  CHECK(add_in.ask(L"HADAL.STREAM", other.value(), missing(), options.value()).starts_with(L"Hadal: "));
  ExcelHost::get().rtd_works = true;
}

TEST_CASE("a table spills and fields stand side by side") {
  if (!has_model()) return;
  AddIn add_in;
  CellText text(L"Invoice 17 of Anna Berg, 12 May"), fields(L"name, number"), options(kOptions);
  XlValue t = text.value(), f = fields.value(), o = options.value();
  XlValue* result = add_in.function<AddIn::Ask>(L"HADAL.EXTRACT")(&t, &f, &o);
  REQUIRE(result != nullptr);
  REQUIRE((result->type & kXlTypeMask) == kXlArray);
  CHECK(result->array.rows == 1);
  CHECK(result->array.columns == 2);
  add_in.free(result);
  XlValue none = missing();
  result = add_in.function<AddIn::Ask>(L"HADAL.TABLE")(&t, &none, &o);
  REQUIRE(result != nullptr);
  CHECK(((result->type & kXlTypeMask) == kXlArray || (result->type & kXlTypeMask) == kXlText));
  add_in.free(result);
}

TEST_CASE("opened and unloaded 50 times nothing stays") {
  HANDLE process = GetCurrentProcess();
  DWORD before = 0, after = 0;
  { AddIn warm; }
  GetProcessHandleCount(process, &before);
  for (int i = 0; i < 50; ++i) AddIn once;
  GetProcessHandleCount(process, &after);
  CHECK(after <= before + 4);
  if (!has_model()) return;
  for (int i = 0; i < 3; ++i) {   // with a model loaded and threads started
    AddIn used;
    CellText prompt(kCapital), options(kOptions);
    CHECK(used.ask(L"HADAL", prompt.value(), missing(), options.value()) == kParis);
  }
}
