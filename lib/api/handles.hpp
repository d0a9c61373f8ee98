// What the opaque handles hold.
#pragma once

#include <atomic>
#include <memory>

#include "api/arguments.hpp"
#include "generate/model.hpp"
#include "generate/runtime.hpp"
#include "generate/session.hpp"

struct hadal_runtime {
  std::atomic<int32_t> references = 1;
  hadal::Occupancy occupancy;
  std::shared_ptr<hadal::Runtime> runtime;
};

struct hadal_model {
  std::atomic<int32_t> references = 1;
  std::shared_ptr<hadal::Model> model;
};

namespace hadal::api {
class KnowledgeUse;
}

struct hadal_session {
  std::atomic<int32_t> references = 1;
  std::shared_ptr<hadal::Session> session;
  std::shared_ptr<hadal::api::KnowledgeUse> use;   // answers come from a knowledge base; may be nullptr
  hadal_on_piece on_piece = nullptr;
  void* on_piece_context = nullptr;
};

namespace hadal::api {

template <class Handle>
Handle* retain(Handle* handle) noexcept {
  if (handle) handle->references.fetch_add(1, std::memory_order_relaxed);
  return handle;
}

template <class Handle>
void release(Handle* handle) noexcept {
  if (handle && handle->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete handle;
}

// Keeps a handle alive for the length of a call: a callback may release it.
template <class Handle>
class Kept {
 public:
  explicit Kept(Handle* handle) noexcept : handle_(retain(handle)) {}
  ~Kept() { release(handle_); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

 private:
  Handle* handle_;
};

// One thread at a time. The occupancy must outlive the claim.
class Claim {
 public:
  explicit Claim(Occupancy& occupancy, std::string_view what) : occupancy_(occupancy) {
    if (!occupancy_.enter()) throw Error(Status::busy, message(what, ": another thread is using it"));
  }
  ~Claim() { occupancy_.leave(); }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  Occupancy& occupancy_;
};

// Runs body(session, handle) with the session claimed.
template <class Body>
hadal_status with_session(hadal_session* handle, Body&& body) noexcept {
  return guard([&]() -> hadal_status {
    required(handle, "session");
    const Kept kept(handle);
    const std::shared_ptr<Session> session = handle->session;
    const Claim claim(session->occupancy(), "session");
    return body(*session, *handle);
  });
}

template <class Body>
hadal_status with_model(hadal_model* handle, Body&& body) noexcept {
  return guard([&]() -> hadal_status { return body(*required(handle, "model").model); });
}

// The runtime of the handle, or a new one of its own for NULL.
std::shared_ptr<Runtime> runtime_or_default(hadal_runtime* handle, std::string_view options);

}  // namespace hadal::api
