#include "excel/stream.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "com/automation.hpp"
#include "com/registration.hpp"
#include "excel/cells.hpp"
#include "excel/host.hpp"
#include "excel/rtd.hpp"
#include "module.hpp"
#include "variants.hpp"

namespace {

constexpr UINT kNotify = WM_APP + 1;
constexpr UINT_PTR kTimer = 1;
constexpr UINT kEveryMs = 250;
constexpr wchar_t kWindowClass[] = L"HadalStreamNotifier";

// What cells asked, by number: a topic of Excel holds 255 characters, a prompt more.
class Asked {
 public:
  std::wstring number_of(const Question& question) {
    const std::lock_guard lock(mutex_);
    return std::to_wstring(numbers_.try_emplace(question, numbers_.size() + 1).first->second);
  }
  Question find(const std::wstring& number) {
    const std::lock_guard lock(mutex_);
    for (const auto& [question, known] : numbers_)
      if (std::to_wstring(known) == number) return question;
    throw Failure{HADAL_NOT_FOUND, L"HADAL.STREAM: this question was asked by another Excel; calculate the cell again"};
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    numbers_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<Question, size_t> numbers_;
};

Asked& asked() {
  static Asked all;
  return all;
}

// One server for each process, as Excel makes it. Everything happens on the thread that started it, but for the word
// that an answer is finished, which comes as a window message.
class RtdServer final : public Counted<IRtdServer> {
 public:
  ~RtdServer() override { close(); }

  // ---- IDispatch
  STDMETHODIMP GetTypeInfoCount(UINT* count) override {
    if (count == nullptr) return E_POINTER;
    *count = 0;
    return S_OK;
  }
  STDMETHODIMP GetTypeInfo(UINT, LCID, ITypeInfo**) override { return E_NOTIMPL; }
  STDMETHODIMP GetIDsOfNames(REFIID, LPOLESTR* names, UINT count, LCID, DISPID* ids) override {
    constexpr const wchar_t* kNames[] = {L"ServerStart", L"ConnectData", L"RefreshData", L"DisconnectData", L"Heartbeat", L"ServerTerminate"};
    if (names == nullptr || ids == nullptr || count == 0) return E_INVALIDARG;
    for (UINT i = 0; i < count; ++i) ids[i] = DISPID_UNKNOWN;
    for (DISPID i = 0; i < 6; ++i)
      if (lstrcmpiW(names[0], kNames[i]) == 0) ids[0] = kRtdServerStart + i;
    return ids[0] == DISPID_UNKNOWN || count > 1 ? DISP_E_UNKNOWNNAME : S_OK;
  }
  STDMETHODIMP Invoke(DISPID id, REFIID, LCID, WORD, DISPPARAMS* given, VARIANT* result, EXCEPINFO*, UINT*) override;

  // ---- IRtdServer
  STDMETHODIMP ServerStart(IRTDUpdateEvent* update, long* result) override {
    if (update == nullptr || result == nullptr) return E_POINTER;
    close();
    update->AddRef();
    update_ = update;
    return guarded([&] {
      open_window();
      *result = 1;
    });
  }

  STDMETHODIMP ConnectData(long topic, SAFEARRAY** strings, VARIANT_BOOL* new_values, VARIANT* value) override {
    if (strings == nullptr || new_values == nullptr || value == nullptr) return E_POINTER;
    return guarded([&] {
      Question question = question_of(*strings);
      *new_values = VARIANT_TRUE;
      const HWND window = window_;
      Answers::of_process().ask(question, [window](const Answer&) { PostMessageW(window, kNotify, 0, 0); });
      VariantInit(value);
      put_text(value, text_of(question));
      topics_[topic] = {std::move(question), L""};
    });
  }

  STDMETHODIMP RefreshData(long* count, SAFEARRAY** out) override {
    if (count == nullptr || out == nullptr) return E_POINTER;
    return guarded([&] {
      std::vector<std::pair<long, std::wstring>> changed;
      for (auto& [topic, entry] : topics_)
        if (std::wstring now = text_of(entry.question); now != entry.shown) {
          entry.shown = now;
          changed.emplace_back(topic, std::move(now));
        }
      SAFEARRAYBOUND bounds[2] = {{2, 0}, {ULONG(changed.size()), 0}};
      SAFEARRAY* array = SafeArrayCreate(VT_VARIANT, 2, bounds);
      if (array == nullptr) throw std::bad_alloc();
      for (LONG i = 0; i < LONG(changed.size()); ++i) {
        LONG at[2] = {0, i};
        VARIANT number;
        number.vt = VT_I4;
        number.lVal = changed[size_t(i)].first;
        SafeArrayPutElement(array, at, &number);
        at[0] = 1;
        Variant text(changed[size_t(i)].second);
        SafeArrayPutElement(array, at, text.get());
      }
      *count = long(changed.size());
      *out = array;
    });
  }

  STDMETHODIMP DisconnectData(long topic) override {
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return S_OK;
    return guarded([&] {
      const Question question = found->second.question;
      topics_.erase(found);
      for (const auto& [other, entry] : topics_)
        if (entry.question == question) return;
      if (const auto turn = Answers::of_process().in_work(question)) turn->cancel();   // nobody looks at it any more
    });
  }

  STDMETHODIMP Heartbeat(long* alive) override {
    if (alive == nullptr) return E_POINTER;
    *alive = 1;
    return S_OK;
  }

  STDMETHODIMP ServerTerminate() override {
    close();
    return S_OK;
  }

 private:
  struct Topic {
    Question question;
    std::wstring shown;
  };

  void* find_interface(REFIID id) override {
    return id == IID_IUnknown || id == IID_IDispatch || id == kRtdServerInterface ? static_cast<IRtdServer*>(this) : nullptr;
  }

