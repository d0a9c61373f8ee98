// Templates come inside model files, so anything may stand in them.
#include "conversation.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

std::string repeated(std::string_view text, int count) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

void check_fails(std::string_view source, Status status, double seconds = 6.0) {
  INFO(std::string(source.substr(0, 120)));
  const Failure failure = failure_of(source);
  INFO(failure.text);
  CHECK(failure.status == status);
  CHECK(failure.seconds < seconds);  // under a sanitizer; without one it is below half a second
}

}  // namespace

TEST_CASE("what is no Jinja is corrupt, with line and column") {
  const std::pair<const char*, const char*> cases[] = {
      {"a\n  {{ 1 + }}", "line 2 column 10"},   {"{% if x %}", "line 1 column 11"},
      {"{% endfor %}", "line 1 column 4"},      {"{{ 'abc }}", "line 1 column 4"},
      {"{{ (1 }}", "line 1 column 7"},          {"\xE4\xBD\xA0{{ ? }}", "line 1 column 5"},
      {"{# never closed", "line 1 column 1"},   {"{% raw %}{{", "line 1 column 1"},
      {"{% nonsense %}", "line 1 column 4"},    {"{% for x in y %}{% endif %}", "line 1 column 20"},
      {"{% set loop = 1 %}", "line 1 column 8"}, {"{{ '\\xZZ' }}", "line 1 column 5"},
      {"{% break %}", "line 1 column 4"},       {"{{ 09 }}", "line 1 column 4"},
  };
  for (const auto& one : cases) {  // by name: a structured binding cannot be captured by INFO
    const char* source = one.first;
    const char* place = one.second;
    const Failure failure = failure_of(source);
    INFO(source, " -> ", failure.text);
    CHECK(failure.status == Status::corrupt);
    CHECK(failure.text.find(place) != std::string::npos);
  }
  CHECK(failure_of("\xFF").status == Status::corrupt);
}

TEST_CASE("what is outside the subset is unsupported, with line and column") {
  const std::pair<const char*, const char*> cases[] = {
      {"\n{{ x|urlize }}", "line 2 column 6"},    {"{% include 'x' %}", "line 1 column 4"},
      {"{{ 1 is nonsense }}", "line 1 column 6"}, {"{% for x in y recursive %}{% endfor %}", "line 1 column 15"},
      {"{{ '\\N{DASH}' }}", "line 1 column 5"},   {"{{ \xC3\xA9 }}", "line 1 column 4"},
  };
  for (const auto& one : cases) {  // by name: a structured binding cannot be captured by INFO
    const char* source = one.first;
    const char* place = one.second;
    const Failure failure = failure_of(source);
    INFO(source, " -> ", failure.text);
    CHECK(failure.status == Status::unsupported);
    CHECK(failure.text.find(place) != std::string::npos);
  }
}

TEST_CASE("a filter that is not there is an error only where a branch reaches it") {
  CHECK(ChatTemplate("{% if false %}{{ 1|urlize }}{% endif %}ok").render(variables({})) == "ok");
  check_fails("{% if true %}{{ 1|urlize }}{% endif %}", Status::unsupported);
}

TEST_CASE("raise_exception is reported in its own words, other failures with their place") {
  const Failure raised = failure_of("{{ raise_exception('Roles must alternate!') }}");
  CHECK(raised.status == Status::invalid_argument);
  CHECK(raised.text == "Roles must alternate!");
  const Failure missing = failure_of("\n {{ nothing.here }}");
  CHECK(missing.status == Status::invalid_argument);
  CHECK(missing.text == "chat template, line 2 column 12: 'nothing' is undefined");
}

TEST_CASE("a template that runs without end is stopped") {
  const std::string thousand = "{% for a in range(1000) %}";
  check_fails(repeated("{% for a in range(100000) %}", 3) + "x" + repeated("{% endfor %}", 3), Status::unsupported);
  check_fails(repeated(thousand, 6) + repeated("{% endfor %}", 6), Status::unsupported);
  check_fails("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", Status::unsupported);
  check_fails("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", Status::unsupported);
  check_fails("{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}", Status::unsupported);
  check_fails("{{ range(100001) }}", Status::unsupported);
  check_fails("{{ range(9223372036854775807)|list }}", Status::unsupported);
  check_fails(
      "{% set ns = namespace(l=range(100000)|list) %}{% for i in range(100000) %}{% if ns.l == ns.l %}{% endif %}{% "
      "endfor %}",
      Status::unsupported);
  check_fails("{{ range(100000)|map('string')|unique|list|length }}", Status::unsupported);
  check_fails("{{ range(50000)|sort(reverse=true)|map('tojson')|sort|groupby(0)|list }}" + repeated(thousand, 5) +
                  repeated("{% endfor %}", 5),
              Status::unsupported);
}

