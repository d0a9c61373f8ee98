"""Records the prompts of each DeepSeek release as it documents them: tests/golden/chat/releases.json.

    python chat_releases.py [--published FOLDER]

Written down here release by release in plain Python, apart from the library's own templates: roles and order as the
model cards give them, tool blocks as they print them. With --published the same conversations go through what the
releases publish, wherever the folder holds it, and must come out the same:
    deepseek-v3.jinja, deepseek-v3-0324.jinja, deepseek-r1.jinja, deepseek-r1-0528.jinja, deepseek-v3.1.jinja
                          chat templates (without the conversations in which the published ones leave a call open)
    encoding_dsv32.py     the encoder of V3.2
Checked with V3's and V3.1's templates, that of the distills since February 2025, and V3.2's encoder; jinja2 3.1.6.
"""
import argparse
import importlib.util
import json
import pathlib
import re

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "chat"
BEGIN, END, USER, ASSISTANT = "<s>", "</s>", "<｜User｜>", "<｜Assistant｜>"

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a city — now.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "e.g. \"Köln\""}}, "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "Local time", "parameters": {"type": "object", "properties": {}}}}


def user(text): return {"role": "user", "content": text}
def system(text): return {"role": "system", "content": text}
def assistant(text, **more): return {"role": "assistant", "content": text, **more}
def result(text): return {"role": "tool", "content": text}
def call(name, arguments): return {"type": "function", "function": {"name": name, "arguments": arguments}}


KOELN = call("get_weather", '{"city": "Köln", "days": 2, "units": ["°C", "K"], "exact": true, "near": null}')
ROUND = [user("Weather?"), assistant("", tool_calls=[KOELN]), result('{"t": 3.5}')]
TWO = [user("Both?"), assistant("Let me look.", tool_calls=[KOELN, call("clock", "{}")]), result("3.5"), result("12:00")]

CONVERSATIONS = {
    "one": [user("Hello")],
    "system": [system("Be brief."), user("Hello")],
    "turns": [system("Be brief."), user("u1"), assistant("a1"), user("u2"), assistant("a2"), user("u3")],
    "systems": [system("One."), user("u1"), assistant("a1"), system("Two."), user("u2")],
    "text": [user("你好 😀 \"q\" <b>&'\\ tab\t\n\n line"), assistant(" ä\n"), user(" ")],
    "thoughts": [user("u1"), assistant("<think>\nt1\n</think>\n\na1"), user("u2"), assistant("<think>t</think>a2"), user("u3")],
    "two closings": [user("u1"), assistant("<think>t</think>a</think>b"), user("u2")],
    "call": ROUND,
    "call answered": [*ROUND, assistant("3.5 °C."), user("Thanks")],
    "calls": TWO,
    "calls answered": [system("Help."), *TWO, assistant("3.5 °C at noon."), user("Thanks")],
    "rounds": [*ROUND, assistant("", tool_calls=[call("clock", "{}")]), result("12:00"), assistant("Noon."), user("Thanks")],
    "closed": [user("u1"), assistant("a1")],
    "reasons": [user("u1"), assistant("a1", reasoning_content="r1"), user("u2")],
    "reasons and calls": [user("u1"), assistant("a1", reasoning_content="r1"), user("Weather?"),
                          assistant("", tool_calls=[KOELN], reasoning_content="r2"), result("3.5")],
    "reasons, calls, answer": [user("Weather?"), assistant("Wait.", tool_calls=[KOELN], reasoning_content="r1"), result("3.5"),
                               assistant("3.5 °C.", reasoning_content="r2"), user("Thanks")],
    "developer": [{"role": "developer", "content": "Search."}],
}


def joined_system(messages):
    return "\n\n".join(m["content"] for m in messages if m["role"] == "system")


def without_system(messages):
    return [m for m in messages if m["role"] != "system"]


def llm(messages, tools, thinking, generate):
    out = BEGIN
    for m in messages:
        out += {"user": "User: {}\n\n", "assistant": "Assistant: {}" + END, "system": "{}\n\n"}[m["role"]].format(m["content"])
    return out + ("Assistant:" if generate else "")


CODER_SYSTEM = ("You are an AI programming assistant, utilizing the DeepSeek Coder model, developed by DeepSeek Company, and you only "
                "answer questions related to computer science. For politically sensitive questions, security and privacy issues, and "
                "other non-computer science questions, you will refuse to answer\n")


def coder(messages, tools, thinking, generate):
    out = BEGIN + ("" if any(m["role"] == "system" for m in messages) else CODER_SYSTEM)
    for m in messages:
        out += {"user": "### Instruction:\n{}\n", "assistant": "### Response:\n{}\n<|EOT|>\n", "system": "{}"}[m["role"]].format(m["content"])
    return out + ("### Response:\n" if generate else "")


def v3_tools(tools):
    out = "## Tools\n\n### Function\n\nYou have the following functions available:\n\n"
    return out + "\n\n".join(f"- `{t['function']['name']}`:\n```json\n{json.dumps(t['function'], indent=4, ensure_ascii=False)}\n```" for t in tools)


