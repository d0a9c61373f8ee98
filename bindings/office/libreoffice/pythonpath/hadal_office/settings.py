"""What the user set, and the prompts of the commands: two small text files that a person can edit.

`office.txt` holds `key = value` lines, `prompts.txt` one section for each command. The Word and Excel templates read the
same files, so both halves of this page must stay in step with `HadalSettings.bas`.
"""
import glob
import os

DEFAULTS = {
    "model": "",            # a GGUF file, a model folder or a name in the Ollama store; "" = the first one found
    "options": "",          # further options of hadal.h, "top_p=0.9; threads=2"
    "system": "",
    "temperature": "0.6",
    "max_tokens": "1024",   # of one answer in a document
    "cell_tokens": "256",   # of one answer in a cell
    "language": "English",  # what Translate translates to
    "thoughts": "off",      # off, or comment: a reasoning model's thoughts become a comment beside the answer
}
EXPLAINED = {
    "model": "a GGUF file, a model folder, or a name in the local Ollama store (deepseek-r1:1.5b); empty = the first found",
    "options": "further options, for example: top_p=0.9; threads=2",
    "system": "what the model is told before everything else",
    "temperature": "0 = always the most likely word; higher = freer",
    "max_tokens": "the longest answer in a document, in tokens",
    "cell_tokens": "the longest answer in a cell, in tokens",
    "language": "what Translate translates to",
    "thoughts": "off, or comment: what a model thinks before it answers becomes a comment",
}
COMMANDS = ("Ask", "Rewrite", "Summarise", "Translate", "Check contract")


def folder():
    """Where both files live: %APPDATA%\\Hadal, or ~/.config/hadal."""
    if os.environ.get("APPDATA"):
        return os.path.join(os.environ["APPDATA"], "Hadal")
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "hadal")


def settings_path():
    return os.path.join(folder(), "office.txt")


def prompts_path():
    return os.path.join(folder(), "prompts.txt")


def parse_settings(text):
    found = dict(DEFAULTS)
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#") and key.strip() in found:
            found[key.strip()] = value.strip().replace("\\n", "\n")
    return found


def read_settings():
    return parse_settings(_read(settings_path()))


def write_settings(values):
    lines = ["# Hadal in Word, Excel and LibreOffice. A line that starts with # is a remark."]
    for key, default in DEFAULTS.items():
        value = values.get(key, default).replace("\r\n", "\n").replace("\n", "\\n").strip()
        lines += ["", f"# {EXPLAINED[key]}", f"{key} = {value}"]
    _write(settings_path(), "\n".join(lines) + "\n")


class Prompt:
    """One section of prompts.txt: where the answer goes (after, replace, edits) and the text sent to the model."""

    def __init__(self, where, template):
        self.where, self.template = where, template

    def fill(self, text, language):
        # One pass: braces inside the document's own text stay as they are.
        before, _, after = self.template.replace("{language}", language).partition("{text}")
        return before + text + after


def parse_prompts(text):
    """{command: Prompt}. Lines before the first section are remarks; the first line of a section may be `where = ...`."""
    sections, name = {}, None
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("[") and line.rstrip().endswith("]"):
            name = line.strip()[1:-1].strip()
            sections[name] = []
        elif name is not None:
            sections[name].append(line)
    found = {}
    for name, lines in sections.items():
        where = "after"
        if lines and lines[0].replace(" ", "").startswith("where="):
            where = lines.pop(0).partition("=")[2].strip()
        body = "\n".join(lines).strip("\n")
        found[name] = Prompt(where if where in ("after", "replace", "edits") else "after",
                             body if "{text}" in body else body + "\n\n{text}")
    return found


def read_prompts(shipped_path):
    """The shipped prompts, with those the user changed."""
    found = parse_prompts(_read(shipped_path))
    found.update(parse_prompts(_read(prompts_path())))
    return found


def own_prompts_file(shipped_path):
    """The path of the user's prompts.txt, made from the shipped one when there is none yet."""
    if not os.path.exists(prompts_path()):
        _write(prompts_path(), _read(shipped_path))
    return prompts_path()


def find_model(values):
    """The model to open: the one set, else HADAL_MODEL, else the first GGUF file in Hadal's cache folder; "" if none."""
    return next((found for found in (values["model"], os.environ.get("HADAL_MODEL"), *_cached_models()) if found), "")


def installed_models(values):
    """The models on this machine, best guess first: the default one, GGUF files, names of the Ollama store."""
    store = os.environ.get("OLLAMA_MODELS") or os.path.join(os.path.expanduser("~"), ".ollama", "models")
    library = os.path.join(glob.escape(store), "manifests", "registry.ollama.ai", "library", "*", "*")
    names = sorted(":".join(path.split(os.sep)[-2:]) for path in glob.glob(library))
    found = [values["model"], os.environ.get("HADAL_MODEL"), *_cached_models(), *names]
    return list(dict.fromkeys(name for name in found if name))


def _cached_models():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return sorted(glob.glob(os.path.join(glob.escape(os.path.join(cache, "hadal")), "*.gguf")))


def _read(path):
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline=None) as file:
            return file.read()
    except OSError:
        return ""


def _write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, path)
