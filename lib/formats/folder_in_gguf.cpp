#include "formats/folder_in_gguf.hpp"

#include <array>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

constexpr std::string_view kConfig = "hadal.folder.config.json";
constexpr std::string_view kGeneration = "hadal.folder.generation_config.json";
constexpr std::string_view kTokenizer = "hadal.folder.tokenizer.json";
constexpr std::string_view kTokenizerConfig = "hadal.folder.tokenizer_config.json";
constexpr std::string_view kTemplate = "hadal.folder.chat_template.jinja";

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

struct Role {
  std::string_view ending, role;
};
constexpr std::array kRoles = {
    Role{".v_proj.weight", "attn_v.weight"},           Role{".k_proj.weight", "attn_k.weight"},
    Role{".o_proj.weight", "attn_output.weight"},      Role{".kv_b_proj.weight", "attn_kv_b.weight"},
    Role{".down_proj.weight", "ffn_down.weight"},      Role{".mlp.gate.weight", "ffn_gate_inp.weight"},
    Role{".experts.down_proj", "ffn_down_exps.weight"}, Role{".experts.gate_up_proj", "ffn_gate_up_exps.weight"},
    Role{".indexer.weights_proj.weight", "indexer.proj.weight"},
};

}  // namespace

void write_folder_entries(const Checkpoint& folder, GgufWriter& out) {
  out.set_string("general.architecture", "hadal.folder");   // what other programs will name when they decline
  out.set_string(kConfig, folder.config_text);
  const auto optional = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) out.set_string(key, text);
  };
  optional(kGeneration, folder.generation_config_text);
  optional(kTokenizer, folder.tokenizer_json);
  optional(kTokenizerConfig, folder.tokenizer_config_json);
  optional(kTemplate, folder.chat_template);
}

void adopt_folder_entries(Checkpoint& gguf) {
  const auto text = [&](std::string_view key) { return std::string(gguf.metadata.string(key).value_or("")); };
  if (!gguf.metadata.find(kConfig)) return;
  gguf.container = Checkpoint::Container::safetensors;
  gguf.config_text = text(kConfig);
  gguf.config = parse_json(gguf.config_text, kConfig);
  if (!gguf.config.as_object()) throw Error(Status::corrupt, message(kConfig, ": expected an object"));
  gguf.generation_config_text = text(kGeneration);
  if (!gguf.generation_config_text.empty())
    gguf.generation_config = parse_json(gguf.generation_config_text, kGeneration);
  gguf.tokenizer_json = text(kTokenizer);
  gguf.tokenizer_config_json = text(kTokenizerConfig);
  gguf.chat_template = text(kTemplate);
  gguf.metadata = {};
}

std::string gguf_role(std::string_view name) {
  constexpr std::string_view kLayers = "model.layers.";
  if (name == "lm_head.weight") return "output.weight";
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name.substr(0, kLayers.size()) != kLayers) return std::string(name);
  const std::string_view rest = name.substr(kLayers.size());
  const size_t dot = rest.find('.');
  if (dot == rest.npos) return std::string(name);
  for (const Role& known : kRoles)
    if (ends_with(rest, known.ending)) return message("blk.", rest.substr(0, dot), ".", known.role);
  return message("blk.", rest);
}

}  // namespace hadal
