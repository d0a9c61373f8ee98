// Hadal.Session and Hadal.Models through the class factory and through a manifest without registration: late bound, as
// VBA and scripts call them.
#include <doctest/doctest.h>

#include <olectl.h>
#include <ocidl.h>

#include <cstdio>
#include <algorithm>
#include <vector>

#include "com/hadal_idl.h"
#include "office_model.hpp"

namespace {

const GUID kSession = {0x6A1F3C54, 0x2B7E, 0x4D19, {0x9C, 0x0A, 0x5E, 0x8B, 0x7D, 0x40, 0xA1, 0x03}};
const GUID kModels = {0x6A1F3C54, 0x2B7E, 0x4D19, {0x9C, 0x0A, 0x5E, 0x8B, 0x7D, 0x40, 0xA1, 0x05}};
const GUID kEvents = {0x6A1F3C54, 0x2B7E, 0x4D19, {0x9C, 0x0A, 0x5E, 0x8B, 0x7D, 0x40, 0xA1, 0x02}};

HMODULE dll() {
  static HMODULE loaded = (CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED), load_office_dll(L"dll"));
  return loaded;
}

// An object as a script holds it.
class Object {
 public:
  explicit Object(IDispatch* object) : object_(object) {}
  explicit Object(const GUID& id) {
    const auto get = find_function<HRESULT(__stdcall*)(REFCLSID, REFIID, void**)>(dll(), "DllGetClassObject");
    IClassFactory* factory = nullptr;
    REQUIRE(get(id, IID_IClassFactory, reinterpret_cast<void**>(&factory)) == S_OK);
    REQUIRE(factory->CreateInstance(nullptr, IID_IDispatch, reinterpret_cast<void**>(&object_)) == S_OK);
    factory->Release();
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() { CHECK(object_->Release() == 0); }

  IDispatch* get() { return object_; }
  std::wstring error;

  // Arguments in order; texts, numbers and objects.
  HRESULT invoke(const wchar_t* name, WORD kind, std::vector<VARIANT> arguments, VARIANT* result = nullptr) {
    DISPID id = DISPID_VALUE;
    auto* text = const_cast<LPOLESTR>(name);
    if (name != nullptr && FAILED(object_->GetIDsOfNames(IID_NULL, &text, 1, LOCALE_USER_DEFAULT, &id))) return DISP_E_UNKNOWNNAME;
    std::reverse(arguments.begin(), arguments.end());
    DISPID put = DISPID_PROPERTYPUT;
    DISPPARAMS parameters = {arguments.data(), nullptr, UINT(arguments.size()), 0};
    if (kind == DISPATCH_PROPERTYPUT) {
      parameters.rgdispidNamedArgs = &put;
      parameters.cNamedArgs = 1;
    }
    EXCEPINFO problem = {};
    Variant ignored;
    const HRESULT done = object_->Invoke(id, IID_NULL, LOCALE_USER_DEFAULT, kind, &parameters, result != nullptr ? result : ignored.get(), &problem, nullptr);
    error = text_of(problem.bstrDescription);
    SysFreeString(problem.bstrDescription);
    SysFreeString(problem.bstrSource);
    for (VARIANT& argument : arguments)
      if (argument.vt == VT_BSTR) VariantClear(&argument);
    return done == DISP_E_EXCEPTION ? HRESULT(problem.scode) : done;
  }
  std::wstring text(const wchar_t* name, std::vector<VARIANT> arguments = {}, WORD kind = DISPATCH_METHOD | DISPATCH_PROPERTYGET) {
    Variant result;
    CHECK(invoke(name, kind, std::move(arguments), result.get()) == S_OK);
    return result->vt == VT_BSTR ? text_of(result->bstrVal) : L"";
  }
  HRESULT put(const wchar_t* name, std::vector<VARIANT> arguments) { return invoke(name, DISPATCH_PROPERTYPUT, std::move(arguments)); }

 private:
  IDispatch* object_ = nullptr;
};

VARIANT str(const std::wstring& text) { return Variant(text).release(); }
VARIANT num(LONG value) {
  VARIANT v;
  v.vt = VT_I4;
  v.lVal = value;
  return v;
}
VARIANT dispatch(IDispatch* object) {
  VARIANT v;
  v.vt = VT_DISPATCH;
  v.pdispVal = object;
  return v;
}

// A sink with OnToken, as a VBA class would be; also the listener of the events.
class Sink final : public IDispatch {
 public:
  std::wstring whole;
  int tokens = 0, finished = 0, stop_after = 1 << 30;
  Object* reset_when_finished = nullptr;
  HRESULT fails_with = S_OK;
  DWORD thread = GetCurrentThreadId();

