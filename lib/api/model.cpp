// hadal_model_*: opening, planning, facts, templates, tokens.
#include "api/handles.hpp"
#include "formats/checkpoint.hpp"

using namespace hadal;
using namespace hadal::api;

namespace {

// Progress to the caller's callback, never falling; a callback that wants to stop ends the call.
class Report {
 public:
  Report(hadal_progress progress, void* context) : progress_(progress), context_(context) {}
  void operator()(std::string_view stage, double done) {
    if (progress_ && progress_(context_, std::string(stage).c_str(), done) != 0)
      throw Error(Status::cancelled, "cancelled by the progress callback");
  }

 private:
  hadal_progress progress_;
  void* context_;
};

struct Opening {
  std::shared_ptr<Runtime> runtime;
  Options options;
};

Opening opening(hadal_runtime* handle, std::string_view text) {
  Opening out{runtime_or_default(handle, text), {}};
  out.options = out.runtime->options();
  if (handle) out.options.merge(text, OptionLevel::model);
  return out;
}

hadal_status open(hadal_runtime* runtime, std::string_view path, std::string_view options, hadal_progress progress,
                  void* progress_context, hadal_model** out) {
  required(out, "out");
  if (path.empty()) throw Error(Status::invalid_argument, "path: expected a file, folder or name, found nothing");
  auto [owner, merged] = opening(runtime, options);
  Report report(progress, progress_context);
  auto handle = std::make_unique<hadal_model>();
  handle->model = Model::open(
      owner, std::move(merged),
      [&, &host = owner->host()](bool tokenizer_only) { return open_checkpoint(host, std::string(path), tokenizer_only); },
      report);
  *out = handle.release();
  return HADAL_OK;
}

hadal_status plan(hadal_runtime* runtime, std::string_view path, std::string_view options, hadal_plan* out) {
  required(out, "plan");
  const auto [owner, merged] = opening(runtime, options);
  const ModelPlan plan = plan_model(
      *owner, merged, [&, &host = owner->host()](bool tokenizer_only) {
        return open_checkpoint(host, std::string(path), tokenizer_only);
      });
  hadal_plan filled{};
  filled.fits = plan.fits();
  filled.weights = plan.weights;
  filled.packed = plan.packed;
  filled.cache = plan.cache;
  filled.arena = plan.arena;
  filled.total = plan.total();
  filled.available = plan.available;
  filled.context = plan.context;
  filled.parameters = plan.parameters;
  filled.experts = plan.experts.all_bytes;
  filled.experts_kept = plan.experts.slot_bytes;
  filled.experts_in_file = plan.experts.file_bytes;
  struct_out(filled, out, "plan");
  return HADAL_OK;
}

// A hadal_source as a File. Closing it ends the caller's duty to keep it.
class SourceFile final : public File {
 public:
  explicit SourceFile(const hadal_source& source) : source_(source) {}
  ~SourceFile() override {
    if (source_.close) source_.close(source_.context);
  }
  uint64_t size() const override { return source_.bytes; }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > source_.bytes || out.size() > source_.bytes - offset)
      throw Error(Status::io, message("source: expected ", out.size(), " bytes at ", offset, ", found its end at ", source_.bytes));
    if (source_.data) {
      std::memcpy(out.data(), static_cast<const std::byte*>(source_.data) + offset, out.size());
    } else if (source_.read(source_.context, offset, out.data(), out.size()) != 0) {
      throw Error(Status::io, message("source: could not read ", out.size(), " bytes at ", offset));
    }
  }
  std::span<const std::byte> map() override {
    if (!source_.data) return {};
    return {static_cast<const std::byte*>(source_.data), size_t(source_.bytes)};
  }

 private:
  hadal_source source_;
};

template <class Unit>
hadal_status render(hadal_model* handle, const Unit* json, int64_t json_size, Unit* buffer, size_t capacity,
                    size_t* size) noexcept {
  return with_model(handle, [&](const Model& model) {
    check_buffer(buffer, capacity);
    return text_out(model.prompts().render_json(text_in(json, json_size, "json"), prompt_settings(model.options())),
                    buffer, capacity, size);
  });
}

template <class Unit>
hadal_status tokenize(hadal_model* handle, const Unit* text, int64_t text_size, uint32_t flags, int32_t* ids,
                      size_t capacity, size_t* size) noexcept {
  return with_model(handle, [&](const Model& model) {
    const Tokenizer& tokenizer = model.tokenizer();
    const bool replace = model.options().get("invalid_text") == "replace";
    std::vector<int32_t> found;
    tokenizer.encode(checked_text(text_in(text, text_size, "text"), replace, "text"), (flags & HADAL_SPECIAL) != 0, found);
    return values_out<int32_t>(found, ids, capacity, size);
  });
}

void check_ids(const Tokenizer& tokenizer, std::span<const int32_t> ids) {
  for (const int32_t id : ids)
    if (id < 0 || id >= tokenizer.size())
      throw Error(Status::invalid_argument,
                  message("token: expected an id from 0 to ", tokenizer.size() - 1, ", found ", id));
}

template <class Unit>
hadal_status detokenize(hadal_model* handle, const int32_t* ids, size_t count, uint32_t flags, Unit* buffer,
                        size_t capacity, size_t* size) noexcept {
  return with_model(handle, [&](const Model& model) {
    if (count > 0) required(ids, "ids");
    const std::span<const int32_t> given(ids, count);
    check_ids(model.tokenizer(), given);
    return text_out(decode(model.tokenizer(), given, (flags & HADAL_SKIP_SPECIAL) != 0), buffer, capacity, size);
  });
}

