// The DLL's entry points for COM: objects by class, and registration for the current user or, asked by DllRegisterServer
// as an administrator, for all.
#include "com/automation.hpp"
#include "com/registration.hpp"
#include "com/session_object.hpp"
#include "engine.hpp"
#include "excel/stream.hpp"

namespace {

class ClassFactory final : public Counted<IClassFactory> {
 public:
  explicit ClassFactory(IDispatch* (*make)()) : make_(make) {}

  STDMETHODIMP CreateInstance(IUnknown* outer, REFIID id, void** out) override {
    if (out == nullptr) return E_POINTER;
    *out = nullptr;
    if (outer != nullptr) return CLASS_E_NOAGGREGATION;
    HRESULT result = E_FAIL;
    const HRESULT made = guarded([&] {
      IDispatch* object = make_();
      result = object->QueryInterface(id, out);
      object->Release();
    });
    return FAILED(made) ? made : result;
  }
  STDMETHODIMP LockServer(BOOL lock) override {
    live_objects += lock ? 1 : -1;
    return S_OK;
  }

 private:
  void* find_interface(REFIID id) override {
    return id == IID_IUnknown || id == IID_IClassFactory ? static_cast<IClassFactory*>(this) : nullptr;
  }

  IDispatch* (*make_)();
};

}  // namespace

STDAPI DllGetClassObject(REFCLSID id, REFIID interface_id, LPVOID* out) {
  if (out == nullptr) return E_POINTER;
  *out = nullptr;
  IDispatch* (*make)() = id == kSessionClass ? new_session_object : id == kModelsClass ? new_models_object
                                                                : id == kRtdClass  ? new_rtd_object
                                                                                   : nullptr;
  if (make == nullptr) return CLASS_E_CLASSNOTAVAILABLE;
  HRESULT result = E_FAIL;
  const HRESULT made = guarded([&] {
    auto* factory = new ClassFactory(make);
    result = factory->QueryInterface(interface_id, out);
    factory->Release();
  });
  return FAILED(made) ? made : result;
}

// The models that were loaded stay loaded between two macros, and the DLL with them.
STDAPI DllCanUnloadNow() { return live_objects == 0 && !Engine::of_process().running() ? S_OK : S_FALSE; }

STDAPI DllRegisterServer() {
  return guarded([] { register_classes(Scope::machine); });
}

STDAPI DllUnregisterServer() {
  return guarded([] { unregister_classes(Scope::machine); });
}

// regsvr32 /n /i:user hadal64.dll
STDAPI DllInstall(BOOL install, LPCWSTR words) {
  const bool user = words != nullptr && lstrcmpiW(words, L"user") == 0;
  return guarded([&] {
    const Scope scope = user ? Scope::user : Scope::machine;
    install ? register_classes(scope) : unregister_classes(scope);
  });
}
