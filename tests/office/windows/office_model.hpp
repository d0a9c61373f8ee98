// What the programs beside the DLL share: the DLL by name, and the default model.
#pragma once

#include <string>

#include "text.hpp"

// Loads hadal64.dll (or .xll) from this program's folder; nullptr if it cannot.
HMODULE load_office_dll(const wchar_t* extension);

template <class Function>
Function find_function(HMODULE dll, const char* name) {
  return reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(dll, name)));
}

// The default model's path, "" if it is not on this machine. HADAL_MODEL is set to it, so that every part of the DLL
// finds it, and the user's own settings are out of the way.
std::wstring prepare_model();
// False, and says that the test is skipped, where there is none.
bool has_model();

inline const wchar_t* kCapital = L"What is the capital of France?";
inline const wchar_t* kParis = L"The capital of France is Paris.";
inline const wchar_t* kGreedy = L"temperature=0; max_tokens=24; top_k=1";

double seconds_now();
