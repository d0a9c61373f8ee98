// Templates for model files without one. The forms are those the families document; the words around tools are the
// families' own protocol text, which a model has been trained to see.
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

// What V2.5's documentation puts into the system prompt, then turns with tool calls closed properly. V3 and R1
// differ in how they end.
constexpr std::string_view kDeepSeekV3Turns = R"jinja({%- set ns = namespace(system='', after='') -%}
{%- for message in messages if message.role == 'system' -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ message.content -%}
{%- endfor -%}
{%- if tools -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ '## Tools\n\n### Function\n\nYou have the following functions available:\n' -%}
{%- for tool in tools -%}
{%- set schema = tool.function or tool -%}
{%- set ns.system = ns.system ~ '\n- `' ~ schema.name ~ '`:\n```json\n' ~ schema|tojson(indent=4) ~ '\n```\n' -%}
{%- endfor -%}
{%- endif -%}
{{ bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- if ns.after == 'tool' and message.role != 'tool' -%}{{ '<｜tool▁outputs▁end｜>' }}{%- endif -%}
{%- if message.role == 'user' -%}{{ '<｜User｜>' ~ message.content }}
{%- elif message.role == 'tool' -%}
{{ ('\n' if ns.after == 'tool' else '<｜tool▁outputs▁begin｜>') ~ '<｜tool▁output▁begin｜>' ~ message.content ~ '<｜tool▁output▁end｜>' }}
{%- elif message.role == 'assistant' -%}
{%- if ns.after != 'tool' -%}{{ '<｜Assistant｜>' }}{%- endif -%}
{{ (message.content or '').split('</think>')[-1] }}
{%- if message.tool_calls -%}
{{ '<｜tool▁calls▁begin｜>' }}
{%- for call in message.tool_calls -%}
{{ '\n' if not loop.first }}{{ '<｜tool▁call▁begin｜>function<｜tool▁sep｜>' ~ call.function.name ~ '\n```json\n' }}
{{- call.function.arguments if call.function.arguments is string else call.function.arguments|tojson }}
{{- '\n```<｜tool▁call▁end｜>' }}
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
{%- set ns = namespace(system='', after='') -%}
{%- for message in messages if message.role == 'system' -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ message.content -%}
{%- endfor -%}
{%- if tools -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ '## Tools\nYou have access to the following tools:\n' -%}
{%- for tool in tools -%}
{%- set schema = tool.function or tool -%}
{%- set ns.system = ns.system ~ '\n### ' ~ schema.name ~ '\nDescription: ' ~ schema.description ~ '\n\nParameters: ' ~ schema.parameters|tojson ~ '\n' -%}
{%- endfor -%}
{%- set ns.system = ns.system ~ '\nIMPORTANT: ALWAYS adhere to this exact format for tool use:\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>{additional_tool_calls}<｜tool▁calls▁end｜>\n\nWhere:\n- `tool_call_name` must be an exact match to one of the available tools\n- `tool_call_arguments` must be valid JSON that strictly follows the tool\'s Parameters Schema\n- For multiple tool calls, chain them directly without separators or spaces\n' -%}
{%- endif -%}
{{ bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role == 'user' -%}{{ '<｜User｜>' ~ message.content }}
{%- elif message.role == 'tool' -%}{{ '<｜tool▁output▁begin｜>' ~ message.content ~ '<｜tool▁output▁end｜>' }}
{%- elif message.role == 'assistant' -%}
{%- set content = message.content or '' -%}
{{ '<｜Assistant｜></think>' if ns.after == 'user' }}
{{- content.split('</think>', 1)[-1] }}
{%- if message.tool_calls -%}
{{ '<｜tool▁calls▁begin｜>' }}
{%- for call in message.tool_calls -%}
{{ '<｜tool▁call▁begin｜>' ~ call.function.name ~ '<｜tool▁sep｜>' }}
{{- call.function.arguments if call.function.arguments is string else call.function.arguments|tojson }}
{{- '<｜tool▁call▁end｜>' }}
{%- endfor -%}
{{ '<｜tool▁calls▁end｜>' }}
{%- endif -%}
{{ eos_token }}
{%- endif -%}
{%- set ns.after = message.role -%}
{%- endfor -%}
{%- if add_generation_prompt and ns.after == 'user' -%}{{ '<｜Assistant｜>' ~ ('<think>' if thinking else '</think>') }}{%- endif -%})jinja";

// V3.2 and V4 publish an encoder script instead of a template. `block` is the name of the block of calls.
constexpr std::string_view kDeepSeekDsml = R"jinja({%- set thinking = thinking|default(enable_thinking|default(false)) -%}
{%- macro reasoning_of(message) -%}
{%- if message.reasoning_content -%}{{ message.reasoning_content }}
{%- elif '</think>' in (message.content or '') -%}{{ message.content.split('</think>')[0].split('<think>')[-1] }}
{%- endif -%}
{%- endmacro -%}
{%- macro calls_of(message, block) -%}
{%- if message.tool_calls -%}
{{ '\n\n<｜DSML｜' ~ block ~ '>\n' }}
{%- for call in message.tool_calls -%}
{%- if call.function.arguments is not mapping -%}{{ raise_exception('tool call arguments: expected an object') }}{%- endif -%}
{{ '<｜DSML｜invoke name="' ~ call.function.name ~ '">\n' }}
{%- for name, value in call.function.arguments|items -%}
{{ '<｜DSML｜parameter name="' ~ name ~ '" string="' ~ ('true' if value is string else 'false') ~ '">' ~ (value if value is string else value|tojson) ~ '</｜DSML｜parameter>\n' }}
{%- endfor -%}
{{ '</｜DSML｜invoke>\n' }}
{%- endfor -%}
{{ '</｜DSML｜' ~ block ~ '>' }}
{%- endif -%}
{%- endmacro -%}
{%- set ns = namespace(system='', after='', last_user=-1) -%}
{%- for message in messages if message.role == 'system' -%}
{%- set ns.system = ns.system ~ ('\n\n' if ns.system) ~ message.content -%}
{%- endfor -%}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role in ['user', 'developer'] -%}{%- set ns.last_user = loop.index0 -%}{%- endif -%}
{%- endfor -%}
)jinja";

