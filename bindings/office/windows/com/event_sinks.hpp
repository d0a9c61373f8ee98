// Who listens to a session: objects connected to its events, and the sink of one AskStream.
#pragma once

#include <string>
#include <vector>

#include "com/automation.hpp"

#include <ocidl.h>
#include <olectl.h>

// The connection point of _ISessionEvents. Lives inside its session and shares its count.
class EventSinks final : public IConnectionPoint {
 public:
  EventSinks(IUnknown& owner, IConnectionPointContainer& container) : owner_(owner), container_(container) {}
  EventSinks(const EventSinks&) = delete;
  EventSinks& operator=(const EventSinks&) = delete;
  virtual ~EventSinks();

  // On the caller's thread. What a listener answers or fails at is its own affair.
  void token(const std::wstring& text) { fire(1, text); }
  void finished(const std::wstring& reason) { fire(2, reason); }

  STDMETHODIMP QueryInterface(REFIID id, void** out) override;
  STDMETHODIMP_(ULONG) AddRef() override { return owner_.AddRef(); }
  STDMETHODIMP_(ULONG) Release() override { return owner_.Release(); }
  STDMETHODIMP GetConnectionInterface(IID* id) override;
  STDMETHODIMP GetConnectionPointContainer(IConnectionPointContainer** out) override;
  STDMETHODIMP Advise(IUnknown* listener, DWORD* cookie) override;
  STDMETHODIMP Unadvise(DWORD cookie) override;
  STDMETHODIMP EnumConnections(IEnumConnections**) override { return E_NOTIMPL; }

 private:
  void fire(DISPID event, const std::wstring& text);

  IUnknown& owner_;
  IConnectionPointContainer& container_;
  std::vector<IDispatch*> listeners_;   // by cookie - 1; nullptr where one left
};

// The object given to AskStream: OnToken(text), which may return False to stop.
class TokenSink {
 public:
  // Nothing and a missing argument give a sink that takes everything. Throws Failure for what is no object.
  explicit TokenSink(const VARIANT& sink);
  TokenSink(const TokenSink&) = delete;
  TokenSink& operator=(const TokenSink&) = delete;
  ~TokenSink();
  // False: stop. Throws ForeignFailure when the object raised an error.
  bool token(const std::wstring& text);

 private:
  IDispatch* object_ = nullptr;
  DISPID method_ = DISPID_VALUE;
};
