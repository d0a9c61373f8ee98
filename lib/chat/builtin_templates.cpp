// Templates for model files without one. The forms are those the families document; the words around tools are the
// families' own protocol text, which a model has been trained to see.
#include <array>

#include "chat/chat.hpp"

namespace hadal {
namespace {

constexpr std::string_view kPlain = R"jinja({%- for message in messages -%}
{{ message.role[0]|upper ~ message.role[1:] ~ ': ' ~ message.content ~ '\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ 'Assistant:' }}{%- endif -%})jinja";

constexpr std::string_view kChatml = R"jinja({%- for message in messages -%}
{{ '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%})jinja";

constexpr std::string_view kLlama3 = R"jinja({{- bos_token -}}
{%- for message in messages -%}
{{ '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\n\n' ~ message.content|trim ~ '<|eot_id|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%})jinja";

// DeepSeek LLM, MoE and V2: no blank after the last "Assistant:".
constexpr std::string_view kDeepSeekV2 = R"jinja({{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'user' -%}{{ 'User: ' ~ message.content ~ '\n\n' }}
{%- elif message.role == 'assistant' -%}{{ 'Assistant: ' ~ message.content ~ eos_token }}
{%- else -%}{{ message.content ~ '\n\n' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ 'Assistant:' }}{%- endif -%})jinja";

// DeepSeek Coder v1: a system message stands as it is given, the default one on a line of its own.
constexpr std::string_view kDeepSeekCoder = R"jinja({%- set ns = namespace(found=false) -%}
{%- for message in messages if message.role == 'system' -%}{%- set ns.found = true -%}{%- endfor -%}
{{ bos_token }}
{%- if not ns.found -%}
{{ 'You are an AI programming assistant, utilizing the DeepSeek Coder model, developed by DeepSeek Company, and you only answer questions related to computer science. For politically sensitive questions, security and privacy issues, and other non-computer science questions, you will refuse to answer\n' }}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}{{ message.content }}
{%- elif message.role == 'user' -%}{{ '### Instruction:\n' ~ message.content ~ '\n' }}
{%- else -%}{{ '### Response:\n' ~ message.content ~ '\n<|EOT|>\n' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '### Response:\n' }}{%- endif -%})jinja";

// From V2.5 on: system messages are joined wherever they stand, and calls carry their arguments as JSON text.
constexpr std::string_view kDeepSeekBegin = R"jinja({%- set ns = namespace(system='', after='', last_user=-1) -%}
{%- for message in messages if message.role == 'system' -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ message.content -%}
{%- endfor -%}
{%- macro call_of(call, before, between, after) -%}
{%- set arguments = call.function.arguments -%}
{{ '<｜tool▁call▁begin｜>' ~ before ~ call.function.name ~ between ~ (arguments if arguments is string else arguments|tojson) ~ after ~ '<｜tool▁call▁end｜>' }}
{%- endmacro -%}
)jinja";

// What V2.5's documentation puts into the system prompt, then turns with tool calls closed properly. V3 and R1
// differ in how they end.
constexpr std::string_view kDeepSeekV3Turns = R"jinja({%- if tools -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ '## Tools\n\n### Function\n\nYou have the following functions available:' -%}
{%- for tool in tools -%}
{%- set schema = tool.function or tool -%}
{%- set ns.system = ns.system ~ '\n\n- `' ~ schema.name ~ '`:\n```json\n' ~ schema|tojson(indent=4) ~ '\n```' -%}
{%- endfor -%}
{%- endif -%}
{{ bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- if ns.after == 'tool' and message.role != 'tool' -%}{{ '<｜tool▁outputs▁end｜>' }}{%- endif -%}
{%- if message.role == 'user' -%}{{ '<｜User｜>' ~ message.content }}
{%- elif message.role == 'tool' -%}
{{ ('\n' if ns.after == 'tool' else '<｜tool▁outputs▁begin｜>') ~ '<｜tool▁output▁begin｜>' ~ message.content ~ '<｜tool▁output▁end｜>' }}
{%- elif message.role == 'assistant' -%}
{{ ('<｜Assistant｜>' if ns.after != 'tool') ~ (message.content or '').split('</think>')[-1] }}
{%- if message.tool_calls -%}
{{ '<｜tool▁calls▁begin｜>' }}
{%- for call in message.tool_calls -%}
{{ ('\n' if not loop.first) ~ call_of(call, 'function<｜tool▁sep｜>', '\n```json\n', '\n```') }}
{%- endfor -%}
{{ '<｜tool▁calls▁end｜>' }}
{%- endif -%}
{{ eos_token }}
{%- endif -%}
{%- set ns.after = message.role -%}
{%- endfor -%}
{%- if ns.after == 'tool' -%}{{ '<｜tool▁outputs▁end｜>' }}{%- endif -%}
)jinja";

constexpr std::string_view kDeepSeekV3End =
    R"jinja({%- if add_generation_prompt and ns.after != 'tool' -%}{{ '<｜Assistant｜>' }}{%- endif -%})jinja";

constexpr std::string_view kDeepSeekR1End =
    R"jinja({%- if add_generation_prompt and ns.after != 'tool' -%}{{ '<｜Assistant｜><think>\n' }}{%- endif -%})jinja";

constexpr std::string_view kDeepSeekV31 = R"jinja({%- set thinking = thinking|default(enable_thinking|default(false)) -%}
{%- if tools -%}
{%- set ns.system = ns.system ~ '\n\n## Tools\nYou have access to the following tools:\n' -%}
{%- for tool in tools -%}
{%- set schema = tool.function or tool -%}
{%- set ns.system = ns.system ~ '\n### ' ~ schema.name ~ '\nDescription: ' ~ schema.description ~ '\n\nParameters: ' ~ (schema.parameters or {})|tojson ~ '\n' -%}
{%- endfor -%}
{%- set ns.system = ns.system ~ '\nIMPORTANT: ALWAYS adhere to this exact format for tool use:\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>{additional_tool_calls}<｜tool▁calls▁end｜>\n\nWhere:\n- `tool_call_name` must be an exact match to one of the available tools\n- `tool_call_arguments` must be valid JSON that strictly follows the tool\'s Parameters Schema\n- For multiple tool calls, chain them directly without separators or spaces\n' -%}
{%- endif -%}
{{ bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role == 'user' -%}{{ '<｜User｜>' ~ message.content }}
{%- elif message.role == 'tool' -%}{{ '<｜tool▁output▁begin｜>' ~ message.content ~ '<｜tool▁output▁end｜>' }}
{%- elif message.role == 'assistant' -%}
{{ ('<｜Assistant｜></think>' if ns.after == 'user') ~ (message.content or '').split('</think>', 1)[-1] }}
{%- if message.tool_calls -%}
{{ '<｜tool▁calls▁begin｜>' }}
{%- for call in message.tool_calls -%}{{ call_of(call, '', '<｜tool▁sep｜>', '') }}{%- endfor -%}
{{ '<｜tool▁calls▁end｜>' }}
{%- endif -%}
{{ eos_token }}
{%- endif -%}
{%- set ns.after = message.role -%}
{%- endfor -%}
{%- if add_generation_prompt and ns.after == 'user' -%}{{ '<｜Assistant｜>' ~ ('<think>' if thinking else '</think>') }}{%- endif -%})jinja";

// V3.2 and V4 publish an encoder script instead of a template. `block` is the name of the block of calls. Arguments
// given as JSON text are read, because each becomes an element of its own.
constexpr std::string_view kDeepSeekDsml = R"jinja({%- set thinking = thinking|default(enable_thinking|default(false)) -%}
{%- macro reasoning_of(message) -%}
{%- if message.reasoning_content -%}{{ message.reasoning_content }}
{%- elif '</think>' in (message.content or '') -%}{{ message.content.split('</think>')[0].split('<think>')[-1] }}
{%- endif -%}
{%- endmacro -%}
{%- macro dsml_of(message, block) -%}
{%- if message.tool_calls -%}
{{ '\n\n<｜DSML｜' ~ block ~ '>\n' }}
{%- for call in message.tool_calls -%}
{%- set arguments = call.function.arguments|fromjson if call.function.arguments is string else call.function.arguments -%}
{%- if arguments is not mapping -%}{{ raise_exception('tool call arguments: expected an object') }}{%- endif -%}
{{ '<｜DSML｜invoke name="' ~ call.function.name ~ '">\n' }}
{%- for name, value in arguments|items -%}
{{ '<｜DSML｜parameter name="' ~ name ~ '" string="' ~ ('true' if value is string else 'false') ~ '">' ~ (value if value is string else value|tojson) ~ '</｜DSML｜parameter>' ~ ('\n' if not loop.last) }}
{%- endfor -%}
{{ '\n</｜DSML｜invoke>\n' }}
{%- endfor -%}
{{ '</｜DSML｜' ~ block ~ '>' }}
{%- endif -%}
{%- endmacro -%}
{%- macro schemas_of(tools) -%}
{%- for tool in tools -%}{{ (tool.function or tool)|tojson ~ '\n' }}{%- endfor -%}
{%- endmacro -%}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role in ['user', 'developer'] -%}{%- set ns.last_user = loop.index0 -%}{%- endif -%}
{%- endfor -%}
)jinja";

// A turn of the user opens the reply that follows it, results open the rest of the reply they interrupted: with a
// thought where the task in hand is answered by thinking, with a closed one elsewhere.
constexpr std::string_view kDeepSeekV32 = R"jinja({%- macro tools_of(tools) -%}
{%- if tools %}


## Tools

You have access to a set of tools you can use to answer the user's question.
You can invoke functions by writing a "<｜DSML｜function_calls>" block like the following as part of your reply to the user:
<｜DSML｜function_calls>
<｜DSML｜invoke name="$FUNCTION_NAME">
<｜DSML｜parameter name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE</｜DSML｜parameter>
...
</｜DSML｜invoke>
<｜DSML｜invoke name="$FUNCTION_NAME2">
...
</｜DSML｜invoke>
</｜DSML｜function_calls>

String and scalar parameters should be specified as is without any escaping or quotes, while lists and objects should use JSON format. The "string" attribute should be set to "true" for string type parameters and "false" for other types (numbers, booleans, arrays, objects).

If the thinking_mode is enabled, then after function results you should strongly consider outputting a thinking block. Here is an example:

<｜DSML｜function_calls>
...
</｜DSML｜function_calls>

<function_results>
...
</function_results>

<think>...thinking about results</think>

Here are the functions available in JSONSchema format:
<functions>
{{ schemas_of(tools) }}</functions>
{% endif -%}
{%- endmacro -%}
{%- macro format_of(schema) -%}
{%- if schema -%}{{ '\n\n## Response Format:\n\nYou MUST strictly adhere to the following schema to reply:\n' ~ schema|tojson }}{%- endif -%}
{%- endmacro -%}
{{ bos_token ~ ns.system ~ tools_of(tools) ~ format_of(response_format) }}
{%- for message in messages if message.role != 'system' -%}
{%- set open = '<think>' if thinking and loop.index0 >= ns.last_user else '</think>' -%}
{%- set answered = not loop.last or add_generation_prompt -%}
{%- if message.role == 'tool' -%}
{{ ('\n\n<function_results>' if ns.after != 'tool') ~ '\n<result>' ~ message.content ~ '</result>' }}
{%- if loop.last or loop.nextitem.role != 'tool' -%}{{ '\n</function_results>' ~ ('\n\n' ~ open if answered) }}{%- endif -%}
{%- elif message.role == 'assistant' -%}
{{ (reasoning_of(message) ~ '</think>' if thinking and loop.index0 > ns.last_user) ~ (message.content or '').split('</think>', 1)[-1] ~ dsml_of(message, 'function_calls') ~ eos_token }}
{%- else -%}
{{ '<｜User｜>' }}
{%- if message.role == 'developer' -%}
{{ tools_of(message.tools) ~ format_of(message.response_format) ~ '\n\n# The user\'s message is: ' }}
{%- endif -%}
{{ message.content ~ ('<｜Assistant｜>' ~ open if answered) }}
{%- endif -%}
{%- set ns.after = message.role -%}
{%- endfor -%})jinja";

constexpr std::string_view kDeepSeekV4 = R"jinja({%- set head -%}
## Tools

You have access to a set of tools to help answer the user's question. You can invoke tools by writing a "<｜DSML｜tool_calls>" block like the following:

<｜DSML｜tool_calls>
<｜DSML｜invoke name="$TOOL_NAME">
<｜DSML｜parameter name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE</｜DSML｜parameter>
...
</｜DSML｜invoke>
<｜DSML｜invoke name="$TOOL_NAME2">
...
</｜DSML｜invoke>
</｜DSML｜tool_calls>

String parameters should be specified as is and set `string="true"`. For all other types (numbers, booleans, arrays, objects), pass the value in JSON format and set `string="false"`.

If thinking_mode is enabled (triggered by <think>), you MUST output your complete reasoning inside <think>...</think> BEFORE any tool calls or final response.

Otherwise, output directly after </think> with tool calls or final response.

### Available Tool Schemas

{{ schemas_of(tools) }}
You MUST strictly follow the above defined tool name and parameter schemas to invoke tool calls.
{% endset -%}
{{ bos_token ~ ns.system ~ ('\n\n' ~ head if tools) }}
{%- for message in messages if message.role != 'system' -%}
{%- set current = tools or loop.index0 > ns.last_user -%}
{%- if message.role == 'assistant' -%}
{{ '<｜Assistant｜>' ~ ('<think>' ~ reasoning_of(message) if thinking and current) }}
{{- '</think>' ~ (message.content or '').split('</think>', 1)[-1] ~ dsml_of(message, 'tool_calls') ~ eos_token }}
{%- else -%}
{{ '\n\n' if ns.after == 'tool' else '<｜User｜>' }}
{{- '<tool_result>' ~ message.content ~ '</tool_result>' if message.role == 'tool' else message.content }}
{%- endif -%}
{%- set ns.after = message.role -%}
{%- endfor -%}
{%- if add_generation_prompt and ns.after != 'assistant' -%}
{{ '<｜Assistant｜>' ~ ('<think>' if thinking else '</think>') }}
{%- endif -%})jinja";

