// A model that can be talked to: checkpoint, tokenizer, template, graph compiled for a backend, cache memory and the
// scheduler of its sessions. Immutable once open; any thread may use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/function_ref.hpp"
#include "formats/checkpoint.hpp"
#include "generate/draft_layer.hpp"
#include "generate/model_plan.hpp"
#include "generate/options.hpp"
#include "generate/pages.hpp"
#include "generate/prompt.hpp"
#include "generate/runtime.hpp"
#include "generate/scheduler.hpp"
#include "generate/sentence_encoder.hpp"
#include "graph/program.hpp"
#include "graph/trace_log.hpp"
#include "models/text_model.hpp"
#include "models/weight_conversion.hpp"
#include "tokenizer/tokenizer.hpp"

namespace hadal {

// Told how far loading is; may throw to stop it.
using Progress = FunctionRef<void(std::string_view stage, double done)>;

using OpenCheckpoint = FunctionRef<std::shared_ptr<Checkpoint>(bool tokenizer_only)>;

// Reads headers only. options: runtime's merged with the caller's.
ModelPlan plan_model(Runtime& runtime, const Options& options, OpenCheckpoint open);

class Model {
 public:
  static std::shared_ptr<Model> open(std::shared_ptr<Runtime> runtime, Options options, OpenCheckpoint open,
                                     Progress progress);
  ~Model();

  const std::shared_ptr<Runtime>& runtime() const { return runtime_; }
  const std::shared_ptr<Host>& host() const { return host_; }   // counts against memory_limit
  const Options& options() const { return options_; }
  const Checkpoint& checkpoint() const { return *checkpoint_; }
  bool computes() const { return scheduler_ || encoder_; }
  bool encodes() const { return encoder_ != nullptr; }

  // Each throws Error(unsupported) where the model has none.
  const Tokenizer& tokenizer() const;
  const PromptMaker& prompts() const;
  const Config& config() const { return text_->config; }
  Scheduler& scheduler() const;        // of models that chat
  SentenceEncoder& encoder() const;    // of models that embed or rank

  bool has_tokenizer() const { return tokenizer_ != nullptr; }
  bool has_template() const { return prompts_.has_value(); }
  const std::shared_ptr<PagePool>& pages() const { return pages_; }
  int64_t vocabulary() const { return text_->config.vocab_size; }
  int64_t default_context(const Options& options) const;
  // What the option drafts stands for with this model: nullptr for off. Throws Error(unsupported) for mtp where the
  // model was opened without its layer.
  std::unique_ptr<Drafter> make_drafter(const Options& options) const;
  // What drafts=mtp means instead of the model's own layer. Before any session is made.
  void set_draft_layer(MakeDrafter make) { make_draft_layer_ = std::move(make); }
  // Equal exactly when vectors made with these settings can be compared.
  std::string vectors_fingerprint(const EmbedSettings& query, const EmbedSettings& document) const;
  // Identifies the weights and the cache's shape in snapshots.
  const std::string& fingerprint() const { return fingerprint_; }
  int64_t load_us() const { return load_us_; }

  // hadal_model_get. Throws Error(not_found).
  std::string get(std::string_view key) const;

 private:
  Model(std::shared_ptr<Runtime> runtime, Options options);
  void load_text_parts();
  void choose_template();
  void load_weights(Progress progress);
  std::string tensors_json() const;
  std::string quantization() const;
  std::string note() const;

  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<LimitedHost> host_keeper_;
  std::shared_ptr<Host> host_;
  Options options_;
  std::shared_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::optional<PromptMaker> prompts_;
  std::string template_source_, template_error_;
  std::string template_family_;   // whose built-in template is used because the file has none
  std::unique_ptr<TextModel> text_;
  std::unique_ptr<WeightConversion> conversion_;   // keeps converted weights that the backend reads where they lie
  std::unique_ptr<TraceLog> trace_log_;
  std::shared_ptr<Backend> backend_;
  std::unique_ptr<Program> program_;
  std::shared_ptr<PagePool> pages_;
  std::shared_ptr<Scheduler> scheduler_;
  std::unique_ptr<SentenceEncoder> encoder_;
  std::unique_ptr<DraftLayer> draft_layer_;
  MakeDrafter make_draft_layer_;
  ModelPlan plan_;
  std::string fingerprint_;
  int64_t load_us_ = 0;
};

}  // namespace hadal
