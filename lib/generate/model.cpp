#include "generate/model.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/sha256.hpp"
#include "core/status.hpp"
#include "generate/fingerprint.hpp"
#include "generate/model_plan.hpp"
#include "generate/ngram_drafter.hpp"
#include "models/weight_scales.hpp"

namespace hadal {
namespace {

constexpr size_t kTracedSpans = size_t{1} << 17;   // of each thread: some 200 tokens of a small model, 6 MiB

std::shared_ptr<Backend> backend_for(const Options& options) {
  const auto named = [&](std::string_view key) {
    const std::string_view value = options.get(key);
    return std::string(value == "auto" ? "" : value);
  };
  BackendOptions wanted;
  wanted.cpu = named("cpu");
  wanted.exact = options.get("precision") == "exact";
  wanted.panels = options.boolean("panels");
  const std::string name = named("backend");
  std::string_view cache = options.get("cache_type");
  if (name == "reference" && !options.is_set("cache_type")) cache = "f32";
  if (wanted.exact && cache == "q8")
    throw Error(Status::invalid_argument, "option cache_type: precision=exact needs f16, bf16 or f32, found \"q8\"");
  if (!parse_dtype(cache == "q8" ? "q8_0" : cache, wanted.cache_type))
    throw Error(Status::internal, message("cache_type ", cache));
  return open_backend(name, wanted);
}

// What the option `weights` asks for; nullptr for weights as the file has them.
std::unique_ptr<WeightConversion> conversion_for(const Options& options, TextModel& text) {
  const std::string_view type = options.get("weights");
  return type == "auto" ? nullptr : std::make_unique<WeightConversion>(text, type);
}

[[noreturn]] void refuse_draft_layer(std::string_view found) {
  throw Error(Status::unsupported, message("option drafts: expected a model with its layer for drafts, found ", found));
}

// With its draft layer, where the option drafts may use it.
std::unique_ptr<TextModel> build_text_model(const std::shared_ptr<Checkpoint>& checkpoint, const Options& options) {
  const std::string_view drafts = options.get("drafts"), pooling = options.get("pooling");
  Pooling wanted = Pooling::none;
  for (const Pooling each : {Pooling::mean, Pooling::cls, Pooling::last, Pooling::rank})
    if (pooling == name_of(each)) wanted = each;
  // A decoder that its publisher made an embedding model says so beside its weights.
  if (pooling == "auto") wanted = sentence_pooling(*checkpoint).value_or(Pooling::none);
  const bool chats = wanted == Pooling::none;
  auto text = hadal::build_text_model(checkpoint, chats && drafts != "off" && drafts != "ngram", wanted);
  if (drafts == "mtp" && !text->draft) refuse_draft_layer("one without");
  return text;
}

const Graph* draft_of(const TextModel& text) { return text.draft ? &*text.draft : nullptr; }

std::string chat_template_of(const Checkpoint& checkpoint) {
  if (!checkpoint.chat_template.empty()) return checkpoint.chat_template;
  if (const auto text = checkpoint.metadata.string("tokenizer.chat_template")) return std::string(*text);
  if (checkpoint.tokenizer_config_json.empty()) return {};
  const Json config = parse_json(checkpoint.tokenizer_config_json, "tokenizer_config.json");
  const Json* found = config.find("chat_template");
  if (!found) return {};
  if (found->as_string()) return *found->as_string();
  // A list of {"name", "template"}: the one called default, else the first.
  std::string first;
  if (const Json::Array* list = found->as_array()) {
    for (const Json& item : *list) {
      const Json* name = item.find("name");
      const Json* source = item.find("template");
      if (!source || !source->as_string()) continue;
      if (name && name->as_string() && *name->as_string() == "default") return *source->as_string();
      if (first.empty()) first = *source->as_string();
    }
  }
  return first;
}

}  // namespace

ModelPlan plan_model(Runtime& runtime, const Options& options, OpenCheckpoint open) {
  const auto checkpoint = open(true);
  const auto text = build_text_model(checkpoint, options);
  const auto conversion = conversion_for(options, *text);
  Program program(text->graph, backend_for(options), text->weights, draft_of(*text));
  const int64_t threads = runtime.options().integer("threads");
  std::unique_ptr<Tokenizer> tokenizer;
  try {
    tokenizer = load_tokenizer(*checkpoint);
  } catch (const Error&) {
    // A plan needs none.
  }
  return plan_program(program, *text, conversion.get(), options, threads > 0 ? int(threads) : runtime.runner().concurrency(),
                      tokenizer.get());
}

Model::Model(std::shared_ptr<Runtime> runtime, Options options)
    : runtime_(std::move(runtime)),
      host_keeper_(std::make_shared<LimitedHost>(runtime_->host(), uint64_t(options.integer("memory_limit")))),
      host_(host_keeper_), options_(std::move(options)) {}

Model::~Model() = default;

std::shared_ptr<Model> Model::open(std::shared_ptr<Runtime> runtime, Options options, OpenCheckpoint open,
                                   Progress progress) {
  Host& clock = *runtime->host();
  const int64_t started = clock.now_ns();
  const bool tokenizer_only = options.boolean("tokenizer_only");
  std::shared_ptr<Model> model(new Model(std::move(runtime), std::move(options)));
  progress("read", 0);
  model->checkpoint_ = open(tokenizer_only);
  model->load_text_parts();
  if (!tokenizer_only) model->load_weights(progress);
  else if (!model->tokenizer_) throw Error(Status::not_found, "tokenizer: expected tokenizer.json or GGUF tokenizer keys, found none");
  model->load_us_ = (clock.now_ns() - started) / 1000;
  return model;
}

void Model::load_text_parts() {
  try {
    tokenizer_ = load_tokenizer(*checkpoint_);
  } catch (const Error& error) {
    // Without a tokenizer ids still work.
    if (error.status() != Status::not_found) throw;
  }
  choose_template();
  if (!tokenizer_ || template_source_.empty()) return;
  try {
    prompts_.emplace(*tokenizer_, template_source_);
  } catch (const Error& error) {
    template_error_ = error.what();   // told when somebody needs the template
  }
}

// The caller's, by name or as text; the file's; or the one of the family whose control tokens the vocabulary has.
void Model::choose_template() {
  if (options_.is_set("chat_template")) {
    const std::string_view given = options_.get("chat_template");
    template_source_ = builtin_template(given);
    if (template_source_.empty()) template_source_ = given;
    return;
  }
  template_source_ = chat_template_of(*checkpoint_);
  if (!template_source_.empty() || !tokenizer_) return;
  const std::string architecture = get("architecture");
  const std::string_view family =
      builtin_family([&](std::string_view text) { return tokenizer_->id_of(text).has_value(); }, architecture);
  if (family == "plain") return;   // nothing is known about this model: no guess
  template_source_ = builtin_template(family);
  template_family_ = family;
}

void Model::load_weights(Progress progress) {
  text_ = build_text_model(checkpoint_, options_);
  conversion_ = conversion_for(options_, *text_);
  load_scales(*text_, host_);
  backend_ = backend_for(options_);
  if (options_.boolean("tracing")) {
    trace_log_ = std::make_unique<TraceLog>(host_, runtime_->runner().concurrency(), kTracedSpans);
    backend_ = trace(std::move(backend_), runtime_->host(), *trace_log_);
  }
  program_ = std::make_unique<Program>(text_->graph, backend_, text_->weights, draft_of(*text_));
  TaskRunner& runner = runtime_->runner();
  plan_ = plan_program(*program_, *text_, conversion_.get(), options_, runner.concurrency(), tokenizer_.get());
  refuse_beyond_limit(plan_);
  host_keeper_->count(plan_.weights - plan_.converted + plan_.tables - plan_.scales);   // the rest it lends

  uint64_t total = 0, done = 0;
  for (const Weight& weight : text_->weights) total += weight.bytes();
  {
    const std::lock_guard computing(runtime_->computing());
    const auto ready = [&](const Weight& weight) {
      if (conversion_) conversion_->make(weight, program_->packed_bytes(weight) > 0, host_, runner);
    };
    program_->pack(host_, runner, ready, [&](const Weight& weight, bool reads_source) {
      if (!reads_source && weight.data && weight.source) weight.source->forget(weight.data, weight.bytes());
      if (!reads_source && conversion_) conversion_->drop(weight);
      done += weight.bytes();
      progress("pack", total > 0 ? double(done) / double(total) : 1);
    });
    if (conversion_) conversion_->finish();
  }
  pages_ = std::make_shared<PagePool>(host_, program_->cache_layout().page_bytes);
  if (text_->config.pooling != Pooling::none) {
    encoder_ = std::make_unique<SentenceEncoder>(runtime_, *program_, host_, *text_,
                                                 read_sentence_config(*checkpoint_, text_->config), tokenizer_.get(),
                                                 options_);
    return;
  }
  const Sizes sizes = run_sizes(options_, text_->config);
  scheduler_ = std::make_shared<Scheduler>(runtime_, *program_, host_, sizes);
  if (text_->draft) {
    draft_layer_ = std::make_unique<DraftLayer>(*program_, host_, runner, sizes.tokens);
    make_draft_layer_ = [layer = draft_layer_.get()] { return layer->make_drafter(); };
  }
  runtime_->add(scheduler_);
  fingerprint_ = message(checkpoint_hash(*checkpoint_), " ", backend_->name(), " ", options_.get("cache_type"), " ",
                         options_.get("weights"), " ",
                         program_->cache_layout().page_bytes);
}

const Tokenizer& Model::tokenizer() const {
  if (!tokenizer_) throw Error(Status::unsupported, "tokenizer: this model carries none");
  return *tokenizer_;
}

const PromptMaker& Model::prompts() const {
  tokenizer();
  if (!template_error_.empty()) throw Error(Status::unsupported, message("chat template: ", template_error_));
  if (!prompts_) throw Error(Status::unsupported, "chat template: this model carries none");
  return *prompts_;
}

Scheduler& Model::scheduler() const {
  if (encoder_)
    throw Error(Status::unsupported, encoder_->scores() ? "this model ranks texts and does not chat"
                                                        : "this model makes vectors of texts and does not chat");
  if (!scheduler_) throw Error(Status::unsupported, "the model was opened with tokenizer_only=on and cannot compute");
  return *scheduler_;
}

SentenceEncoder& Model::encoder() const {
  if (encoder_) return *encoder_;
  scheduler();   // says if nothing can be computed
  throw Error(Status::unsupported, "this model was opened to chat: expected an embedding model, or one opened with "
                                   "pooling=last");
}

std::string Model::vectors_fingerprint(const EmbedSettings& query, const EmbedSettings& document) const {
  const SentenceEncoder& made_by = encoder();
  Sha256 hash;
  hash.add(message(checkpoint_hash(*checkpoint_), "\n", name_of(made_by.pooling()), "\n", options_.get("weights"), "\n",
                   made_by.max_tokens(), "\n", document.dimensions, "\n", document.normalize ? 1 : 0, "\n",
                   int(document.long_text), "\n", query.prefix.size(), "\n", query.prefix, "\n", document.prefix));
  return hash.hex();
}

std::unique_ptr<Drafter> Model::make_drafter(const Options& options) const {
  const std::string_view wanted = options.get("drafts");
  if (wanted == "off") return nullptr;
  if (wanted != "ngram" && make_draft_layer_) return make_draft_layer_();
  if (wanted == "mtp") refuse_draft_layer("one opened without");
  return std::make_unique<NgramDrafter>();
}

int64_t Model::default_context(const Options& options) const { return context_for(options, text_->config); }

}  // namespace hadal
