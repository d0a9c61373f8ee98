// What every automation object shares: counting, IDispatch through the embedded type library, errors with a sentence.
#pragma once

#include "com/counted.hpp"
#include "failure.hpp"
#include "hadal_idl.h"

// The interfaces' ids as hadal.idl has them.
extern const GUID kTypeLibrary;
extern const GUID kSessionInterface, kSessionEvents, kSessionClass, kModelsInterface, kModelsClass, kRtdClass;

// A failed call as COM wants it: the number is FACILITY_ITF with 0x200 + the status without its sign.
HRESULT raise(const Failure& failure) noexcept;
// An error somebody else's object reported; passed on as it is.
struct ForeignFailure {
  HRESULT result;
  std::wstring source, description;
};
HRESULT raise(const ForeignFailure& failure) noexcept;

// Of this DLL's own type library; nullptr if it cannot be read. The caller releases it.
ITypeInfo* type_info_of(const GUID& id) noexcept;

// A method's body: nothing thrown gets past.
template <class Body>
HRESULT guarded(Body&& body) noexcept {
  try {
    body();
    return S_OK;
  } catch (const ForeignFailure& failure) {
    return raise(failure);
  } catch (...) {
    return raise(current_failure());
  }
}

// An object whose dual interface the type library describes under `id`; `Others` are what it offers besides.
template <class Interface, class... Others>
class Automation : public Counted<Interface, ISupportErrorInfo, Others...> {
 public:
  explicit Automation(const GUID& id) : id_(id), info_(type_info_of(id)) {}
  ~Automation() override {
    if (info_ != nullptr) info_->Release();
  }

  STDMETHODIMP GetTypeInfoCount(UINT* count) override {
    if (count == nullptr) return E_POINTER;
    *count = info_ != nullptr ? 1 : 0;
    return S_OK;
  }
  STDMETHODIMP GetTypeInfo(UINT index, LCID, ITypeInfo** out) override {
    if (out == nullptr) return E_POINTER;
    *out = nullptr;
    if (index != 0 || info_ == nullptr) return DISP_E_BADINDEX;
    info_->AddRef();
    *out = info_;
    return S_OK;
  }
  STDMETHODIMP GetIDsOfNames(REFIID, LPOLESTR* names, UINT count, LCID, DISPID* ids) override {
    return info_ != nullptr ? info_->GetIDsOfNames(names, count, ids) : E_UNEXPECTED;
  }
  STDMETHODIMP Invoke(DISPID id, REFIID, LCID, WORD flags, DISPPARAMS* arguments, VARIANT* result, EXCEPINFO* problem,
                      UINT* wrong_argument) override {
    if (info_ == nullptr) return E_UNEXPECTED;
    SetErrorInfo(0, nullptr);   // the last error of somebody else is not ours
    if (id == DISPID_NEWENUM) flags |= DISPATCH_PROPERTYGET;   // a property, which some scripts call as a method
    auto* self = static_cast<Interface*>(this);
    const Held held(*self);
    return info_->Invoke(self, id, flags, arguments, result, problem, wrong_argument);
  }

  STDMETHODIMP InterfaceSupportsErrorInfo(REFIID id) override { return id == id_ ? S_OK : S_FALSE; }

 protected:
  void* find_interface(REFIID id) override {
    if (id == IID_IUnknown || id == IID_IDispatch || id == id_) return static_cast<Interface*>(this);
    if (id == IID_ISupportErrorInfo) return static_cast<ISupportErrorInfo*>(this);
    return nullptr;
  }

 private:
  const GUID& id_;
  ITypeInfo* info_;
};