def v3_call(c):
    return ("<｜tool▁call▁begin｜>function<｜tool▁sep｜>" + c["function"]["name"] + "\n```json\n" + c["function"]["arguments"] +
            "\n```<｜tool▁call▁end｜>")


def v3(opening):
    def prompt(messages, tools, thinking, generate):
        out = BEGIN + "\n\n".join(filter(None, [joined_system(messages), v3_tools(tools) if tools else ""]))
        turns, i = without_system(messages), 0
        while i < len(turns):
            if turns[i]["role"] == "user":
                out += USER + turns[i]["content"]
            elif turns[i]["role"] == "tool":
                results = []
                while i < len(turns) and turns[i]["role"] == "tool":
                    results.append("<｜tool▁output▁begin｜>" + turns[i]["content"] + "<｜tool▁output▁end｜>")
                    i += 1
                out += "<｜tool▁outputs▁begin｜>" + "\n".join(results) + "<｜tool▁outputs▁end｜>"
                continue
            else:
                after_results = i > 0 and turns[i - 1]["role"] == "tool"
                out += ("" if after_results else ASSISTANT) + turns[i]["content"].split("</think>")[-1]
                calls = turns[i].get("tool_calls")
                if calls:
                    out += "<｜tool▁calls▁begin｜>" + "\n".join(map(v3_call, calls)) + "<｜tool▁calls▁end｜>"
                out += END
            i += 1
        ends_in_results = bool(turns) and turns[-1]["role"] == "tool"
        return out + (opening if generate and not ends_in_results else "")
    return prompt


def v31_tools(tools):
    out = "\n\n## Tools\nYou have access to the following tools:\n"
    for t in tools:
        f = t["function"]
        out += f"\n### {f['name']}\nDescription: {f['description']}\n\nParameters: {json.dumps(f['parameters'], ensure_ascii=False)}\n"
    return out + """
IMPORTANT: ALWAYS adhere to this exact format for tool use:
<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>{additional_tool_calls}<｜tool▁calls▁end｜>

Where:
- `tool_call_name` must be an exact match to one of the available tools
- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters Schema
- For multiple tool calls, chain them directly without separators or spaces
"""


def v31(messages, tools, thinking, generate):
    out, before = BEGIN + joined_system(messages) + (v31_tools(tools) if tools else ""), ""
    for m in without_system(messages):
        if m["role"] == "user":
            out += USER + m["content"]
        elif m["role"] == "tool":
            out += "<｜tool▁output▁begin｜>" + m["content"] + "<｜tool▁output▁end｜>"
        else:
            out += (ASSISTANT + "</think>" if before == "user" else "") + m["content"].split("</think>", 1)[-1]
            if m.get("tool_calls"):
                calls = ("<｜tool▁call▁begin｜>" + c["function"]["name"] + "<｜tool▁sep｜>" + c["function"]["arguments"] + "<｜tool▁call▁end｜>"
                         for c in m["tool_calls"])
                out += "<｜tool▁calls▁begin｜>" + "".join(calls) + "<｜tool▁calls▁end｜>"
            out += END
        before = m["role"]
    return out + (ASSISTANT + ("<think>" if thinking else "</think>") if generate and before == "user" else "")


V32_TOOLS = """

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
SCHEMAS
</functions>
"""


def v32_call(c):
    lines = [f'<｜DSML｜invoke name="{c["function"]["name"]}">']
    parameters = []
    for name, value in json.loads(c["function"]["arguments"]).items():
        is_text = isinstance(value, str)
        text = value if is_text else json.dumps(value, ensure_ascii=False)
        parameters.append(f'<｜DSML｜parameter name="{name}" string="{str(is_text).lower()}">{text}</｜DSML｜parameter>')
    return "\n".join([*lines, "\n".join(parameters), "</｜DSML｜invoke>"])


def v32(messages, tools, thinking, generate):
    out = BEGIN + joined_system(messages)
    if tools:
        out += V32_TOOLS.replace("SCHEMAS", "\n".join(json.dumps(t["function"], ensure_ascii=False) for t in tools))
    turns = without_system(messages)
    asked = [i for i, m in enumerate(turns) if m["role"] in ("user", "developer")]
    task = asked[-1] if asked else -1
    for i, m in enumerate(turns):
        opened = "<think>" if thinking and i >= task else "</think>"
        following = turns[i + 1]["role"] if i + 1 < len(turns) else None
        opens = following is not None or generate
        if m["role"] in ("user", "developer"):
            out += USER + ("\n\n# The user's message is: " if m["role"] == "developer" else "") + m["content"]
            out += ASSISTANT + opened if opens else ""
        elif m["role"] == "tool":
            out += ("\n\n<function_results>" if turns[i - 1]["role"] != "tool" else "") + f"\n<result>{m['content']}</result>"
            if following != "tool":
                out += "\n</function_results>" + ("\n\n" + opened if opens else "")
        else:
            thought, closing, answer = m["content"].partition("</think>")
            thought = m.get("reasoning_content") or (thought.split("<think>")[-1] if closing else "")
            out += (thought + "</think>" if thinking and i > task else "") + (answer if closing else m["content"])
            if m.get("tool_calls"):
                out += "\n\n<｜DSML｜function_calls>\n" + "\n".join(map(v32_call, m["tool_calls"])) + "\n</｜DSML｜function_calls>"
            out += END
    return out


