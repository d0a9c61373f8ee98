// IUnknown, once for all objects of this DLL.
#pragma once

#include <atomic>

#include "text.hpp"

#include <unknwn.h>

// Objects that someone outside holds; the DLL must stay while there are any.
extern std::atomic<long> live_objects;

// Keeps an object through a call to somebody who may let go of it.
class Held {
 public:
  explicit Held(IUnknown& object) : object_(object) { object_.AddRef(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { object_.Release(); }

 private:
  IUnknown& object_;
};

// An object with one reference to begin with, which deletes itself when the last one goes.
template <class... Interfaces>
class Counted : public Interfaces... {
 public:
  Counted() { ++live_objects; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  virtual ~Counted() { --live_objects; }

  STDMETHODIMP QueryInterface(REFIID id, void** out) override {
    if (out == nullptr) return E_POINTER;
    *out = find_interface(id);
    if (*out == nullptr) return E_NOINTERFACE;
    AddRef();
    return S_OK;
  }
  STDMETHODIMP_(ULONG) AddRef() override { return ULONG(++references_); }
  STDMETHODIMP_(ULONG) Release() override {
    const long left = --references_;
    if (left == 0) delete this;
    return ULONG(left);
  }

 protected:
  // This object seen through one of its interfaces, nullptr for one it has not.
  virtual void* find_interface(REFIID id) = 0;

 private:
  std::atomic<long> references_ = 1;
};
