// HADAL.STREAM: an answer that grows in its cell. Excel asks a real-time-data server for the value and is told when there
// is a newer one.
#pragma once

#include "excel/answers.hpp"
#include "excel/xloper.hpp"

// What the cell shows now; subscribes it to what follows. Excel's main thread only.
XlValue* stream_result(const Question& question);
// No more notices: the add-in closes.
void stop_streams();

// A Hadal.Rtd with one reference.
struct IDispatch;
IDispatch* new_rtd_object();
