// What is in cells as text, and results for cells.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "excel/xloper.hpp"

namespace excel {

using Rows = std::vector<std::vector<std::wstring>>;

// One cell as a person reads it: 3 is "3", not "3.000000". Nothing for an error.
std::optional<std::wstring> cell_text(const XlValue& value);
// A block as lines of cells with tabs between, without empty lines at its ends. Nothing if a cell holds an error.
std::optional<std::wstring> block_text(const XlValue& value);
// The error a block holds first, or 0.
int32_t error_in(const XlValue& value);
// The texts of all cells, row by row, empty ones left out; a text is split at commas.
std::vector<std::wstring> names_in(const XlValue& value);

// Results, freed by free_result when Excel calls xlAutoFree12.
XlValue* text_result(const std::wstring& text);   // a text too long for a cell becomes a sentence that says so
XlValue* error_result(int32_t code);
XlValue* rows_result(const Rows& rows);           // short rows are filled with ""
void free_result(XlValue* value);
// How many results Excel holds.
extern std::atomic<int> live_results;

// `text` where it fits a cell, else what to show instead.
std::wstring fitting(const std::wstring& text);

// A table as models write them: lines with |, tabs or, failing both, commas between cells. Rulers (|---|) are dropped.
Rows parse_table(const std::wstring& text);

}  // namespace excel