  virtual ~Sink() = default;
  STDMETHODIMP QueryInterface(REFIID id, void** out) override {
    *out = id == IID_IUnknown || id == IID_IDispatch || id == kEvents ? static_cast<IDispatch*>(this) : nullptr;
    if (*out == nullptr) return E_NOINTERFACE;
    AddRef();
    return S_OK;
  }
  STDMETHODIMP_(ULONG) AddRef() override { return ++references; }
  STDMETHODIMP_(ULONG) Release() override { return --references; }
  STDMETHODIMP GetTypeInfoCount(UINT* count) override { return *count = 0, S_OK; }
  STDMETHODIMP GetTypeInfo(UINT, LCID, ITypeInfo**) override { return E_NOTIMPL; }
  STDMETHODIMP GetIDsOfNames(REFIID, LPOLESTR* names, UINT, LCID, DISPID* ids) override {
    if (lstrcmpiW(names[0], L"OnToken") != 0) return DISP_E_UNKNOWNNAME;
    *ids = 1;
    return S_OK;
  }
  STDMETHODIMP Invoke(DISPID id, REFIID, LCID, WORD, DISPPARAMS* given, VARIANT* result, EXCEPINFO* problem, UINT*) override {
    CHECK(GetCurrentThreadId() == thread);
    if (id == 2) {
      ++finished;
      if (reset_when_finished != nullptr) CHECK(reset_when_finished->invoke(L"Reset", DISPATCH_METHOD, {}) == S_OK);
      return S_OK;
    }
    whole += text_of(given->rgvarg[0].bstrVal);
    ++tokens;
    if (FAILED(fails_with) && problem != nullptr) {
      problem->scode = fails_with;
      problem->bstrDescription = SysAllocString(L"Type mismatch");
      problem->bstrSource = SysAllocString(L"VBAProject");
      return DISP_E_EXCEPTION;
    }
    if (result != nullptr && tokens >= stop_after) {
      result->vt = VT_BOOL;
      result->boolVal = VARIANT_FALSE;
    }
    return S_OK;
  }
  ULONG references = 1;
};

void make_greedy(Object& session) {
  CHECK(session.put(L"Temperature", {num(0)}) == S_OK);
  CHECK(session.put(L"MaxTokens", {num(24)}) == S_OK);
}

}  // namespace

TEST_CASE("a session answers through its default member, by name, and keeps its history") {
  if (!has_model()) return;
  Object session(kSession);
  make_greedy(session);
  CHECK(session.text(nullptr, {str(kCapital)}) == kParis);
  CHECK(session.text(L"Answer") == kParis);
  CHECK(session.text(L"Finish") == L"stop");
  CHECK(session.text(L"Thought") == L"");
  CHECK(session.text(L"History").find(kParis) != std::wstring::npos);
  CHECK(session.text(L"Usage").find(L"\"generated_tokens\":8") != std::wstring::npos);
  CHECK(session.text(L"model").find(L".gguf") != std::wstring::npos);
  CHECK(session.text(L"Option", {str(L"max_tokens")}) == L"24");
  CHECK(session.put(L"Option", {str(L"max_tokens"), num(8)}) == S_OK);
  CHECK(session.invoke(L"SetOption", DISPATCH_METHOD, {str(L"top_p"), str(L"0.9")}) == S_OK);
  CHECK(session.text(L"Option", {str(L"max_tokens")}) == L"8");
  CHECK(session.invoke(L"Reset", DISPATCH_METHOD, {}) == S_OK);
  CHECK(session.text(L"Ask", {str(kCapital)}) == kParis);
}

TEST_CASE("errors come with a number and a sentence") {
  prepare_model();
  Object session(kSession);
  CHECK(session.invoke(L"Open", DISPATCH_METHOD, {str(L"C:\\missing.gguf")}) == MAKE_HRESULT(1, FACILITY_ITF, 0x202));
  CHECK(session.error.find(L"no such file") != std::wstring::npos);
  CHECK(session.invoke(L"Ask", DISPATCH_METHOD, {}) == DISP_E_BADPARAMCOUNT);
  CHECK(session.invoke(L"NoSuchThing", DISPATCH_METHOD, {}) == DISP_E_UNKNOWNNAME);
  if (!has_model()) return;
  CHECK(session.put(L"Option", {str(L"temprature"), num(1)}) == S_OK);   // not open yet: checked when it is
  CHECK(session.invoke(L"Ask", DISPATCH_METHOD, {str(L"x")}) == MAKE_HRESULT(1, FACILITY_ITF, 0x201));
  CHECK(session.error.find(L"temperature") != std::wstring::npos);
}