template <class Unit>
hadal_status get(hadal_model* handle, const Unit* key, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_model(handle, [&](const Model& model) {
    return text_out(model.get(text_in(key, -1, "key")), buffer, capacity, size);
  });
}

}  // namespace

hadal_status hadal_model_plan(hadal_runtime* runtime, const char* path, const char* options, hadal_plan* out) {
  return guard([&] { return plan(runtime, text_in(path, -1, "path"), optional_text(options), out); });
}

hadal_status hadal_model_plan16(hadal_runtime* runtime, const uint16_t* path, const uint16_t* options, hadal_plan* out) {
  return guard([&] { return plan(runtime, text_in(path, -1, "path"), optional_text(options), out); });
}

hadal_status hadal_model_open(hadal_runtime* runtime, const char* path, const char* options, hadal_model** out) {
  return guard([&] { return open(runtime, text_in(path, -1, "path"), optional_text(options), nullptr, nullptr, out); });
}

hadal_status hadal_model_open16(hadal_runtime* runtime, const uint16_t* path, const uint16_t* options,
                                hadal_model** out) {
  return guard([&] { return open(runtime, text_in(path, -1, "path"), optional_text(options), nullptr, nullptr, out); });
}

hadal_status hadal_model_open_progress(hadal_runtime* runtime, const char* path, const char* options,
                                       hadal_progress progress, void* progress_context, hadal_model** out) {
  return guard([&] {
    return open(runtime, text_in(path, -1, "path"), optional_text(options), progress, progress_context, out);
  });
}

hadal_status hadal_model_open_source(hadal_runtime* runtime, const hadal_source* source, const char* options,
                                     hadal_model** out) {
  return guard([&]() -> hadal_status {
    const hadal_source given = struct_in(source, "source", offsetof(hadal_source, close));
    auto file = std::make_unique<SourceFile>(given);   // closed by whatever happens next
    required(out, "out");
    if (!given.data && !given.read)
      throw Error(Status::invalid_argument, "source: expected data or read, found neither");
    auto [owner, merged] = opening(runtime, optional_text(options));
    Report report(given.progress, given.progress_context);
    auto handle = std::make_unique<hadal_model>();
    handle->model = Model::open(
        owner, std::move(merged),
        [&, &host = owner->host()](bool) { return open_gguf(host, given.name ? given.name : "memory", std::move(file)); }, report);
    *out = handle.release();
    return HADAL_OK;
  });
}

hadal_status hadal_model_get(hadal_model* model, const char* key, char* buffer, size_t capacity, size_t* size) {
  return get(model, key, buffer, capacity, size);
}
hadal_status hadal_model_get16(hadal_model* model, const uint16_t* key, uint16_t* buffer, size_t capacity, size_t* size) {
  return get(model, key, buffer, capacity, size);
}

hadal_status hadal_model_render(hadal_model* model, const char* json, int64_t json_size, char* buffer, size_t capacity,
                                size_t* size) {
  return render(model, json, json_size, buffer, capacity, size);
}
hadal_status hadal_model_render16(hadal_model* model, const uint16_t* json, int64_t json_size, uint16_t* buffer,
                                  size_t capacity, size_t* size) {
  return render(model, json, json_size, buffer, capacity, size);
}

hadal_model* hadal_model_retain(hadal_model* model) { return retain(model); }
void hadal_model_release(hadal_model* model) { release(model); }

hadal_status hadal_model_tokenize(hadal_model* model, const char* text, int64_t text_size, uint32_t flags, int32_t* ids,
                                  size_t capacity, size_t* size) {
  return tokenize(model, text, text_size, flags, ids, capacity, size);
}
hadal_status hadal_model_tokenize16(hadal_model* model, const uint16_t* text, int64_t text_size, uint32_t flags,
                                    int32_t* ids, size_t capacity, size_t* size) {
  return tokenize(model, text, text_size, flags, ids, capacity, size);
}

hadal_status hadal_model_detokenize(hadal_model* model, const int32_t* ids, size_t count, uint32_t flags, char* buffer,
                                    size_t capacity, size_t* size) {
  return detokenize(model, ids, count, flags, buffer, capacity, size);
}
hadal_status hadal_model_detokenize16(hadal_model* model, const int32_t* ids, size_t count, uint32_t flags,
                                      uint16_t* buffer, size_t capacity, size_t* size) {
  return detokenize(model, ids, count, flags, buffer, capacity, size);
}

hadal_status hadal_model_token_text(hadal_model* handle, int32_t id, uint32_t flags, char* buffer, size_t capacity,
                                    size_t* size) {
  return with_model(handle, [&](const Model& model) -> hadal_status {
    const Tokenizer& tokenizer = model.tokenizer();
    check_ids(tokenizer, {&id, 1});
    std::string text;
    if (flags & HADAL_SPELLING) text = tokenizer.piece(id);
    else tokenizer.append_bytes(id, text);
    // Bytes as they are: this text may be part of a character.
    check_buffer(buffer, capacity);
    if (size) *size = text.size();
    const size_t fits = std::min(capacity, text.size());
    if (fits > 0) std::memcpy(buffer, text.data(), fits);
    if (fits < capacity) buffer[fits] = 0;
    return capacity == 0 || fits == text.size() ? HADAL_OK : HADAL_PARTIAL;
  });
}
