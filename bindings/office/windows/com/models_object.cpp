// Hadal.Models: what is installed, as a collection of names. The list is read when the object is made.
#include "com/automation.hpp"
#include "com/session_object.hpp"
#include "engine.hpp"
#include "settings.hpp"
#include "variants.hpp"

namespace {

class NameEnumerator final : public Counted<IEnumVARIANT> {
 public:
  NameEnumerator(std::vector<std::wstring> names, size_t at) : names_(std::move(names)), at_(at) {}

  STDMETHODIMP Next(ULONG count, VARIANT* out, ULONG* fetched) override {
    if (out == nullptr) return E_POINTER;
    ULONG done = 0;
    const HRESULT result = guarded([&] {
      for (; done < count && at_ < names_.size(); ++done, ++at_) out[done] = Variant(names_[at_]).release();
    });
    if (fetched != nullptr) *fetched = done;
    return FAILED(result) ? result : done == count ? S_OK : S_FALSE;
  }
  STDMETHODIMP Skip(ULONG count) override {
    const size_t left = names_.size() - at_;
    at_ += std::min<size_t>(count, left);
    return count <= left ? S_OK : S_FALSE;
  }
  STDMETHODIMP Reset() override {
    at_ = 0;
    return S_OK;
  }
  STDMETHODIMP Clone(IEnumVARIANT** out) override {
    if (out == nullptr) return E_POINTER;
    return guarded([&] { *out = new NameEnumerator(names_, at_); });
  }

 private:
  void* find_interface(REFIID id) override {
    return id == IID_IUnknown || id == IID_IEnumVARIANT ? static_cast<IEnumVARIANT*>(this) : nullptr;
  }

  std::vector<std::wstring> names_;
  size_t at_;
};

class ModelsObject final : public Automation<IModels> {
 public:
  ModelsObject() : Automation(kModelsInterface), names_(installed_models()) {}

  STDMETHODIMP get_Item(LONG index, BSTR* name) override {
    if (name == nullptr) return E_POINTER;
    return guarded([&] {
      *name = nullptr;
      if (index < 1 || size_t(index) > names_.size())
        throw Failure{HADAL_INVALID_ARGUMENT, L"Models: expected a number from 1 to " + std::to_wstring(names_.size()) + L", found " +
                                                  std::to_wstring(index)};
      *name = new_bstr(names_[size_t(index) - 1]);
    });
  }
  STDMETHODIMP get_Count(LONG* value) override {
    if (value == nullptr) return E_POINTER;
    *value = LONG(names_.size());
    return S_OK;
  }
  STDMETHODIMP get_Default(BSTR* name) override {
    if (name == nullptr) return E_POINTER;
    return guarded([&] { *name = new_bstr(names_.empty() ? std::wstring() : names_.front()); });
  }
  STDMETHODIMP Unload() override {
    return guarded([] { Engine::of_process().stop(); });
  }
  STDMETHODIMP get__NewEnum(IUnknown** value) override {
    if (value == nullptr) return E_POINTER;
    return guarded([&] { *value = new NameEnumerator(names_, 0); });
  }

 private:
  std::vector<std::wstring> names_;
};

}  // namespace

IDispatch* new_models_object() { return static_cast<IModels*>(new ModelsObject); }