TEST_CASE("wrong kinds of values do no harm") {
  if (!has_model()) return;
  Object session(kSession);
  make_greedy(session);
  CHECK(session.put(L"Temperature", {str(L"warm")}) == DISP_E_TYPEMISMATCH);
  CHECK(session.put(L"Option", {str(L"seed"), dispatch(nullptr)}) == MAKE_HRESULT(1, FACILITY_ITF, 0x201));
  CHECK(session.invoke(L"AskStream", DISPATCH_METHOD, {str(kCapital), num(3)}) == MAKE_HRESULT(1, FACILITY_ITF, 0x201));
  CHECK(session.text(L"AskStream", {str(kCapital), dispatch(nullptr)}) == kParis);   // Nothing as sink
  VARIANT empty;
  VariantInit(&empty);
  CHECK(session.invoke(L"NextToken", DISPATCH_METHOD, {empty}) == S_OK);
  CHECK(session.invoke(L"NextToken", DISPATCH_METHOD, {str(L"soon")}) == MAKE_HRESULT(1, FACILITY_ITF, 0x201));
}

TEST_CASE("AskStream gives each piece to the sink, which may stop it or fail") {
  if (!has_model()) return;
  Object session(kSession);
  make_greedy(session);
  Sink sink;
  CHECK(session.text(L"AskStream", {str(kCapital), dispatch(&sink)}) == kParis);
  CHECK(sink.whole == kParis);
  CHECK(sink.references == 1);
  Sink stopping;
  stopping.stop_after = 2;
  CHECK(session.invoke(L"AskStream", DISPATCH_METHOD, {str(L"Tell me a story."), dispatch(&stopping)}) == S_OK);
  CHECK(stopping.tokens == 2);
  CHECK(session.text(L"Finish") == L"cancelled");
  Sink failing;
  failing.fails_with = HRESULT(0x800A000D);
  CHECK(session.invoke(L"AskStream", DISPATCH_METHOD, {str(L"Tell me a story."), dispatch(&failing)}) == HRESULT(0x800A000D));
  CHECK(session.error == L"Type mismatch");
  CHECK(failing.tokens == 1);
  CHECK(session.invoke(L"Reset", DISPATCH_METHOD, {}) == S_OK);
  CHECK(session.text(L"Ask", {str(kCapital)}) == kParis);
}

TEST_CASE("Start, Done and NextToken stream without blocking, and fire events on the caller's thread") {
  if (!has_model()) return;
  Object session(kSession);
  make_greedy(session);
  IConnectionPointContainer* container = nullptr;
  IConnectionPoint* point = nullptr;
  REQUIRE(session.get()->QueryInterface(IID_IConnectionPointContainer, reinterpret_cast<void**>(&container)) == S_OK);
  REQUIRE(container->FindConnectionPoint(kEvents, &point) == S_OK);
  Sink listener;
  DWORD cookie = 0;
  CHECK(point->Advise(&listener, &cookie) == S_OK);
  CHECK(session.text(L"Ask", {str(L"Hello")}) != L"");   // the model is loaded before time is taken
  CHECK(session.invoke(L"Reset", DISPATCH_METHOD, {}) == S_OK);
  listener.whole.clear();

  CHECK(session.invoke(L"Start", DISPATCH_METHOD, {str(kCapital)}) == S_OK);
  std::wstring whole;
  double slowest = 0;
  for (;;) {
    Variant done;
    REQUIRE(session.invoke(L"Done", DISPATCH_PROPERTYGET, {}, done.get()) == S_OK);
    if (done->boolVal != VARIANT_FALSE) break;
    const double start = seconds_now();
    whole += session.text(L"NextToken", {num(10)});
    slowest = std::max(slowest, seconds_now() - start);
  }
  CHECK(session.text(L"NextToken") == L"");
  CHECK(whole == kParis);
  CHECK(listener.whole == kParis);
  CHECK(listener.finished == 1);
  MESSAGE("slowest NextToken(10): " << slowest * 1000 << " ms");

  // A listener may begin anew inside its event: the turn that is told about went with the conversation once.
  listener.reset_when_finished = &session;
  CHECK(session.put(L"MaxTokens", {num(2)}) == S_OK);
  CHECK(session.invoke(L"Start", DISPATCH_METHOD, {str(kCapital)}) == S_OK);
  while (listener.finished == 1) session.text(L"NextToken", {num(10)});
  CHECK(session.text(L"History") == L"[]");
  CHECK(point->Unadvise(cookie) == S_OK);
  CHECK(point->Unadvise(cookie) == CONNECT_E_NOCONNECTION);
  CHECK(listener.references == 1);
  point->Release();
  container->Release();
}

