// The values and calls of Excel's interface for add-ins (Excel 2007 and newer), as far as they are used here.
#pragma once

#include <cstddef>
#include <cstdint>

#pragma pack(push, 8)
struct XlReference {
  int32_t first_row, last_row, first_column, last_column;
};

struct XlValue {
  union {
    double number;
    wchar_t* text;   // the first unit is the length
    int32_t boolean;
    int32_t error;
    int32_t integer;
    struct {
      uint16_t count;
      XlReference reference;
    } single_reference;
    struct {
      void* references;
      uintptr_t sheet;
    } reference;
    struct {
      XlValue* cells;   // row by row
      int32_t rows, columns;
    } array;
    struct {
      void* handle;
      int32_t bytes;
    } data;
    uint8_t widest[24];
  };
  uint32_t type;
};
#pragma pack(pop)
static_assert(sizeof(XlValue) == 32 && offsetof(XlValue, type) == 24, "the layout Excel has in 32 and 64 bit");

enum XlType : uint32_t {
  kXlNumber = 1,
  kXlText = 2,
  kXlBoolean = 4,
  kXlReference = 8,
  kXlError = 0x10,
  kXlArray = 0x40,
  kXlMissing = 0x80,
  kXlNil = 0x100,
  kXlSingleReference = 0x400,
  kXlInteger = 0x800,
  kXlData = kXlText | kXlInteger,
  kXlTypeMask = 0xFFF,
  kXlFreedByExcel = 0x1000,   // with xlFree
  kXlFreedByUs = 0x4000,      // Excel calls xlAutoFree12
};

enum XlErrorCode : int32_t { kXlValueError = 15, kXlNumberError = 36, kXlNotAvailable = 42 };

enum XlFunction : int {
  kXlFree = 0x4000,
  kXlCoerce = 0x4002,
  kXlAbort = 0x4006,
  kXlGetName = 0x4009,
  kXlAsyncReturn = 0x4010,
  kXlEventRegister = 0x4011,
  kXlfSetName = 88,
  kXlfRegister = 149,
  kXlfUnregister = 201,
  kXlfRtd = 379,
};

enum XlEvent : int32_t { kXlCalculationEnded = 1, kXlCalculationCancelled = 2 };

constexpr int kXlDone = 0;
constexpr size_t kLongestCellText = 32767;

// How Excel is called: the function, its arguments, and where the result goes.
using XlEntry = int(__stdcall*)(int function, int count, XlValue** arguments, XlValue* result);
