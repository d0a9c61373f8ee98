/* The layout and numbers that compiled programs carry in them. An entry here never changes; new ones are added. */
#include <hadal/hadal.h>
#include <stddef.h>
#include <string.h>

#define SAME(name, expression) typedef char name[(expression) ? 1 : -1]

SAME(statuses, HADAL_OK == 0 && HADAL_AGAIN == 1 && HADAL_END == 2 && HADAL_PARTIAL == 3 && HADAL_INVALID_ARGUMENT == -1 &&
                   HADAL_NOT_FOUND == -2 && HADAL_UNSUPPORTED == -3 && HADAL_CORRUPT == -4 && HADAL_OUT_OF_MEMORY == -5 &&
                   HADAL_IO == -6 && HADAL_BUSY == -7 && HADAL_CANCELLED == -8 && HADAL_CONTEXT_FULL == -9 &&
                   HADAL_NUMERIC == -10 && HADAL_DEVICE == -11 && HADAL_INTERNAL == -12);
SAME(kinds, HADAL_THOUGHT == 1 && HADAL_ANSWER == 2 && HADAL_TOOL_CALL == 3 && HADAL_WORKING == 1 && HADAL_READY == 2);
SAME(flags, HADAL_SPECIAL == 1 && HADAL_SKIP_SPECIAL == 2 && HADAL_SPELLING == 4);
SAME(finishes, HADAL_FINISH_NONE == 0 && HADAL_FINISH_STOP == 1 && HADAL_FINISH_STOP_TEXT == 2 &&
                   HADAL_FINISH_LENGTH == 3 && HADAL_FINISH_CONTEXT == 4 && HADAL_FINISH_CANCELLED == 5 &&
                   HADAL_FINISH_ERROR == 6);
SAME(levels, HADAL_LOG_DEBUG == 0 && HADAL_LOG_INFO == 1 && HADAL_LOG_WARNING == 2 && HADAL_LOG_ERROR == 3);
SAME(status_size, sizeof(hadal_status) == 4);

/* The same on 32 and 64 bit. */
SAME(plan_weights, offsetof(hadal_plan, weights) == 8);
SAME(plan_total, offsetof(hadal_plan, total) == 40);
SAME(plan_context, offsetof(hadal_plan, context) == 56);
SAME(plan_experts, offsetof(hadal_plan, experts) == 72);
SAME(plan_size, sizeof(hadal_plan) == 96);
SAME(usage_finish, offsetof(hadal_usage, finish) == 4);
SAME(usage_prompt, offsetof(hadal_usage, prompt_tokens) == 8);
SAME(usage_load, offsetof(hadal_usage, load_us) == 48);
SAME(usage_cache, offsetof(hadal_usage, cache_bytes) == 72);
SAME(usage_drafted, offsetof(hadal_usage, drafted_tokens) == 80);
SAME(usage_size, sizeof(hadal_usage) >= 96);

SAME(host_context, offsetof(hadal_host, context) == 8);
SAME(host_allocate, offsetof(hadal_host, allocate) == 8 + sizeof(void*));
SAME(host_size, sizeof(hadal_host) == 8 + 11 * sizeof(void*) || sizeof(void*) == 4);
SAME(source_name, offsetof(hadal_source, name) == 8);
SAME(source_bytes, offsetof(hadal_source, bytes) == 8 + 2 * sizeof(void*));

/* One pointer after the other, in the order of the header. */
SAME(api_version, offsetof(hadal_api, version) == 8);
SAME(api_describe, offsetof(hadal_api, describe) == 8 + 3 * sizeof(void*));
SAME(api_model_open, offsetof(hadal_api, model_open) == 8 + 9 * sizeof(void*));
SAME(api_session_create, offsetof(hadal_api, session_create) == 8 + 20 * sizeof(void*));
SAME(api_session_next, offsetof(hadal_api, session_next) == 8 + 34 * sizeof(void*));
SAME(api_session_score, offsetof(hadal_api, session_score) == 8 + 45 * sizeof(void*));
SAME(api_size, sizeof(hadal_api) >= 8 + 46 * sizeof(void*));

int main(void) {
  const hadal_api* api = hadal_get_api(1);
  char text[64];
  size_t size = 0;
  if (api == NULL || hadal_abi() < 1 || api->describe != hadal_describe) return 1;
  if (hadal_describe("weather", text, sizeof text, &size) != HADAL_NOT_FOUND) return 2;
  if (strstr(hadal_last_error(), "weather") == NULL) return 3;
  return strcmp(hadal_status_name(HADAL_NOT_FOUND), "HADAL_NOT_FOUND") == 0 ? 0 : 4;
}
