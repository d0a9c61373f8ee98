"""Records what transformers renders: tests/golden/chat/{rendered,language,generated}.json.

    python chat.py

rendered.json: every template of tests/golden/chat/templates with every conversation of chat_cases.py; null where
transformers refuses. language.json: small templates, one construct each. generated.json: random templates, one seed.
The clock stands at 2024-11-22 00:20:00. Recorded with transformers 5.23.0 and jinja2 3.1.6.
"""
import datetime
import json
import pathlib
import random

import transformers.utils.chat_template_utils as chat_template_utils

from chat_cases import CONVERSATIONS, EXPRESSIONS, STATEMENT_VALUES, STATEMENTS, VALUES

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "chat"


class StandingClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime(2024, 11, 22, 0, 20, 0)


chat_template_utils.datetime = StandingClock


def render(template, variables):
    try:
        return chat_template_utils._compile_jinja_template(template).render(**variables)
    except Exception:  # whatever jinja2 or Python refuse, the library must refuse too
        return None


class Generator:
    """Random templates whose expressions mostly have the types their operators need."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.variables = {
            "s": "Hello World", "u": "a\u4f60\u597d\U0001F600 \u00dc\u00df", "w": "  padded\n text\t", "e": "", "i": 7, "z": 0, "f": 2.5,
            "neg": -3, "t": True, "no": False, "n": None, "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "mixed": [1, "x", None, 2.0, True],
            "d": {"b": 1, "a": "two", "c": [1, 2]},
            "messages": [{"role": "system", "content": "be  kind"}, {"role": "user", "content": "hi there\n"},
                         {"role": "assistant", "content": "<think>hm</think>\n\nyes", "n": 2},
                         {"role": "user", "content": "q\u00e9 \"quoted\" <tag> & 'x'"}],
        }
        self.locals = []

    def pick(self, *options):
        return self.rng.choice(options)

    def text(self, depth):
        if depth <= 0:
            return self.pick("s", "u", "w", "e", "'ab'", '"q\\n"', "'\u00e9\u4f60'", "messages[1].content", "messages[-1]['content']", "d.a", *self.locals)
        a, b = self.text(depth - 1), self.text(depth - 2)
        return self.pick(
            lambda: f"{a}|{self.pick('upper', 'lower', 'title', 'trim', 'capitalize', 'reverse', 'string', 'e', 'tojson', 'safe', 'list|join', 'first', 'last')}",
            lambda: f"({a} ~ {self.any(depth - 1)})",
            lambda: f"({a} + {b})",
            lambda: f"({a}).{self.pick('strip()', 'upper()', 'lower()', 'title()', 'rstrip()', 'lstrip()', 'swapcase()', 'capitalize()')}",
            lambda: f"({a}).replace({b}, {self.text(0)})",
            lambda: f"({a})|replace({self.text(0)}, {b}{self.pick('', ', 1')})",
            lambda: f"({a})[{self.slice()}]",
            lambda: f"({a} if {self.boolean(depth - 1)} else {b})",
            lambda: f"({self.list(depth - 1)})|join({self.pick('', repr(', '), repr('-'))})",
            lambda: f"({a} * {self.pick('0', '2', '3', '-1')})",
            lambda: f"({a}|default({b}{self.pick('', ', true')}))",
            lambda: f"'{self.pick('%s|%s', '%5s,%-4s.', '%r %s')}' % ({a}, {self.any(depth - 2)})",
            lambda: f"'{self.pick('{}:{}', '{1} {0}', '{0!r}{1}', '{:>8}{}')}'.format({a}, {self.any(depth - 2)})",
            lambda: f"({self.any(depth - 1)})|tojson{self.pick('', '(indent=2)', '(ensure_ascii=true)', '(sort_keys=true)')}",
            lambda: f"({a}).split({self.pick('', repr(' '), repr('l'), 'none, 1')}){self.pick('[0]', '[-1]', '|join(' + repr('/') + ')')}",
            lambda: f"({a})|indent({self.pick('', '2', 'width=1, first=true')})",
            lambda: f"({a})|truncate({self.pick('5', '8, true', '6, false, ' + repr('~'))})",
        )()

    def number(self, depth):
        if depth <= 0:
            return self.pick("i", "z", "f", "neg", "1", "2", "10", "0.5", "1e3", "l[0]", "d.b", "100000", "3.0")
        a, b = self.number(depth - 1), self.number(depth - 2)
        return self.pick(
            lambda: f"({a} {self.pick('+', '-', '*', '/', '//', '%')} {b})",
            lambda: f"({self.text(depth - 1)})|length",
            lambda: f"({self.list(depth - 1)})|length",
            lambda: f"(-{self.number(0)})|abs",
            lambda: f"({a})|{self.pick('int', 'float', 'round', 'round(1)', 'abs')}",
            lambda: f"({self.number(0)} ** {self.pick('2', '3', '0', '-1')})",
            lambda: f"({self.text(depth - 1)}).{self.pick('find', 'count', 'rfind')}({self.text(0)})",
            lambda: f"[{a}, {b}]|{self.pick('min', 'max', 'sum')}",
            lambda: f"({a} if {self.boolean(depth - 1)} else {b})",
        )()

    def list(self, depth):
        if depth <= 0:
            return self.pick("l", "ls", "[1, 2, 3]", "['x', 'y']", "range(4)", "messages|map(attribute='role')|list", "mixed", "[]", "d.c")
        a = self.list(depth - 1)
        return self.pick(
            lambda: f"({a})|{self.pick('list', 'reverse|list', 'unique|list', 'sort', 'sort(reverse=true)')}",
            lambda: f"({a})|list|map('{self.pick('string', 'upper', 'length', 'tojson')}')|list",
            lambda: f"({a})|{self.pick('select', 'reject')}('{self.pick('string', 'number', 'none', 'defined', 'odd')}')|list",
            lambda: f"(({a})|list)[{self.slice()}]",
            lambda: f"[{self.any(depth - 1)}, {self.any(depth - 2)}]",
            lambda: f"(({a})|list + [{self.any(depth - 2)}])",
            lambda: f"({self.text(depth - 1)})|list",
            lambda: f"({self.text(depth - 1)}).split()",
            lambda: f"messages|{self.pick('selectattr', 'rejectattr')}('{self.pick('role', 'content', 'n')}', '{self.pick('defined', 'equalto', 'ne')}'{self.pick('', ', ' + repr('user'))})|map(attribute='role')|list",
            lambda: f"d|{self.pick('list', 'dictsort', 'items|list')}",
            lambda: f"range({self.pick('3', '1, 4', '5, 0, -2')})|list",
            lambda: f"({a})|list|batch(2)|list",
        )()

    def boolean(self, depth):
        if depth <= 0:
            return self.pick("t", "no", "n is none", "s is string", "missing is defined", "loop is defined", "i is odd", "'a' in d", "l is sequence", "d is mapping")
        return self.pick(
            lambda: f"({self.number(depth - 1)} {self.pick('<', '>', '==', '!=', '<=', '>=')} {self.number(depth - 1)})",
            lambda: f"({self.text(depth - 1)} {self.pick('==', '<', 'in', 'not in')} {self.text(depth - 1)})",
            lambda: f"({self.any(depth - 1)} {self.pick('in', 'not in')} ({self.list(depth - 1)}))",
            lambda: f"(not {self.boolean(depth - 1)})",
            lambda: f"({self.boolean(depth - 1)} {self.pick('and', 'or')} {self.boolean(depth - 1)})",
            lambda: f"({self.any(depth - 1)}) is {self.pick('', 'not ')}{self.pick('string', 'number', 'none', 'iterable', 'mapping', 'true', 'integer', 'float', 'boolean', 'sequence')}",
            lambda: f"({self.text(depth - 1)}).{self.pick('startswith', 'endswith')}({self.text(0)})",
            lambda: f"({self.number(0)} < {self.number(0)} <= {self.number(0)})",
        )()

    def slice(self):
        bound = lambda: self.pick("", "", "1", "-1", "2", "-3", "0", "9")
        return self.pick(f"{bound()}:{bound()}", f"{bound()}:{bound()}:{self.pick('1', '2', '-1', '-2')}", "::-1")

    def any(self, depth):
        kind = self.pick(self.text, self.text, self.number, self.list, self.boolean)
        if self.rng.random() < 0.06:
            return self.pick("n", "missing", "d", "messages[0]", "(1, 'a')", "{'k': s, 2: l}", "none")
        return kind(depth)

    def blank(self):
        return self.pick("", "", " ", "\n", "  \n  ", "\n\n", " . ", "<x>", "text\n")

    def tag(self, body):
        return "{%" + self.pick("", "", "-", "+") + f" {body} " + self.pick("", "", "-") + "%}"

    def output(self, depth):
        return "{{" + self.pick("", "", "-") + f" {self.any(depth)} " + self.pick("", "", "-") + "}}"

    def statement(self, depth):
        if depth <= 0:
            return self.blank() + self.output(2)
        body = lambda: self.block(depth - 1)
        name = self.pick("v1", "v2", "v3")
        return self.blank() + self.pick(
            lambda: self.output(3),
            lambda: self.tag(f"if {self.boolean(2)}") + body() + self.pick("", self.tag("else") + body(), self.tag(f"elif {self.boolean(1)}") + body()) + self.tag("endif"),
            lambda: self.tag(f"for x in {self.list(2)}{self.pick('', '', ' if x')}") + self.loop_body(depth) + self.pick("", self.tag("else") + "none") + self.tag("endfor"),
            lambda: self.tag("for m in messages" + self.pick("", "[1:]", "|reverse", " if m.role == 'user'")) + "{{ m.role }}" + self.loop_body(depth) + self.tag("endfor"),
            lambda: self.tag("for k, v in d." + self.pick("items()", "items()|list", "items()|sort(attribute='0')")) + "{{ k }}={{ v }}" + body() + self.tag("endfor"),
            lambda: self.tag(f"set {name} = {self.any(2)}") + "{{ " + name + " }}" + body(),
            lambda: self.tag(f"set {name}") + body() + self.tag("endset") + "[{{ " + name + self.pick("", "|trim", "|length") + " }}]",
            lambda: self.tag("set ns = namespace(c=0, t='')") + self.tag("for x in " + self.list(1)) + self.tag("set ns.c = ns.c + 1") + self.tag("set ns.t = ns.t ~ x") + self.tag("endfor") + "{{ ns.c }}{{ ns.t }}",
            lambda: self.tag(f"macro mac(a, b={self.any(1)})") + "<{{ a }}|{{ b }}>" + body() + self.tag("endmacro") + "{{ mac(" + self.any(1) + self.pick("", ", 5", ", b=s") + ") }}",
            lambda: self.tag("filter " + self.pick("upper", "trim", "indent(2)", "replace('a', 'A')")) + body() + self.tag("endfilter"),
            lambda: self.tag(f"with q = {self.any(1)}") + "{{ q }}" + body() + self.tag("endwith"),
            lambda: "{#" + self.pick("", "-") + " note " + self.pick("", "-") + "#}" + body(),
            lambda: self.tag("raw") + "{{ s }} {% x %}" + self.tag("endraw"),
        )()

    def loop_body(self, depth):
        inner = self.block(depth - 1)
        return inner + self.pick("", "{{ loop.index }}", "{{ loop.index0 }}/{{ loop.length }}", "{{ loop.last }}{{ loop.first }}", "{{ loop.revindex }}",
                                 "{{ loop.nextitem }}", "{{ loop.previtem is defined }}", "{{ loop.cycle('a', 'b') }}",
                                 "{% if loop.index == 2 %}{% break %}{% endif %}", "{% if loop.first %}{% continue %}{% endif %}{{ x }}{{ m }}")

    def block(self, depth):
        return "".join(self.statement(depth - self.rng.randrange(2)) for _ in range(self.rng.randrange(1, 3))) + self.blank()


def has_address(text):
    return " at 0x" in text


def generated(count):
    generator = Generator(20241122)
    cases, refused = [], 0
    while len(cases) < count:
        template = generator.block(3)
        if len(template) > 420 or len(template) < 25:
            continue
        text = render(template, generator.variables)
        if text is None:
            refused += 1
            if refused % 12 or refused > count:  # a few of them, so that errors agree as well
                continue
        elif len(text) > 500 or has_address(text):
            continue
        cases.append([template, text])
    return {"variables": generator.variables, "cases": cases}


def rendered():
    templates = {path.stem: path.read_text() for path in sorted((GOLDEN / "templates").glob("*.jinja"))}
    texts = {name: {c: render(source, variables) for c, variables in CONVERSATIONS.items()} for name, source in templates.items()}
    return {"conversations": CONVERSATIONS, "texts": texts}


def language():
    return [{"variables": values, "cases": [[template, render(template, values)] for template in templates]}
            for values, templates in ((VALUES, EXPRESSIONS), (STATEMENT_VALUES, STATEMENTS))]


def write(name, value):
    path = GOLDEN / name
    path.write_text(json.dumps(value, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n")
    print(name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    write("rendered.json", rendered())
    write("language.json", language())
    write("generated.json", generated(500))