PLAIN = ("one", "system", "turns", "systems", "text", "closed")
THINKS = PLAIN + ("thoughts", "two closings")
CALLS = THINKS + ("call", "call answered", "calls", "calls answered", "rounds")
# V2 writes as LLM does; V2.5, V3-0324 and R1-0528 as V3 does.
RELEASES = {
    "deepseek-llm": (llm, PLAIN, False),
    "deepseek-coder": (coder, PLAIN, False),
    "deepseek-v3": (v3(ASSISTANT), CALLS, False),
    "deepseek-r1": (v3(ASSISTANT + "<think>\n"), CALLS, False),
    "deepseek-v3.1": (v31, CALLS, True),
    "deepseek-v3.2": (v32, tuple(CONVERSATIONS), True),
}


def cases():
    for release, (prompt, names, switch) in RELEASES.items():
        for name in names:
            messages = CONVERSATIONS[name]
            generate = name != "closed"
            with_tools = [None, [WEATHER], [WEATHER, CLOCK]] if name in ("one", "system", "calls") and "call" in names else [None]
            for tools in with_tools:
                for thinking in ((False, True) if switch else (None,)):
                    variables = {"messages": messages, "add_generation_prompt": generate, "bos_token": BEGIN, "eos_token": END}
                    if tools:
                        variables["tools"] = tools
                    if thinking is not None:
                        variables["thinking"] = thinking
                    yield release, name, variables, prompt(messages, tools, thinking, generate)


def written(name, variables, text):
    out = {"conversation": name, "tools": len(variables.get("tools", ())), "text": text}
    if "thinking" in variables:
        out["thinking"] = variables["thinking"]
    return out


def published_text(folder, release, name, variables):
    """What the release itself makes of it; None where it publishes nothing for this, or something known to be wrong."""
    tools = variables.get("tools")
    if release == "deepseek-v3.2":
        path = folder / "encoding_dsv32.py"
        # It has no word for a reply that is not asked for, joins no system messages and takes thoughts apart from answers.
        if not path.exists() or name in ("closed", "systems") or any("</think>" in m["content"] for m in variables["messages"]):
            return None
        spec = importlib.util.spec_from_file_location("encoding_dsv32", path)
        encoder = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(encoder)
        encoder.bos_token = BEGIN
        messages = [dict(m) for m in variables["messages"]]
        if tools:
            if messages[0]["role"] != "system":
                messages.insert(0, {"role": "system", "content": ""})
            messages[0]["tools"] = tools
        # A copy with a few blank lines of the tool block lost is in circulation.
        text = encoder.encode_messages(messages, "thinking" if variables["thinking"] else "chat")
        return text.replace("<｜end▁of▁sentence｜>", END)
    path = folder / (release + ".jinja")
    if not path.exists() or tools or (name == "systems" and release == "deepseek-r1"):
        return None
    if "r1" not in release and "v3.1" not in release and any("</think>" in m["content"] for m in variables["messages"]):
        return None  # V3 has no thoughts and leaves them where they are
    if "v3.1" not in release and name in ("call answered", "calls", "calls answered", "rounds", "call"):
        if release == "deepseek-v3" or name in ("calls", "calls answered", "rounds") or "r1" not in release:
            return None  # calls left open, an opening forgotten, text beside calls left out
        variables = {**variables, "messages": [{**m, "content": None} if m.get("tool_calls") else m for m in variables["messages"]]}
    from chat import render
    return render(path.read_text(), variables).replace("<｜end▁of▁sentence｜>", END)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--published", type=pathlib.Path)
    folder = arguments.parse_args().published
    recorded, checked, different = {}, 0, 0
    for release, name, variables, text in cases():
        recorded.setdefault(release, []).append(written(name, variables, text))
        theirs = folder and published_text(folder, release, name, variables)
        if not theirs:
            continue
        checked += 1
        squeezed = (lambda t: re.sub("\n+", "\n", t)) if variables.get("tools") else (lambda t: t)
        if squeezed(theirs) != squeezed(text):
            different += 1
            print(f"{release}, {name}:\n  published {theirs!r}\n  here      {text!r}")
    path = GOLDEN / "releases.json"
    file = {"conversations": CONVERSATIONS, "tools": [WEATHER, CLOCK], "prompts": recorded}
    lines = json.dumps(file, ensure_ascii=False, separators=(",", ":"))
    path.write_text(lines.replace('{"conversation":', '\n{"conversation":').replace('"prompts":', '\n"prompts":') + "\n")
    print(path.name, path.stat().st_size, "bytes;", sum(map(len, recorded.values())), "prompts;", checked, "compared,", different, "different")


if __name__ == "__main__":
    main()
