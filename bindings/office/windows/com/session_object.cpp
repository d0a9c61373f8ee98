// Hadal.Session: see hadal.idl. Everything happens on the caller's thread; the engine computes meanwhile.
#include "com/session_object.hpp"

#include <cmath>
#include <cwchar>

#include "com/event_sinks.hpp"
#include "conversation.hpp"
#include "variants.hpp"

namespace {

// A number as the library's options want it, whatever the user's decimal sign is.
std::wstring number_text(double value) {
  if (!std::isfinite(value)) throw Failure{HADAL_INVALID_ARGUMENT, L"temperature: expected a number"};
  VARIANT number;
  number.vt = VT_R8;
  number.dblVal = value;
  return text_of_variant(number, L"temperature");
}

std::wstring usage_json(const hadal_usage& u) {
  const auto field = [](const wchar_t* name, int64_t value) { return L"\"" + std::wstring(name) + L"\":" + std::to_wstring(value); };
  return L"{" + field(L"prompt_tokens", u.prompt_tokens) + L"," + field(L"reused_tokens", u.reused_tokens) + L"," +
         field(L"generated_tokens", u.generated_tokens) + L"," + field(L"prompt_us", u.prompt_us) + L"," +
         field(L"decode_us", u.decode_us) + L"," + field(L"load_us", u.load_us) + L"," + field(L"context", u.context) + L"," +
         field(L"tokens", u.tokens) + L"}";
}

class SessionObject final : public Automation<ISession, IConnectionPointContainer, IProvideClassInfo2> {
 public:
  SessionObject() : Automation(kSessionInterface), sinks_(static_cast<ISession&>(*this), *this) {}

  // ---- ISession
  STDMETHODIMP Ask(BSTR prompt, BSTR* answer) override {
    return out(answer, [&] { return conversation_.ask(text_of(prompt)); });
  }

  STDMETHODIMP Open(VARIANT model, VARIANT options) override {
    return guarded([&] {
      conversation_.open(optional_text(model, L"model"), optional_text(options, L"options"));
    });
  }

  STDMETHODIMP AskStream(BSTR prompt, VARIANT sink, BSTR* answer) override {
    return out(answer, [&] {
      const Held held(static_cast<ISession&>(*this));
      TokenSink tokens(sink);
      std::wstring whole = conversation_.ask(text_of(prompt), [&](const Piece& piece) {
        if (piece.kind != HADAL_ANSWER) return true;
        sinks_.token(piece.text);
        return tokens.token(piece.text);
      });
      sinks_.finished(finish());
      return whole;
    });
  }

  STDMETHODIMP Start(BSTR prompt) override {
    return guarded([&] {
      finish_told_ = false;
      conversation_.start(text_of(prompt));
    });
  }

  STDMETHODIMP get_Done(VARIANT_BOOL* value) override {
    return guarded([&] {
      required(value);
      *value = conversation_.turn() == nullptr || conversation_.turn()->all_taken() ? VARIANT_TRUE : VARIANT_FALSE;
    });
  }

  STDMETHODIMP NextToken(VARIANT milliseconds, BSTR* text) override {
    return out(text, [&]() -> std::wstring {
      const Held held(static_cast<ISession&>(*this));
      const std::shared_ptr<Turn> turn = conversation_.turn();
      if (turn == nullptr) return {};
      std::wstring piece = turn->take_answer(Turn::Milliseconds(timeout_of(milliseconds)));
      if (!piece.empty()) sinks_.token(piece);
      else if (turn->over() && !finish_told_) {
        finish_told_ = true;
        sinks_.finished(turn->outcome().finish);
        if (turn->outcome().failure) throw turn->outcome().failure;
      }
      return piece;
    });
  }

  STDMETHODIMP Cancel() override {
    return guarded([&] { conversation_.cancel(); });
  }
  STDMETHODIMP Reset() override {
    return guarded([&] { conversation_.reset(); });
  }
  STDMETHODIMP Add(BSTR role, BSTR text) override {
    return guarded([&] { conversation_.add(text_of(role), text_of(text)); });
  }

  STDMETHODIMP get_System(BSTR* value) override {
    return out(value, [&] { return conversation_.get(L"system"); });
  }
  STDMETHODIMP put_System(BSTR value) override {
    return guarded([&] { conversation_.set(L"system", text_of(value)); });
  }
  STDMETHODIMP get_Temperature(double* value) override {
    return guarded([&] { *required(value) = std::wcstod(conversation_.get(L"temperature").c_str(), nullptr); });
  }
  STDMETHODIMP put_Temperature(double value) override {
    return guarded([&] { conversation_.set(L"temperature", number_text(value)); });
  }
  STDMETHODIMP get_MaxTokens(LONG* value) override {
    return guarded([&] { *required(value) = std::wcstol(conversation_.get(L"max_tokens").c_str(), nullptr, 10); });
  }
  STDMETHODIMP put_MaxTokens(LONG value) override {
    return guarded([&] { conversation_.set(L"max_tokens", std::to_wstring(value)); });
  }
  STDMETHODIMP get_Option(BSTR name, BSTR* value) override {
    return out(value, [&] { return conversation_.get(text_of(name)); });
  }
  STDMETHODIMP put_Option(BSTR name, VARIANT value) override {
    return guarded([&] { conversation_.set(text_of(name), text_of_variant(value, text_of(name).c_str())); });
  }
  STDMETHODIMP SetOption(BSTR name, VARIANT value) override { return put_Option(name, value); }