struct Family {
  std::string_view name;
  std::array<std::string_view, 3> parts;
};

constexpr Family kFamilies[] = {
    {"chatml", {kChatml}},
    {"llama-3", {kLlama3}},
    {"deepseek-llm", {kDeepSeekV2}},
    {"deepseek-coder", {kDeepSeekCoder}},
    {"deepseek-v2", {kDeepSeekV2}},
    {"deepseek-v2.5", {kDeepSeekBegin, kDeepSeekV3Turns, kDeepSeekV3End}},
    {"deepseek-v3", {kDeepSeekBegin, kDeepSeekV3Turns, kDeepSeekV3End}},
    {"deepseek-v3-0324", {kDeepSeekBegin, kDeepSeekV3Turns, kDeepSeekV3End}},
    {"deepseek-r1", {kDeepSeekBegin, kDeepSeekV3Turns, kDeepSeekR1End}},
    {"deepseek-r1-0528", {kDeepSeekBegin, kDeepSeekV3Turns, kDeepSeekV3End}},
    {"deepseek-v3.1", {kDeepSeekBegin, kDeepSeekV31}},
    {"deepseek-v3.2", {kDeepSeekBegin, kDeepSeekDsml, kDeepSeekV32}},
    {"deepseek-v4", {kDeepSeekBegin, kDeepSeekDsml, kDeepSeekV4}},
    {"plain", {kPlain}},
};

}  // namespace

