// What Excel calls, by the names that add_in.cpp registers.
#pragma once

#include "excel/xloper.hpp"

extern "C" {
XlValue* __stdcall hadalx_ask(XlValue* prompt, XlValue* block, XlValue* options);
void __stdcall hadalx_ask_async(XlValue* prompt, XlValue* block, XlValue* options, XlValue* handle);
XlValue* __stdcall hadalx_ask_stream(XlValue* prompt, XlValue* block, XlValue* options);
XlValue* __stdcall hadalx_ask_table(XlValue* prompt, XlValue* block, XlValue* options);
XlValue* __stdcall hadalx_extract(XlValue* text, XlValue* fields, XlValue* options);
void __stdcall hadalx_calculation_cancelled();
void __stdcall hadalx_calculation_ended();
int __stdcall hadalx_live_blocks();   // results that Excel has not given back; for tests
}