  STDMETHODIMP get_Model(BSTR* value) override {
    return out(value, [&] { return conversation_.model(); });
  }
  STDMETHODIMP put_Model(BSTR value) override {
    return guarded([&] { conversation_.open(text_of(value), L""); });
  }

  STDMETHODIMP get_Answer(BSTR* value) override {
    return out(value, [&] { return conversation_.turn() != nullptr ? conversation_.get(L"answer") : std::wstring(); });
  }
  STDMETHODIMP get_Thought(BSTR* value) override {
    return out(value, [&] { return conversation_.turn() != nullptr ? conversation_.get(L"thought") : std::wstring(); });
  }
  STDMETHODIMP get_Usage(BSTR* json) override {
    return out(json, [&] { return usage_json(conversation_.usage()); });
  }
  STDMETHODIMP get_Finish(BSTR* value) override {
    return out(value, [&] { return finish(); });
  }
  STDMETHODIMP get_History(BSTR* json) override {
    return out(json, [&] { return conversation_.get(L"messages"); });
  }
  STDMETHODIMP get_Version(BSTR* value) override {
    return out(value, [&] { return from_utf8(hadal_version()); });
  }
  STDMETHODIMP Tokens(BSTR text, VARIANT* numbers) override {
    return guarded([&] {
      VariantInit(required(numbers));
      put_numbers(numbers, conversation_.tokenize(text_of(text)));
    });
  }

  // ---- IConnectionPointContainer, IProvideClassInfo2
  STDMETHODIMP EnumConnectionPoints(IEnumConnectionPoints**) override { return E_NOTIMPL; }
  STDMETHODIMP FindConnectionPoint(REFIID id, IConnectionPoint** found) override {
    if (found == nullptr) return E_POINTER;
    *found = nullptr;
    if (id != kSessionEvents) return CONNECT_E_NOCONNECTION;
    sinks_.AddRef();
    *found = &sinks_;
    return S_OK;
  }
  STDMETHODIMP GetClassInfo(ITypeInfo** info) override {
    if (info == nullptr) return E_POINTER;
    *info = type_info_of(kSessionClass);
    return *info != nullptr ? S_OK : E_UNEXPECTED;
  }
  STDMETHODIMP GetGUID(DWORD kind, GUID* id) override {
    if (id == nullptr) return E_POINTER;
    if (kind != GUIDKIND_DEFAULT_SOURCE_DISP_IID) return E_INVALIDARG;
    *id = kSessionEvents;
    return S_OK;
  }

 private:
  void* find_interface(REFIID id) override {
    if (id == IID_IConnectionPointContainer) return static_cast<IConnectionPointContainer*>(this);
    if (id == IID_IProvideClassInfo || id == IID_IProvideClassInfo2) return static_cast<IProvideClassInfo2*>(this);
    return Automation::find_interface(id);
  }

  template <class Pointer>
  static Pointer required(Pointer pointer) {
    if (pointer == nullptr) throw Failure{HADAL_INVALID_ARGUMENT, L"expected a place for the result, found none"};
    return pointer;
  }

  // A text result.
  template <class Body>
  static HRESULT out(BSTR* text, Body&& body) noexcept {
    return guarded([&] {
      *required(text) = nullptr;
      *text = new_bstr(body());
    });
  }

  static std::wstring optional_text(const VARIANT& value, const wchar_t* what) {
    return is_given(value) ? text_of_variant(value, what) : std::wstring();
  }

  static int64_t timeout_of(const VARIANT& value) {
    if (!is_given(value)) return 0;
    Variant number;
    if (FAILED(VariantChangeType(number.get(), const_cast<VARIANT*>(&plain(value)), 0, VT_I4)))
      throw Failure{HADAL_INVALID_ARGUMENT, L"milliseconds: expected a number"};
    return number->lVal > 0 ? number->lVal : 0;
  }

  std::wstring finish() const {
    const std::shared_ptr<Turn> turn = conversation_.turn();
    return turn != nullptr && turn->over() ? turn->outcome().finish : L"none";
  }

  Conversation conversation_;
  EventSinks sinks_;
  bool finish_told_ = false;
};

}  // namespace

IDispatch* new_session_object() { return static_cast<ISession*>(new SessionObject); }
