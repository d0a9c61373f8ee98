#include "generate/options.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

using enum OptionLevel;
using enum OptionType;

constexpr OptionInfo kTable[] = {
    {"threads", runtime, integer, 0, 1024, "", "0", "threads that compute, the caller's included; 0 = as many as the "
     "process may use; ignored where the host brings parallel_for"},
    {"backend", model, choice, 0, 0, "auto cpu reference", "auto", "what computes; auto = the fastest usable one"},
    {"cpu", model, choice, 0, 0, "auto scalar avx2 avx512", "auto", "instruction set of the cpu backend; one that this "
     "machine lacks is refused"},
    {"precision", model, choice, 0, 0, "default exact", "default", "exact: no rounding of activations beyond f16; slower"},
    {"cache_type", model, choice, 0, 0, "f16 f32 bf16 q8", "f16", "number format of the key/value cache; the reference "
     "backend uses f32"},
    {"panels", model, boolean, 0, 0, "", "on", "rearrange weights for speed; off: they stay where the file is mapped"},
    {"weights", model, choice, 0, 0, "auto f8 f32 f16 bf16 q8_0 q6_k q5_k_m q5_k_s q5_k q5_1 q5_0 q4_k_m q4_k_s q4_k q4_1 q4_0 "
     "iq4_nl q3_k_l q3_k_m q3_k_s q3_k q2_k", "auto", "number format of the weights in memory, made while loading as hadal "
     "quantize makes it in a file; auto = as the file has them; f8 = FP8 where DeepSeek publishes it"},
    {"memory_limit", model, bytes, 0, kExactIntegers, "", "0", "the most memory the model and its sessions may "
     "keep resident, mapped weights included; 0 = no limit"},
    {"batch", model, integer, 1, 256, "", "16", "the most sessions computed in one run"},
    {"tokenizer_only", model, boolean, 0, 0, "", "off", "load the tokenizer and the template only"},
    {"tracing", model, boolean, 0, 0, "", "off", "remember what every thread did when; hadal_model_get(\"trace\") tells "
     "it as Chrome trace events"},
    {"chat_template", model, text, 0, 0, "", "", "Jinja text used instead of the model's own template, or the name "
     "of a built-in one: chatml, llama-3, deepseek-llm, deepseek-coder, deepseek-v2, deepseek-v2.5, deepseek-v3, "
     "deepseek-v3-0324, deepseek-r1, deepseek-r1-0528, deepseek-v3.1, deepseek-v3.2, deepseek-v4, plain"},
    {"pooling", model, choice, 0, 0, "auto mean cls last rank", "auto", "how a text becomes one vector: the mean of "
     "its tokens, the first or the last one; rank: a score; auto = as the model says. A chat model opened with last or "
     "mean embeds and does not chat"},
    {"deterministic", model, boolean, 0, 0, "", "on", "results do not depend on threads, chunks or other sessions; always "
     "so on the backends of this version"},
    {"invalid_text", model, choice, 0, 0, "refuse replace", "refuse", "invalid UTF-8 in given text is refused, or each bad "
     "part becomes U+FFFD"},
    {"context", session, integer, 0, 16777216, "", "0", "tokens a session can hold, or a text that becomes a vector; 0 = "
     "the model's own limit, at most 4096"},
    {"chunk", session, integer, 1, 8192, "", "256", "prompt tokens fed at once; a session cannot go above its model's value"},
    {"context_policy", session, choice, 0, 0, "stop refuse drop", "stop", "when the context is full: stop = the turn ends; "
     "refuse = a prompt that leaves no room for max_tokens is refused beforehand; drop = the oldest turns are left out"},
    {"temperature", session, number, 0, 100, "", "0.6", "0 = always the most likely token"},
    {"top_k", session, integer, 0, 1e9, "", "0", "keep the k most likely tokens; 0 = all"},
    {"top_p", session, number, 0, 1, "", "0.95", "keep the most likely tokens that together reach this probability"},
    {"min_p", session, number, 0, 1, "", "0", "drop tokens below this share of the most likely one's probability"},
    {"repeat_penalty", session, number, 0.01, 100, "", "1", "above 1: tokens of the window become less likely "
     "(divides positive logits, multiplies negative ones)"},
    {"presence_penalty", session, number, -100, 100, "", "0", "taken off the logit of every token of the window"},
    {"frequency_penalty", session, number, -100, 100, "", "0", "taken off the logit for each time a token is in the window"},
    {"penalty_window", session, integer, -1, kExactIntegers, "", "256", "last tokens of the timeline the "
     "penalties look at; -1 = all"},
    {"logit_bias", session, biases, 0, 0, "", "", "added to logits: \"id:value, id:value\""},
    {"seed", session, integer, -1, kExactIntegers, "", "-1", "same seed, same choices; -1 = a new one each time"},
    {"max_tokens", session, integer, -1, kExactIntegers, "", "-1", "tokens generated in a turn; -1 = until "
     "the model ends it"},
    {"stop", session, texts, 0, 0, "", "", "a text that ends the turn and is not shown; several: a JSON list of texts"},
    {"stop_ids", session, ids, 0, INT32_MAX, "", "", "token ids that end the turn beside the model's own: \"1, 2\""},
    {"ignore_end", session, boolean, 0, 0, "", "off", "go on where the model would end the turn (for measuring)"},
    {"system", session, text, 0, 0, "", "", "a system message before the conversation, where it has none of its own"},
    {"thinking", session, choice, 0, 0, "auto on off", "auto", "whether the model thinks before it answers; on and "
     "off are refused where its template has no switch"},
    {"tools", session, text, 0, 0, "", "", "JSON list of tools for the template"},
    {"drafts", session, choice, 0, 0, "off on auto ngram mtp", "off", "guess tokens and check several in one step; the text "
     "stays the same. mtp: the model's own layer for it guesses; ngram: what followed the last words before; on = mtp, or "
     "ngram where the model has none; auto = on while it saves time"},
    {"purpose", vectors, choice, 0, 0, "none query document", "none", "what the texts are for: query and document put "
     "the model's own prefix before each"},
    {"query_prefix", vectors, text, 0, 0, "", "", "put before queries instead of the model's own prefix"},
    {"document_prefix", vectors, text, 0, 0, "", "", "put before documents instead of the model's own prefix"},
    {"long_text", vectors, choice, 0, 0, "error cut split", "error", "a text of more tokens than the model takes is "
     "refused, cut, or split and its pieces averaged, weighted by their tokens (rerank: the best piece counts)"},
    {"normalize", vectors, boolean, 0, 0, "", "on", "vectors of length 1"},
    {"dimensions", vectors, integer, 0, 1 << 24, "", "0", "keep the first values only, of models trained for it "
     "(Matryoshka); 0 = all"},
    {"logits", session, choice, 0, 0, "last all", "last", "rows that hadal_session_logits gives"},
};

}  // namespace

std::span<const OptionInfo> option_table() { return kTable; }

void Options::set(std::string_view key, std::string_view value, OptionLevel level) {
  const OptionInfo& option = find_option(key);
  // Defaults come from above; embed and rerank are calls of the model, not of a session.
  if (option.level < level || (level == session && option.level == vectors))
    throw Error(Status::invalid_argument, message("option ", key, " belongs to the ", name_of(option.level),
                                                  " and cannot be given to a ", name_of(level)));
  keep(key, value);
}

void Options::merge(std::string_view pairs, OptionLevel level) {
  Options merged = *this;
  for (const auto& [key, value] : split_options(pairs)) merged.set(key, value, level);
  *this = std::move(merged);
}

}  // namespace hadal
