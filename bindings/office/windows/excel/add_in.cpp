// The add-in as Excel sees it: opened, asked for its name, closed.
#include <vector>

#include "engine.hpp"
#include "excel/answers.hpp"
#include "excel/cells.hpp"
#include "excel/functions.hpp"
#include "excel/host.hpp"
#include "excel/stream.hpp"

namespace {

constexpr const wchar_t* kTitle = L"Hadal: language models in cells";

struct FunctionEntry {
  const wchar_t *procedure, *types, *name, *arguments, *help;
  std::vector<const wchar_t*> argument_help;
};

// Types: Q a value, $ may be called from several threads, > with X asynchronous.
const FunctionEntry kFunctions[] = {
    {L"hadalx_ask", L"QQQQ$", L"HADAL", L"prompt,range,options", L"The model's answer to a prompt.",
     {L"What is asked", L"Cells the prompt is about; they follow it as a table", L"Options as text: \"temperature=0; max_tokens=50\" "}},
    {L"hadalx_ask_async", L">QQQX$", L"HADAL.ASYNC", L"prompt,range,options", L"The same; other cells are calculated meanwhile.",
     {L"What is asked", L"Cells the prompt is about", L"Options as text "}},
    {L"hadalx_ask_stream", L"QQQQ", L"HADAL.STREAM", L"prompt,range,options", L"The same; the answer grows while it is written.",
     {L"What is asked", L"Cells the prompt is about", L"Options as text "}},
    {L"hadalx_ask_table", L"QQQQ$", L"HADAL.TABLE", L"prompt,range,options", L"An answer of several rows and columns.",
     {L"What is asked", L"Cells the prompt is about", L"Options as text "}},
    {L"hadalx_extract", L"QQQQ$", L"HADAL.EXTRACT", L"text,fields,options", L"Values found in a text, side by side.",
     {L"The text", L"Names of what to find: cells, or one text with commas", L"Options as text "}},
};

void register_function(const FunctionEntry& entry, XlValue* dll) {
  excel::Text procedure(entry.procedure), types(entry.types), name(entry.name), arguments(entry.arguments), group(L"Hadal"),
      help(entry.help);
  std::vector<std::unique_ptr<excel::Text>> helps;
  XlValue kind{}, missing{}, id{};
  kind.number = 1;   // a worksheet function
  kind.type = kXlNumber;
  missing.type = kXlMissing;
  std::vector<XlValue*> list = {dll,          procedure.value(), types.value(), name.value(), arguments.value(),
                                &kind,        group.value(),     &missing,      &missing,     help.value()};
  for (const wchar_t* text : entry.argument_help) {
    helps.push_back(std::make_unique<excel::Text>(text));
    list.push_back(helps.back()->value());
  }
  excel::call_with(kXlfRegister, &id, list.data(), int(list.size()));
}

void on_event(const wchar_t* procedure, XlEvent event) {
  excel::Text name(procedure);
  XlValue which = excel::integer(event), ignored{};
  excel::call(kXlEventRegister, &ignored, name.value(), &which);
}

}  // namespace

extern "C" {

int __stdcall xlAutoOpen() {
  try {
    XlValue dll{};
    if (excel::call(kXlGetName, &dll) != kXlDone) return 0;
    for (const FunctionEntry& entry : kFunctions) register_function(entry, &dll);
    excel::call(kXlFree, nullptr, &dll);
    on_event(L"hadalx_calculation_cancelled", kXlCalculationCancelled);
    on_event(L"hadalx_calculation_ended", kXlCalculationEnded);
    return 1;
  } catch (...) {
    return 0;
  }
}

// Also called when the user then decides to stay: everything starts again with the next cell.
int __stdcall xlAutoClose() {
  try {
    Answers::of_process().cancel_all();
    stop_streams();
    Engine::of_process().stop();
    Answers::of_process().forget_all();
    for (const FunctionEntry& entry : kFunctions) {   // a name without a value is taken away
      excel::Text name(entry.name);
      XlValue ignored{};
      excel::call(kXlfSetName, &ignored, name.value());
    }
  } catch (...) {   // Excel closes whatever we say
  }
  return 1;
}

void __stdcall xlAutoFree12(XlValue* value) { excel::free_result(value); }

XlValue* __stdcall xlAddInManagerInfo12(XlValue* action) {
  try {
    const auto asked = excel::cell_text(*action);
    return asked && *asked == L"1" ? excel::text_result(kTitle) : excel::error_result(kXlValueError);
  } catch (...) {
    return nullptr;
  }
}

int __stdcall xlAutoAdd() { return 1; }
int __stdcall xlAutoRemove() { return 1; }
void __stdcall SetExcel12EntryPt(XlEntry entry) { excel::set_entry(entry); }

}  // extern "C"
