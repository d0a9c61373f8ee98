#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "formats/quant_mix.hpp"

namespace {

using namespace hadal;

struct Named {
  std::string name;
  std::vector<int64_t> shape;
};

std::vector<Dtype> choose_all(const char* mix, const MixFacts& facts, const std::vector<Named>& tensors) {
  int64_t values = 0;
  for (const Named& tensor : tensors)
    values += tensor.name.find("attn_v.weight") != std::string::npos || tensor.name.find("attn_kv_b.weight") != std::string::npos;
  MixChooser chooser(quant_mix(mix), facts, values);
  std::vector<Dtype> out;
  for (const Named& tensor : tensors) out.push_back(chooser.choose(tensor.name, tensor.shape, Dtype::f16));
  return out;
}

std::string blk(int layer, const char* rest) { return "blk." + std::to_string(layer) + "." + rest; }

// DeepSeek-Coder-V2-Lite: 27 layers, the first dense, 64 experts.
std::vector<Named> coder_v2_lite() {
  std::vector<Named> tensors = {{"token_embd.weight", {102400, 2048}}};
  for (int i = 0; i < 27; ++i) {
    tensors.push_back({blk(i, "attn_norm.weight"), {2048}});
    tensors.push_back({blk(i, "attn_q.weight"), {3072, 2048}});
    tensors.push_back({blk(i, "attn_kv_a_mqa.weight"), {576, 2048}});
    tensors.push_back({blk(i, "attn_kv_b.weight"), {4096, 512}});
    tensors.push_back({blk(i, "attn_output.weight"), {2048, 2048}});
    if (i == 0) {
      tensors.push_back({blk(i, "ffn_down.weight"), {2048, 10944}});
      continue;
    }
    tensors.push_back({blk(i, "ffn_gate_inp.weight"), {64, 2048}});
    tensors.push_back({blk(i, "ffn_gate_exps.weight"), {64, 1408, 2048}});
    tensors.push_back({blk(i, "ffn_down_exps.weight"), {64, 2048, 1408}});
    tensors.push_back({blk(i, "ffn_down_shexp.weight"), {2048, 2816}});
  }
  tensors.push_back({"output.weight", {102400, 2048}});
  return tensors;
}

// A dense llama of n layers with rows of 256.
std::vector<Named> llama(int n, bool with_output) {
  std::vector<Named> tensors = {{"token_embd.weight", {100, 256}}};
  for (int i = 0; i < n; ++i)
    for (const char* rest : {"attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_output.weight", "ffn_gate.weight",
                             "ffn_down.weight"})
      tensors.push_back({blk(i, rest), {256, 256}});
  if (with_output) tensors.push_back({"output.weight", {100, 256}});
  return tensors;
}

// Layers whose tensor of that name has the type.
std::vector<int> layers_with(const std::vector<Named>& tensors, const std::vector<Dtype>& types, const std::string& rest,
                             Dtype type) {
  std::vector<int> layers;
  for (size_t i = 0; i < tensors.size(); ++i)
    for (int layer = 0; layer < 200; ++layer)
      if (tensors[i].name == "blk." + std::to_string(layer) + "." + rest && types[i] == type) layers.push_back(layer);
  return layers;
}

Dtype type_of(const std::vector<Named>& tensors, const std::vector<Dtype>& types, const std::string& name) {
  for (size_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].name == name) return types[i];
  FAIL("no tensor " << name);
  return {};
}

}  // namespace

TEST_CASE("Q4_K_M of Coder-V2-Lite has the types of the published file") {
  const auto tensors = coder_v2_lite();
  const auto types = choose_all("Q4_K_M", {.num_layers = 27, .num_experts = 64}, tensors);
  const std::vector<int> more = {1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26};   // and layer 0, which is dense
  CHECK(type_of(tensors, types, "blk.0.ffn_down.weight") == Dtype::q8_0);
  CHECK(layers_with(tensors, types, "ffn_down_exps.weight", Dtype::q8_0) == more);
  CHECK(layers_with(tensors, types, "ffn_down_exps.weight", Dtype::q5_0).size() == 14);
  CHECK(layers_with(tensors, types, "ffn_down_shexp.weight", Dtype::q6_k) == more);
  CHECK(layers_with(tensors, types, "ffn_down_shexp.weight", Dtype::q4_k).size() == 14);
  CHECK(type_of(tensors, types, "output.weight") == Dtype::q6_k);
  std::map<Dtype, int> counts;
  for (Dtype type : types) ++counts[type];
  CHECK(counts[Dtype::q6_k] == 13);
  CHECK(counts[Dtype::q8_0] == 13);
  CHECK(counts[Dtype::q5_0] == 14);
  CHECK(counts[Dtype::f32] == 27 + 26);   // norms and routers
}