constexpr std::string_view kDeepSeekV32 = R"jinja({%- if tools -%}
{%- set head -%}
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
{% for tool in tools %}
{{ (tool.function or tool)|tojson }}
{% endfor %}
</functions>
{% endset -%}
{%- set ns.system = ns.system ~ '\n\n' ~ head -%}
{%- endif -%}
{{ bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- set current = loop.index0 > ns.last_user -%}
{%- if ns.after == 'tool' and message.role != 'tool' -%}{{ '\n</function_results>' }}{%- endif -%}
{%- if message.role == 'tool' -%}
{{ '\n\n<function_results>' if ns.after != 'tool' }}{{ '\n<result>' ~ message.content ~ '</result>' }}
{%- elif message.role == 'assistant' -%}
{{ '\n\n' if ns.after == 'tool' else '<｜Assistant｜>' }}
{{- '<think>' ~ reasoning_of(message) if thinking and current }}
{{- '</think>' ~ (message.content or '').split('</think>', 1)[-1] ~ calls_of(message, 'function_calls') ~ eos_token }}
{%- else -%}{{ '<｜User｜>' ~ message.content }}
{%- endif -%}
{%- set ns.after = message.role -%}
{%- endfor -%}
{%- if ns.after == 'tool' -%}{{ '\n</function_results>' }}{%- endif -%}
{%- if add_generation_prompt and ns.after != 'assistant' -%}
{{ '\n\n' if ns.after == 'tool' else '<｜Assistant｜>' }}{{ '<think>' if thinking else '</think>' }}
{%- endif -%})jinja";

constexpr std::string_view kDeepSeekV4 = R"jinja({%- if tools -%}
{%- set head -%}
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

{% for tool in tools %}
{{ (tool.function or tool)|tojson }}
{% endfor %}

You MUST strictly follow the above defined tool name and parameter schemas to invoke tool calls.
{% endset -%}
{%- set ns.system = ns.system ~ '\n\n' ~ head -%}
{%- endif -%}
{{ bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- set current = tools or loop.index0 > ns.last_user -%}
{%- if message.role == 'assistant' -%}
{{ '<｜Assistant｜>' ~ ('<think>' ~ reasoning_of(message) if thinking and current) }}
{{- '</think>' ~ (message.content or '').split('</think>', 1)[-1] ~ calls_of(message, 'tool_calls') ~ eos_token }}
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
  std::string_view name, begin, end;
};

constexpr Family kFamilies[] = {
    {"chatml", kChatml, ""},
    {"llama-3", kLlama3, ""},
    {"deepseek-v2", kDeepSeekV2, ""},
    {"deepseek-v3", kDeepSeekV3Turns, kDeepSeekV3End},
    {"deepseek-r1", kDeepSeekV3Turns, kDeepSeekR1End},
    {"deepseek-v3.1", kDeepSeekV31, ""},
    {"deepseek-v3.2", kDeepSeekDsml, kDeepSeekV32},
    {"deepseek-v4", kDeepSeekDsml, kDeepSeekV4},
    {"plain", kPlain, ""},
};

}  // namespace

std::string builtin_template(std::string_view family) {
  for (const Family& entry : kFamilies)
    if (entry.name == family) return std::string(entry.begin) + std::string(entry.end);
  return {};
}

std::string_view builtin_family(FunctionRef<bool(std::string_view)> has_token) {
  if (has_token("｜DSML｜")) return "deepseek-v4";
  if (has_token("<｜Assistant｜>")) {
    // V3's own vocabulary has no <think>; V3.1 added the search tokens to R1's.
    if (has_token("<｜search▁begin｜>")) return "deepseek-v3.1";
    return has_token("<think>") ? "deepseek-r1" : "deepseek-v3";
  }
  if (has_token("<|start_header_id|>")) return "llama-3";
  if (has_token("<|im_start|>")) return "chatml";
  return has_token("<｜begin▁of▁sentence｜>") ? "deepseek-v2" : "plain";
}

}  // namespace hadal
