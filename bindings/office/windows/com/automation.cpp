#include "com/automation.hpp"

#include <oaidl.h>

#include "module.hpp"

// {6A1F3C54-2B7E-4D19-9C0A-5E8B7D40A1nn}
#define HADAL_GUID(last) {0x6A1F3C54, 0x2B7E, 0x4D19, {0x9C, 0x0A, 0x5E, 0x8B, 0x7D, 0x40, 0xA1, last}}
const GUID kTypeLibrary = HADAL_GUID(0x00);
const GUID kSessionInterface = HADAL_GUID(0x01), kSessionEvents = HADAL_GUID(0x02), kSessionClass = HADAL_GUID(0x03);
const GUID kModelsInterface = HADAL_GUID(0x04), kModelsClass = HADAL_GUID(0x05);
const GUID kRtdClass = HADAL_GUID(0x06);
#undef HADAL_GUID

std::atomic<long> live_objects = 0;

namespace {

HRESULT raise(HRESULT result, const wchar_t* source, const wchar_t* description) noexcept {
  ICreateErrorInfo* made = nullptr;
  if (FAILED(CreateErrorInfo(&made))) return result;
  made->SetSource(const_cast<LPOLESTR>(source));
  made->SetDescription(const_cast<LPOLESTR>(description));
  made->SetGUID(kSessionInterface);
  IErrorInfo* info = nullptr;
  if (SUCCEEDED(made->QueryInterface(IID_IErrorInfo, reinterpret_cast<void**>(&info)))) {
    SetErrorInfo(0, info);
    info->Release();
  }
  made->Release();
  return result;
}

}  // namespace

HRESULT raise(const Failure& failure) noexcept {
  if (failure.status == HADAL_OUT_OF_MEMORY && failure.sentence.empty()) return E_OUTOFMEMORY;
  return raise(MAKE_HRESULT(SEVERITY_ERROR, FACILITY_ITF, 0x200 - failure.status), L"Hadal", failure.sentence.c_str());
}

HRESULT raise(const ForeignFailure& failure) noexcept {
  return raise(FAILED(failure.result) ? failure.result : E_FAIL, failure.source.c_str(), failure.description.c_str());
}

ITypeInfo* type_info_of(const GUID& id) noexcept {
  ITypeLib* library = nullptr;
  ITypeInfo* info = nullptr;
  try {
    if (FAILED(LoadTypeLibEx(module_path().c_str(), REGKIND_NONE, &library))) return nullptr;
  } catch (...) {
    return nullptr;
  }
  if (FAILED(library->GetTypeInfoOfGuid(id, &info))) info = nullptr;
  library->Release();
  return info;
}