TEST_CASE("the mixes of a dense model spend their bits where llama.cpp does") {
  const auto tensors = llama(32, true);
  const MixFacts facts{.num_layers = 32};
  const std::vector<int> more = {0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31};
  const std::vector<int> first_four = {0, 1, 2, 3};
  auto types = choose_all("q4_k_m", facts, tensors);
  CHECK(layers_with(tensors, types, "attn_v.weight", Dtype::q6_k) == more);
  CHECK(layers_with(tensors, types, "ffn_down.weight", Dtype::q6_k) == more);
  CHECK(layers_with(tensors, types, "ffn_gate.weight", Dtype::q4_k).size() == 32);
  CHECK(type_of(tensors, types, "token_embd.weight") == Dtype::q4_k);
  types = choose_all("q4_k_s", facts, tensors);
  CHECK(layers_with(tensors, types, "attn_v.weight", Dtype::q5_k) == first_four);
  CHECK(layers_with(tensors, types, "ffn_down.weight", Dtype::q5_k) == first_four);
  CHECK(layers_with(tensors, types, "attn_v.weight", Dtype::q4_k).size() == 28);
  types = choose_all("q5_k_m", facts, tensors);
  CHECK(layers_with(tensors, types, "attn_v.weight", Dtype::q6_k) == more);
  CHECK(layers_with(tensors, types, "attn_q.weight", Dtype::q5_k).size() == 32);
  types = choose_all("q5_k_s", facts, tensors);
  CHECK(layers_with(tensors, types, "ffn_down.weight", Dtype::q5_k).size() == 32);
  CHECK(type_of(tensors, types, "output.weight") == Dtype::q6_k);
  types = choose_all("q3_k_m", facts, tensors);
  CHECK(layers_with(tensors, types, "attn_v.weight", Dtype::q5_k) == std::vector<int>{0, 1});
  CHECK(layers_with(tensors, types, "ffn_down.weight", Dtype::q5_k) == std::vector<int>{0, 1});
  CHECK(layers_with(tensors, types, "attn_output.weight", Dtype::q4_k).size() == 32);
  CHECK(layers_with(tensors, types, "ffn_gate.weight", Dtype::q3_k).size() == 32);
}

TEST_CASE("a tied embedding is the output, and a 70B's attn_v gets more bits") {
  const auto tied = llama(8, false);
  CHECK(choose_all("q4_k_m", {.num_layers = 8, .has_output = false}, tied)[0] == Dtype::q6_k);
  const auto large = llama(80, true);
  const auto types = choose_all("q4_k_m", {.num_layers = 80, .is_llama_70b = true}, large);
  CHECK(layers_with(large, types, "attn_v.weight", Dtype::q5_k).size() + layers_with(large, types, "attn_v.weight", Dtype::q6_k).size() == 80);
  CHECK(layers_with(large, types, "ffn_down.weight", Dtype::q4_k).size() == 40);
}

TEST_CASE("a uniform type is the same for every matrix") {
  const auto tensors = llama(8, true);
  for (const Dtype type : choose_all("q4_0", {.num_layers = 8}, tensors)) CHECK(type == Dtype::q4_0);
  MixChooser chooser(quant_mix("q4_0"), {}, 0);
  CHECK(chooser.choose("blk.0.exp_probs_b.bias", std::vector<int64_t>{256}, Dtype::f32) == Dtype::f32);
  CHECK(chooser.choose("blk.0.ffn_gate_inp.weight", std::vector<int64_t>{64, 2048}, Dtype::bf16) == Dtype::f32);
  CHECK(chooser.choose("blk.0.indexer.proj.weight", std::vector<int64_t>{64, 2048}, Dtype::bf16) == Dtype::f32);
  CHECK(chooser.choose("blk.0.hc_attn_fn.weight", std::vector<int64_t>{24, 4096}, Dtype::f32) == Dtype::f32);
  CHECK(chooser.choose("blk.0.ffn_gate_tid2eid.weight", std::vector<int64_t>{129280, 6}, Dtype::i32) == Dtype::i32);
}
