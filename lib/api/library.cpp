// hadal_version, hadal_describe and the function table.
#include "api/describe.hpp"
#include "api/handles.hpp"

using namespace hadal;
using namespace hadal::api;

const char* hadal_version(void) { return HADAL_VERSION; }
int32_t hadal_abi(void) { return HADAL_ABI; }
const char* hadal_last_error(void) { return last_error(); }
const uint16_t* hadal_last_error16(void) { return last_error16(); }

const char* hadal_status_name(hadal_status status) {
  switch (status) {
    case HADAL_OK: return "HADAL_OK";
    case HADAL_AGAIN: return "HADAL_AGAIN";
    case HADAL_END: return "HADAL_END";
    case HADAL_PARTIAL: return "HADAL_PARTIAL";
    case HADAL_INVALID_ARGUMENT: return "HADAL_INVALID_ARGUMENT";
    case HADAL_NOT_FOUND: return "HADAL_NOT_FOUND";
    case HADAL_UNSUPPORTED: return "HADAL_UNSUPPORTED";
    case HADAL_CORRUPT: return "HADAL_CORRUPT";
    case HADAL_OUT_OF_MEMORY: return "HADAL_OUT_OF_MEMORY";
    case HADAL_IO: return "HADAL_IO";
    case HADAL_BUSY: return "HADAL_BUSY";
    case HADAL_CANCELLED: return "HADAL_CANCELLED";
    case HADAL_CONTEXT_FULL: return "HADAL_CONTEXT_FULL";
    case HADAL_NUMERIC: return "HADAL_NUMERIC";
    case HADAL_DEVICE: return "HADAL_DEVICE";
    case HADAL_INTERNAL: return "HADAL_INTERNAL";
    default: return "unknown";
  }
}

hadal_status hadal_describe(const char* topic, char* buffer, size_t capacity, size_t* size) {
  return guard([&] {
    check_buffer(buffer, capacity);
    return text_out(describe(text_in(topic, -1, "topic")), buffer, capacity, size);
  });
}

hadal_status hadal_describe16(const uint16_t* topic, uint16_t* buffer, size_t capacity, size_t* size) {
  return guard([&] {
    check_buffer(buffer, capacity);
    return text_out(describe(text_in(topic, -1, "topic")), buffer, capacity, size);
  });
}

static constexpr hadal_api kApi = {
    sizeof(hadal_api), HADAL_ABI,
    hadal_version, hadal_last_error, hadal_status_name, hadal_describe,
    hadal_runtime_create, hadal_runtime_step, hadal_runtime_retain, hadal_runtime_release,
    hadal_model_plan, hadal_model_open, hadal_model_open_progress, hadal_model_open_source, hadal_model_get,
    hadal_model_render, hadal_model_retain, hadal_model_release,
    hadal_quantize,
    hadal_model_tokenize, hadal_model_detokenize, hadal_model_token_text,
    hadal_session_create, hadal_session_fork, hadal_session_reset, hadal_session_rewind, hadal_session_save,
    hadal_session_restore, hadal_session_set, hadal_session_get, hadal_session_retain, hadal_session_release,
    hadal_session_add, hadal_session_add_tokens, hadal_session_add_text, hadal_session_render,
    hadal_session_next, hadal_session_step, hadal_session_read, hadal_session_wait, hadal_session_cancel,
    hadal_session_watch, hadal_ask,
    hadal_session_usage, hadal_session_tokens, hadal_session_logits, hadal_session_top, hadal_session_score,
    hadal_model_embed, hadal_model_rerank,
    hadal_knowledge_open, hadal_knowledge_add_file, hadal_knowledge_add_text, hadal_knowledge_sync,
    hadal_knowledge_remove, hadal_knowledge_list, hadal_knowledge_search, hadal_knowledge_text, hadal_knowledge_check,
    hadal_knowledge_rerank, hadal_knowledge_remember, hadal_knowledge_forget, hadal_knowledge_get, hadal_knowledge_set,
    hadal_knowledge_cancel, hadal_knowledge_retain, hadal_knowledge_release, hadal_session_use,
    hadal_session_fill,
};

const hadal_api* hadal_get_api(int32_t abi) { return abi >= 1 && abi <= HADAL_ABI ? &kApi : nullptr; }