TEST_CASE("a session that goes while it computes leaves nothing behind") {
  if (!has_model()) return;
  for (int i = 0; i < 5; ++i) {
    Object session(kSession);
    CHECK(session.invoke(L"Start", DISPATCH_METHOD, {str(L"Write a long story.")}) == S_OK);
    session.text(L"NextToken", {num(20)});
  }
  Object session(kSession);
  make_greedy(session);
  CHECK(session.text(L"Ask", {str(kCapital)}) == kParis);
}

TEST_CASE("sessions of one process share the loaded model and are computed together") {
  if (!has_model()) return;
  Object first(kSession), second(kSession);
  make_greedy(first);
  make_greedy(second);
  CHECK(first.invoke(L"Start", DISPATCH_METHOD, {str(kCapital)}) == S_OK);
  CHECK(second.invoke(L"Start", DISPATCH_METHOD, {str(kCapital)}) == S_OK);
  const auto drain = [](Object& session) {
    std::wstring whole;
    for (;;) {
      Variant done;
      session.invoke(L"Done", DISPATCH_PROPERTYGET, {}, done.get());
      if (done->boolVal != VARIANT_FALSE) return whole;
      whole += session.text(L"NextToken", {num(50)});
    }
  };
  CHECK(drain(second) == kParis);
  CHECK(drain(first) == kParis);
}

TEST_CASE("Hadal.Models lists what is installed, and the DLL may go when nothing is held") {
  const std::wstring model = prepare_model();
  {
    Object models(kModels);
    Variant count;
    CHECK(models.invoke(L"Count", DISPATCH_PROPERTYGET, {}, count.get()) == S_OK);
    CHECK(models.text(L"Default") == (model.empty() && count->lVal == 0 ? L"" : models.text(L"Item", {num(1)})));
    if (!model.empty()) CHECK(models.text(L"Default") == model);
    CHECK(models.invoke(L"Item", DISPATCH_PROPERTYGET, {num(0)}) == MAKE_HRESULT(1, FACILITY_ITF, 0x201));
    CHECK(models.invoke(L"Unload", DISPATCH_METHOD, {}) == S_OK);
  }
  const auto may_go = find_function<HRESULT(__stdcall*)()>(dll(), "DllCanUnloadNow");
  CHECK(may_go() == S_OK);
  Object held(kSession);
  CHECK(may_go() == S_FALSE);
}

TEST_CASE("a manifest beside the DLL makes the objects without any registration") {
  prepare_model();
  dll();
  std::wstring path(4096, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), DWORD(path.size())));
  path.resize(path.find_last_of(L'\\') + 1);
  path += sizeof(void*) == 8 ? L"hadal64.manifest" : L"hadal32.manifest";
  ACTCTXW wanted = {};
  wanted.cbSize = sizeof wanted;
  wanted.lpSource = path.c_str();
  const HANDLE context = CreateActCtxW(&wanted);
  REQUIRE(context != INVALID_HANDLE_VALUE);
  ULONG_PTR cookie = 0;
  REQUIRE(ActivateActCtx(context, &cookie));
  for (const wchar_t* name : {L"Hadal.Session", L"Hadal.Models"}) {
    CLSID id;
    IDispatch* object = nullptr;
    CHECK(CLSIDFromProgID(name, &id) == S_OK);
    CHECK(CoCreateInstance(id, nullptr, CLSCTX_INPROC_SERVER, IID_IDispatch, reinterpret_cast<void**>(&object)) == S_OK);
    if (object != nullptr) object->Release();
  }
  DeactivateActCtx(0, cookie);
  ReleaseActCtx(context);
}
