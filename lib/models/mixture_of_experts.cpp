#include "models/mixture_of_experts.hpp"

#include "models/decoder.hpp"

namespace hadal {
namespace {

// arXiv 2405.04434 section 2.2.2 (limited by device groups), 2412.19437 section 2.1.2 (without auxiliary loss).
RouteAttributes routing(const MoeConfig& m) {
  using Score = RouteAttributes::Score;
  RouteAttributes how;
  how.num_experts_per_tok = m.num_experts_per_tok;
  how.score = m.sigmoid ? Score::sigmoid : Score::softmax;
  how.n_group = m.n_group;
  how.topk_group = m.topk_group;
  how.group_by_two = m.topk_method == MoeConfig::TopkMethod::noaux_tc;
  how.norm_topk_prob = m.norm_topk_prob && m.num_experts_per_tok > 1;
  // Before V3 the weights were either normalised or scaled.
  how.routed_scaling_factor = how.norm_topk_prob && !m.sigmoid ? 1 : m.routed_scaling_factor;
  return how;
}

}  // namespace

Value mixture_of_experts(Graph& g, const Config& c, const Binder& file, Value x) {
  const MoeConfig& m = c.moe;
  const Weight& gate = file.matrix("gate", m.n_routed_experts, c.hidden_size);
  const Weight* bias = m.topk_method == MoeConfig::TopkMethod::noaux_tc
                           ? &file.bare_vector("gate.e_score_correction_bias", m.n_routed_experts)
                           : nullptr;
  const Weight& gate_proj = file.experts("gate_proj", m.n_routed_experts, m.moe_intermediate_size, c.hidden_size);
  const Weight& up_proj = file.experts("up_proj", m.n_routed_experts, m.moe_intermediate_size, c.hidden_size);
  const Weight& down_proj = file.experts("down_proj", m.n_routed_experts, c.hidden_size, m.moe_intermediate_size);
  const Value routed = g.experts(x, g.route(x, gate, bias, routing(m)), gate_proj, up_proj, down_proj);
  if (m.n_shared_experts == 0) return routed;
  const int64_t shared_size = m.n_shared_experts * m.moe_intermediate_size;
  return g.add(routed, feed_forward(g, bind_mlp(file.at("shared_experts"), c, shared_size), x));
}

}  // namespace hadal
