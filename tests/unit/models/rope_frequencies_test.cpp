// Published values: YaRN and Llama 3 frequencies of released models.
#include <doctest/doctest.h>

#include "models/rope_frequencies.hpp"

namespace hadal {

TEST_CASE("YaRN frequencies are those of DeepSeek-V3") {
  Config c;
  c.rope_theta = 10000;
  c.rope_scaling = {.type = RopeScaling::Type::yarn, .factor = 40, .original_max_position_embeddings = 4096};
  c.rope_scaling.mscale = 1.0;
  c.rope_scaling.mscale_all_dim = 1.0;
  const RopeFrequencies rope = rope_frequencies(c, 64);
  CHECK(rope.magnitude == 1.0f);   // the quotient of two equal scales
  const auto close = [&](size_t i, double expected) {
    CHECK(double(rope.inv_freq[i]) == doctest::Approx(expected).epsilon(1e-6));
  };
  close(0, 1);
  close(1, 0.749894209);
  close(10, 0.0562341325);
  close(11, 0.0390069266);
  close(16, 0.0055);
  close(20, 7.90569415e-4);
  close(22, 1.77827941e-4);
  close(23, 3.33380358e-5);
  close(31, 3.33380358e-6);
}

TEST_CASE("YaRN of Qwen3-8B: frequencies, and a magnitude that attn_factor multiplies") {
  Config c;
  c.rope_theta = 1e6;
  c.rope_scaling = {.type = RopeScaling::Type::yarn, .factor = 4, .original_max_position_embeddings = 32768};
  const RopeFrequencies rope = rope_frequencies(c, 128);
  CHECK(double(rope.inv_freq[1]) == doctest::Approx(0.805842188).epsilon(1e-6));
  CHECK(double(rope.inv_freq[30]) == doctest::Approx(1.06436098e-3).epsilon(1e-6));
  CHECK(double(rope.inv_freq[40]) == doctest::Approx(4.44569853e-5).epsilon(1e-6));
  CHECK(double(rope.inv_freq[63]) == doctest::Approx(3.1023444e-7).epsilon(1e-6));
  CHECK(double(rope.magnitude) == doctest::Approx(1.1386294).epsilon(1e-6));
  c.rope_scaling.attn_factor = 0.8782488562869419;
  CHECK(double(rope_frequencies(c, 128).magnitude) == doctest::Approx(1.0).epsilon(1e-6));
  c.rope_scaling.attention_factor = 1.25;
  CHECK(rope_frequencies(c, 128).magnitude == 1.25f);
}

TEST_CASE("Llama 3 scaling divides as its published divisors do, computed or read from the file") {
  Config c;
  c.rope_theta = 5e5;
  Config plain = c;
  c.rope_scaling = {.type = RopeScaling::Type::llama3, .factor = 8, .original_max_position_embeddings = 8192};
  const auto scaled = rope_frequencies(c, 128).inv_freq, base = rope_frequencies(plain, 128).inv_freq;
  const double expected[] = {1, 1.20748, 1.55341, 2.02631, 2.69453, 3.68425, 5.25733, 8};
  for (size_t i = 28; i < 36; ++i)
    CHECK(double(base[i]) / scaled[i] == doctest::Approx(expected[i - 28]).epsilon(1e-5));
  for (size_t i = 0; i < 64; ++i) plain.rope_divisors.push_back(base[i] / scaled[i]);
  const auto from_file = rope_frequencies(plain, 128).inv_freq;
  for (size_t i = 0; i < 64; ++i) CHECK(double(from_file[i]) == doctest::Approx(double(scaled[i])).epsilon(1e-6));
}

TEST_CASE("linear scaling divides every frequency") {
  Config c;
  c.rope_theta = 1e5;
  const auto base = rope_frequencies(c, 128).inv_freq;
  c.rope_scaling = {.type = RopeScaling::Type::linear, .factor = 4};
  const auto scaled = rope_frequencies(c, 128).inv_freq;
  for (size_t i = 0; i < 64; ++i) CHECK(scaled[i] * 4 == doctest::Approx(base[i]).epsilon(1e-6));
}

}  // namespace hadal
