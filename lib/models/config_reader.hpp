// The two dialects a Config is read from. Values are taken as they stand; read_config checks them.
#pragma once

#include "models/config.hpp"

namespace hadal {

Config config_from_gguf(const Checkpoint& checkpoint);   // {a}.block_count and its like
Config config_from_json(const Checkpoint& checkpoint);   // config.json

// encoder_config.cpp: the same of models that read a text whole.
bool is_gguf_encoder(const Checkpoint& checkpoint);
bool is_json_encoder(const Checkpoint& checkpoint);
Config encoder_config_from_gguf(const Checkpoint& checkpoint);
Config encoder_config_from_json(const Checkpoint& checkpoint);

}  // namespace hadal