std::string builtin_template(std::string_view family) {
  for (const Family& entry : kFamilies)
    if (entry.name == family) {
      std::string whole;
      for (const std::string_view part : entry.parts) whole += part;
      return whole;
    }
  return {};
}

std::string_view builtin_family(FunctionRef<bool(std::string_view)> has_token, std::string_view architecture) {
  if (architecture == "deepseek_v32" || architecture == "deepseek32") return "deepseek-v3.2";
  if (architecture == "deepseek_v4" || architecture == "deepseek4") return "deepseek-v4";
  if (has_token("｜DSML｜")) return has_token("<｜latest_reminder｜>") ? "deepseek-v4" : "deepseek-v3.2";
  if (has_token("<｜Assistant｜>")) {
    // V3's own vocabulary has no <think>; V3.1 added the search tokens to R1's.
    if (has_token("<｜search▁begin｜>")) return "deepseek-v3.1";
    return has_token("<think>") ? "deepseek-r1" : "deepseek-v3";
  }
  if (has_token("<|start_header_id|>")) return "llama-3";
  if (has_token("<|im_start|>")) return "chatml";
  if (!has_token("<｜begin▁of▁sentence｜>")) return "plain";
  return has_token("<|EOT|>") ? "deepseek-coder" : "deepseek-v2";
}

}  // namespace hadal
