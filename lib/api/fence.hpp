// The border between C++ and C: nothing escapes, every failure becomes a status and a sentence.
#pragma once

#include <exception>
#include <new>
#include <string_view>

#include "core/status.hpp"
#include "hadal/hadal.h"

namespace hadal::api {

// Keeps the sentence for hadal_last_error() and gives the status back. Cannot fail; a long sentence is shortened.
hadal_status remember(Status status, std::string_view sentence) noexcept;
const char* last_error() noexcept;
const uint16_t* last_error16() noexcept;

// Runs body(), which gives a hadal_status.
template <class Body>
hadal_status guard(Body&& body) noexcept {
  try {
    return body();
  } catch (const Error& error) {
    return remember(error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return remember(Status::out_of_memory, "out of memory");
  } catch (const std::exception& error) {
    return remember(Status::internal, error.what());
  } catch (...) {
    return remember(Status::internal, "unknown failure");
  }
}

}  // namespace hadal::api
