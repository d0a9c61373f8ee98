#pragma once

#include "text.hpp"

// A Hadal.Session with one reference, without the registry. Throws std::bad_alloc.
IDispatch* new_session_object();
// A Hadal.Models.
IDispatch* new_models_object();