TEST_CASE("a template whose values explode is stopped before they are made") {
  check_fails("{{ 'x' * 10000000000 }}", Status::unsupported);
  check_fails("{{ [0] * 10000000000 }}", Status::unsupported);
  check_fails("{{ 'x' * 9223372036854775807 }}", Status::unsupported);
  check_fails("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
              Status::unsupported);
  check_fails("{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
              Status::unsupported);
  check_fails(
      "{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}",
      Status::unsupported);
  check_fails(
      "{% set ns = namespace(s='<') %}{% for i in range(100) %}{% set ns.s = (ns.s|safe|forceescape)~ns.s %}{% endfor "
      "%}",
      Status::unsupported);
  check_fails("{{ 'a'.center(9999999999) }}", Status::unsupported);
  check_fails("{{ 'a'.zfill(9999999999) }}", Status::unsupported);
  check_fails("{{ 'a'|center(9223372036854775807) }}", Status::unsupported);
  check_fails("{{ 'a'|indent(9999999999, true) }}", Status::unsupported);
  check_fails("{{ '%9999999999d' % 1 }}", Status::unsupported);
  check_fails("{{ '%.9999999999f' % 1 }}", Status::unsupported);
  check_fails("{{ '{:9999999999}'.format(1) }}", Status::unsupported);
  check_fails("{{ [1]|tojson(indent=9999999999) }}", Status::unsupported);
  check_fails("{{ [1]|batch(9999999999, 'x')|list }}", Status::unsupported);
  check_fails("{{ [1]|slice(9999999999)|list }}", Status::unsupported);
  check_fails("{% set s = 'x' * 60000000 %}{{ s }}{{ s }}", Status::unsupported);
  check_fails("{% set s = 'x' * 1000000 %}{% for i in range(100000) %}{% set q = s ~ i %}{% endfor %}",
              Status::unsupported);
  check_fails("{% set s = 'x ' * 30000000 %}{{ s.split() }}", Status::unsupported);
  check_fails("{% set ns = namespace(v=1) %}{% for i in range(100000) %}{% set ns.v = [ns.v] %}{% endfor %}",
              Status::unsupported);
  check_fails("{% set ns = namespace(v=1) %}{% for i in range(100000) %}{% set ns.v = {'a': ns.v} %}{% endfor %}",
              Status::unsupported);
  check_fails(
      "{% set ns = namespace(v=[1]) %}{% for i in range(30) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v }}",
      Status::unsupported);
  check_fails(
      "{% set ns = namespace(v=[1]) %}{% for i in range(60) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v == "
      "ns.v|tojson|list }}{{ ns.v|tojson }}",
      Status::unsupported);
}

TEST_CASE("deep nesting is refused without deep recursion") {
  for (const auto& [open, close] :
       {std::pair{"(", ")"}, {"[", "]"}, {"{1:", "}"}, {"not ", ""}, {"-", ""}, {"a[", "]"}, {"a(", ")"}})
    check_fails("{{ " + repeated(open, 50000) + "1" + repeated(close, 50000) + " }}", Status::unsupported);
  check_fails(repeated("{% if 1 %}", 20000) + repeated("{% endif %}", 20000), Status::unsupported);
  check_fails("{{ a" + repeated(".a", 50000) + " }}", Status::unsupported);
  check_fails("{{ 1" + repeated("|abs", 50000) + " }}", Status::unsupported);
  check_fails("{{ 1" + repeated(" if 1 else 1", 50000) + " }}", Status::unsupported);
  check_fails("{% set " + repeated("(", 50000) + "a" + repeated(")", 50000) + " = 1 %}", Status::unsupported);
  CHECK(ChatTemplate("{{ 1" + repeated(" + 1", 20000) + " }}").render(variables({})) == "20001");
  CHECK(ChatTemplate("{{ 1" + repeated(" and 1", 20000) + " }}").render(variables({})) == "1");
  check_fails(std::string((size_t{1} << 20) + 1, 'x'), Status::unsupported);

  Json deep("x");
  for (int i = 0; i < 1000; ++i) deep = Json(Json::Array{deep});
  CHECK(failure_of("{{ v }}", variables({}, {{"v", deep}})).status == Status::invalid_argument);
}

TEST_CASE("namespaces, macros and loops that hold themselves are let go") {
  // The leak check of the address sanitizer is the judge here.
  CHECK(ChatTemplate("{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = [b, a] %}{% set a.c = a %}ok")
            .render(variables({})) == "ok");
  CHECK(ChatTemplate("{% set n = namespace() %}{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}{% set n.m = m "
                     "%}{% endfor %}{{ n.m() }}")
            .render(variables({})) == "2");
  CHECK(ChatTemplate("{% for i in [1, 2] %}{{ loop.changed(loop) }}{% endfor %}").render(variables({})) == "TrueFalse");
  CHECK(ChatTemplate("{% set ns = namespace(v=none) %}{% for i in range(50000) %}{% set ns.v = namespace(v=[ns.v]) "
                     "%}{% endfor %}ok")
            .render(variables({})) == "ok");
  check_fails(
      "{% set ns = namespace(v=none) %}" + repeated("{% for i in [ns.v] %}{% set ns.v = loop %}{% endfor %}", 1000),
      Status::unsupported);
}

TEST_CASE("integers beyond 64 bits are refused, not wrapped") {
  for (const char* source : {"{{ 9223372036854775807 + 1 }}", "{{ 9223372036854775808 }}", "{{ 10 ** 30 }}",
                             "{{ 1e300|int }}", "{{ '99999999999999999999'|int }}", "{{ 4611686018427387904 * 2 }}"})
    check_fails(source, Status::unsupported);
  CHECK(ChatTemplate("{{ -9223372036854775807 - 1 }} {{ 9223372036854775807 // -1 }} {{ 5 % -1 }}")
            .render(variables({})) == "-9223372036854775808 -9223372036854775807 0");
  check_fails("{{ (-9223372036854775807 - 1) // -1 }}", Status::unsupported);
}

TEST_CASE("values of messages that are not UTF-8 lead nowhere outside the text") {
  const std::string broken = "a\xF0\x9F\xC3\x80\x80z\xE4";
  const Json values = variables({}, {{"v", Json(broken)}});
  for (const char* use :
       {"v|upper", "v[::-1]", "v|list", "v[1:3]", "v|tojson", "[v]", "v.split('z')", "v|title", "v[-1]", "v.find('z')",
        "v|tojson(ensure_ascii=true)", "v.strip('z')", "v|truncate(4)", "v.center(20, v[0])", "'%3s|%c' % (v, 'x')"})
    CHECK_NOTHROW(ChatTemplate(std::string("{{ ") + use + " }}").render(values));
}