  static Question question_of(SAFEARRAY* strings) {
    LONG first = 0;
    Variant element;
    if (strings == nullptr || FAILED(SafeArrayGetLBound(strings, 1, &first)) || FAILED(SafeArrayGetElement(strings, &first, element.get())))
      throw Failure{HADAL_INVALID_ARGUMENT, L"HADAL.STREAM: expected the number of a question"};
    return asked().find(text_of_variant(*element, L"topic"));
  }

  // As much of the answer as there is.
  static std::wstring text_of(const Question& question) {
    if (const auto known = Answers::of_process().known(question)) return excel::fitting(*known);
    const auto turn = Answers::of_process().in_work(question);
    return turn ? excel::fitting(turn->answer_so_far()) : L"";
  }

  void open_window() {
    WNDCLASSW kind = {};
    kind.lpfnWndProc = on_message;
    kind.hInstance = this_module();
    kind.lpszClassName = kWindowClass;
    RegisterClassW(&kind);
    window_ = CreateWindowExW(0, kWindowClass, L"", 0, 0, 0, 0, 0, HWND_MESSAGE, nullptr, this_module(), nullptr);
    if (window_ == nullptr) throw Failure{HADAL_INTERNAL, L"HADAL.STREAM: the system gave no window for messages"};
    SetWindowLongPtrW(window_, GWLP_USERDATA, reinterpret_cast<LONG_PTR>(this));
    SetTimer(window_, kTimer, kEveryMs, nullptr);
  }

  void close() {
    if (window_ != nullptr) {
      DestroyWindow(std::exchange(window_, nullptr));
      UnregisterClassW(kWindowClass, this_module());
    }
    if (update_ != nullptr) std::exchange(update_, nullptr)->Release();
    topics_.clear();
  }

  bool something_new() {
    for (const auto& [topic, entry] : topics_)
      if (text_of(entry.question) != entry.shown) return true;
    return false;
  }

  static LRESULT CALLBACK on_message(HWND window, UINT message, WPARAM word, LPARAM number) {
    auto* self = reinterpret_cast<RtdServer*>(GetWindowLongPtrW(window, GWLP_USERDATA));
    if (self == nullptr || (message != kNotify && message != WM_TIMER)) return DefWindowProcW(window, message, word, number);
    guarded([&] {
      if (self->update_ != nullptr && self->something_new()) self->update_->UpdateNotify();
    });
    return 0;
  }

  IRTDUpdateEvent* update_ = nullptr;
  HWND window_ = nullptr;
  std::map<long, Topic> topics_;
};

STDMETHODIMP RtdServer::Invoke(DISPID id, REFIID, LCID, WORD, DISPPARAMS* given, VARIANT* result, EXCEPINFO*, UINT*) {
  if (given == nullptr) return E_INVALIDARG;
  const auto argument = [&](UINT index) -> VARIANT* { return index < given->cArgs ? &given->rgvarg[given->cArgs - 1 - index] : nullptr; };
  long number = 0;
  HRESULT done = DISP_E_BADPARAMCOUNT;
  VARIANT *first = argument(0), *second = argument(1), *third = argument(2);
  switch (id) {
    case kRtdServerStart: {
      if (first == nullptr || (first->vt != VT_DISPATCH && first->vt != VT_UNKNOWN) || first->punkVal == nullptr) return DISP_E_TYPEMISMATCH;
      IRTDUpdateEvent* update = nullptr;
      if (FAILED(first->punkVal->QueryInterface(kRtdUpdateInterface, reinterpret_cast<void**>(&update)))) return DISP_E_TYPEMISMATCH;
      done = ServerStart(update, &number);
      update->Release();
      break;
    }
    case kRtdConnectData: {
      if (third == nullptr || first->vt != VT_I4 || second->vt != (VT_BYREF | VT_ARRAY | VT_VARIANT) || third->vt != (VT_BYREF | VT_BOOL))
        return DISP_E_TYPEMISMATCH;
      Variant ignored;
      return ConnectData(first->lVal, second->pparray, third->pboolVal, result != nullptr ? result : ignored.get());
    }
    case kRtdRefreshData: {
      if (first == nullptr || first->vt != (VT_BYREF | VT_I4)) return DISP_E_TYPEMISMATCH;
      SAFEARRAY* array = nullptr;
      done = RefreshData(first->plVal, &array);
      if (SUCCEEDED(done) && result != nullptr) {
        result->vt = VT_ARRAY | VT_VARIANT;
        result->parray = array;
      } else if (array != nullptr) {
        SafeArrayDestroy(array);
      }
      return done;
    }
    case kRtdDisconnectData: return first != nullptr && first->vt == VT_I4 ? DisconnectData(first->lVal) : DISP_E_TYPEMISMATCH;
    case kRtdHeartbeat: done = Heartbeat(&number); break;
    case kRtdServerTerminate: return ServerTerminate();
    default: return DISP_E_MEMBERNOTFOUND;
  }
  if (SUCCEEDED(done) && result != nullptr) {
    result->vt = VT_I4;
    result->lVal = number;
  }
  return done;
}

}  // namespace

IDispatch* new_rtd_object() { return new RtdServer; }

XlValue* stream_result(const Question& question) {
  register_rtd();   // Excel makes the server by its name
  excel::Text server(L"Hadal.Rtd"), here(L""), topic(asked().number_of(question));
  XlValue answer{};
  if (excel::call(kXlfRtd, &answer, server.value(), here.value(), topic.value()) != kXlDone)
    throw Failure{HADAL_UNSUPPORTED, L"Excel did not open the stream"};
  XlValue* result = excel::text_result(excel::cell_text(answer).value_or(L""));
  excel::call(kXlFree, nullptr, &answer);
  return result;
}

void stop_streams() { asked().clear(); }
