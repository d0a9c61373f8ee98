#include "com/event_sinks.hpp"

#include <dispex.h>

#include "variants.hpp"

namespace {

constexpr wchar_t kMethod[] = L"OnToken";

// Scripts answer to IDispatchEx, VBA classes to GetIDsOfNames, JScript functions to their default member.
DISPID token_method(IDispatch* object) {
  DISPID id = DISPID_VALUE;
  IDispatchEx* extended = nullptr;
  if (SUCCEEDED(object->QueryInterface(__uuidof(IDispatchEx), reinterpret_cast<void**>(&extended)))) {
    BSTR name = SysAllocString(kMethod);
    const HRESULT found = name != nullptr ? extended->GetDispID(name, fdexNameCaseInsensitive, &id) : E_OUTOFMEMORY;
    SysFreeString(name);
    extended->Release();
    if (SUCCEEDED(found)) return id;
  }
  auto* name = const_cast<LPOLESTR>(kMethod);
  return SUCCEEDED(object->GetIDsOfNames(IID_NULL, &name, 1, LOCALE_USER_DEFAULT, &id)) ? id : DISPID(DISPID_VALUE);
}

std::wstring take(BSTR text) {
  const std::wstring out = text_of(text);
  SysFreeString(text);
  return out;
}

}  // namespace

EventSinks::~EventSinks() {
  for (IDispatch* listener : listeners_)
    if (listener != nullptr) listener->Release();
}

STDMETHODIMP EventSinks::QueryInterface(REFIID id, void** out) {
  if (out == nullptr) return E_POINTER;
  *out = nullptr;
  if (id != IID_IUnknown && id != IID_IConnectionPoint) return E_NOINTERFACE;
  *out = static_cast<IConnectionPoint*>(this);
  AddRef();
  return S_OK;
}

STDMETHODIMP EventSinks::GetConnectionInterface(IID* id) {
  if (id == nullptr) return E_POINTER;
  *id = kSessionEvents;
  return S_OK;
}

STDMETHODIMP EventSinks::GetConnectionPointContainer(IConnectionPointContainer** out) {
  if (out == nullptr) return E_POINTER;
  container_.AddRef();
  *out = &container_;
  return S_OK;
}

STDMETHODIMP EventSinks::Advise(IUnknown* listener, DWORD* cookie) {
  if (listener == nullptr || cookie == nullptr) return E_POINTER;
  *cookie = 0;
  IDispatch* object = nullptr;
  if (FAILED(listener->QueryInterface(kSessionEvents, reinterpret_cast<void**>(&object))) &&
      FAILED(listener->QueryInterface(IID_IDispatch, reinterpret_cast<void**>(&object))))
    return CONNECT_E_CANNOTCONNECT;
  try {
    listeners_.push_back(object);
  } catch (...) {
    object->Release();
    return E_OUTOFMEMORY;
  }
  *cookie = DWORD(listeners_.size());
  return S_OK;
}

STDMETHODIMP EventSinks::Unadvise(DWORD cookie) {
  if (cookie < 1 || cookie > listeners_.size() || listeners_[cookie - 1] == nullptr) return CONNECT_E_NOCONNECTION;
  std::exchange(listeners_[cookie - 1], nullptr)->Release();
  return S_OK;
}

void EventSinks::fire(DISPID event, const std::wstring& text) {
  for (size_t i = 0; i < listeners_.size(); ++i) {   // a listener may leave, or bring another, while it is called
    IDispatch* listener = listeners_[i];
    if (listener == nullptr) continue;
    listener->AddRef();
    Variant argument(text), ignored;
    DISPPARAMS arguments = {argument.get(), nullptr, 1, 0};
    listener->Invoke(event, IID_NULL, LOCALE_USER_DEFAULT, DISPATCH_METHOD, &arguments, ignored.get(), nullptr, nullptr);
    listener->Release();
  }
}

TokenSink::TokenSink(const VARIANT& sink) {
  const VARIANT& inner = plain(sink);
  if (!is_given(inner)) return;
  IUnknown* unknown = nullptr;
  if (inner.vt == VT_DISPATCH || inner.vt == VT_UNKNOWN) unknown = inner.punkVal;
  else if (inner.vt == (VT_BYREF | VT_DISPATCH) || inner.vt == (VT_BYREF | VT_UNKNOWN)) unknown = *inner.ppunkVal;
  else throw Failure{HADAL_INVALID_ARGUMENT, L"sink: expected an object with a method OnToken(text), or Nothing"};
  if (unknown == nullptr) return;   // Nothing
  if (FAILED(unknown->QueryInterface(IID_IDispatch, reinterpret_cast<void**>(&object_))))
    throw Failure{HADAL_INVALID_ARGUMENT, L"sink: expected an object with a method OnToken(text), found one without automation"};
  method_ = token_method(object_);
}

TokenSink::~TokenSink() {
  if (object_ != nullptr) object_->Release();
}

bool TokenSink::token(const std::wstring& text) {
  if (object_ == nullptr) return true;
  Variant argument(text), answer;
  DISPPARAMS arguments = {argument.get(), nullptr, 1, 0};
  EXCEPINFO problem = {};
  const HRESULT result = object_->Invoke(method_, IID_NULL, LOCALE_USER_DEFAULT, DISPATCH_METHOD, &arguments, answer.get(),
                                         &problem, nullptr);
  if (FAILED(result)) {
    if (problem.pfnDeferredFillIn != nullptr) problem.pfnDeferredFillIn(&problem);
    SysFreeString(problem.bstrHelpFile);
    ForeignFailure failure{problem.scode != 0 ? HRESULT(problem.scode) : result, take(problem.bstrSource), take(problem.bstrDescription)};
    if (failure.description.empty()) failure.description = L"the sink's OnToken failed";
    if (failure.source.empty()) failure.source = L"Hadal";
    throw failure;
  }
  return !(answer->vt == VT_BOOL && answer->boolVal == VARIANT_FALSE);
}
