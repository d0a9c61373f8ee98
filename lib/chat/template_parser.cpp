#include "chat/template_parser.hpp"

#include <algorithm>
#include <initializer_list>

#include "chat/expression_parser.hpp"

namespace hadal::jinja {
namespace {

using Names = std::initializer_list<std::string_view>;

class TemplateParser : private ExpressionParser {
 public:
  explicit TemplateParser(const std::vector<Token>& tokens) : ExpressionParser(tokens) {}

  Block whole() {
    Block body = block({});
    if (current().kind != TokenKind::end) unexpected("the end of the template");
    return body;
  }

 private:
  // Statements up to a tag named in end_names, whose name becomes the current token.
  Block block(Names end_names) {
    const Nesting guard(*this);
    Block body;
    while (current().kind != TokenKind::end) {
      const Token& token = current();
      if (token.kind == TokenKind::data) {
        auto data = start(StatementKind::data);
        data->text = Value::text(std::string(take().text));
        body.push_back(std::move(data));
      } else if (token.kind == TokenKind::variable_begin) {
        take();
        auto print = start(StatementKind::print);
        print->value = tuple_or_expression();
        expect(TokenKind::variable_end, "the end of the print tag");
        body.push_back(std::move(print));
      } else {
        take();  // block_begin: nothing else can stand here
        if (current().kind == TokenKind::name &&
            std::find(end_names.begin(), end_names.end(), current().text) != end_names.end())
          return body;
        statement(body);
        expect(TokenKind::block_end, "the end of the tag");
      }
    }
    if (end_names.size() != 0) unexpected(message("{% ", *(end_names.end() - 1), " %}"));
    return body;
  }

  // The rest of the opening tag, and the body up to one of end_names.
  Block body_until(Names end_names) {
    skip_op(":");
    expect(TokenKind::block_end, "the end of the tag");
    return block(end_names);
  }

  // A body with only one possible end, which is taken.
  Block whole_body(std::string_view end_name) {
    Block body = body_until({end_name});
    take();
    return body;
  }

  std::unique_ptr<Statement> start(StatementKind kind) const {
    auto statement = std::make_unique<Statement>();
    statement->kind = kind;
    statement->position = current().position;
    return statement;
  }

  void statement(Block& out) {
    using Parse = std::unique_ptr<Statement> (TemplateParser::*)();
    constexpr std::pair<std::string_view, Parse> kTags[] = {
        {"set", &TemplateParser::set},           {"for", &TemplateParser::for_loop},
        {"if", &TemplateParser::if_chain},       {"macro", &TemplateParser::macro},
        {"call", &TemplateParser::call_block},   {"filter", &TemplateParser::filter_block},
        {"with", &TemplateParser::with},         {"generation", &TemplateParser::generation},
        {"break", &TemplateParser::break_loop},  {"continue", &TemplateParser::continue_loop},
    };
    const Token& tag = current();
    if (tag.kind != TokenKind::name) unexpected("the name of a tag");
    if (tag.text == "print") return print(out);
    for (const auto& [name, parse] : kTags)
      if (tag.text == name) return out.push_back((this->*parse)());
    for (std::string_view known : {"include", "import", "from", "extends", "block", "autoescape"})
      if (tag.text == known) unsupported_construct(tag.position, message("the tag ", quoted(tag.text)));
    syntax_error(tag.position, message("unknown tag ", quoted(tag.text)));
  }

  void print(Block& out) {
    take();
    bool first = true;
    while (current().kind != TokenKind::block_end) {
      if (!first) expect_op(",");
      first = false;
      auto item = start(StatementKind::print);
      item->value = expression();
      out.push_back(std::move(item));
    }
  }

  std::unique_ptr<Statement> set() {
    auto node = start(StatementKind::set);
    take();
    node->target = target(true);
    if (skip_op("=")) {
      node->value = tuple_or_expression();
      return node;
    }
    node->kind = StatementKind::set_block;
    node->value = filter_chain(nullptr, false);
    node->body = whole_body("endset");
    return node;
  }

  std::unique_ptr<Statement> for_loop() {
    auto node = start(StatementKind::for_loop);
    take();
    node->target = target(false, "in");
    expect_name("in");
    const bool outer = std::exchange(conditional_, false);
    node->value = tuple_or_expression(false, "recursive");
    if (skip_name("if")) node->test = expression();
    if (current().is_name("recursive")) unsupported_construct(current().position, "a recursive loop");
    ++loops_;
    node->body = body_until({"else", "endfor"});
    --loops_;
    if (take().text == "else") node->otherwise = whole_body("endfor");
    conditional_ = outer;
    return node;
  }

  std::unique_ptr<Statement> if_chain() {
    auto node = start(StatementKind::if_chain);
    const bool outer = std::exchange(conditional_, true);
    std::string_view tag = take().text;
    while (tag != "endif") {
      if (tag == "else") {
        node->otherwise = whole_body("endif");
        break;
      }
      Branch branch;
      branch.test = tuple_or_expression(false);
      branch.body = body_until({"elif", "else", "endif"});
      node->branches.push_back(std::move(branch));
      tag = take().text;
    }
    conditional_ = outer;
    return node;
  }

  void signature(MacroNode& macro) {
    expect_op("(");
    while (!current().is_op(")")) {
      if (!macro.parameters.empty()) expect_op(",");
      Parameter parameter;
      const Token& name = expect(TokenKind::name, "the name of a parameter");
      parameter.name = name.text;
      if (skip_op("=")) parameter.fallback = expression();
      else if (!macro.parameters.empty() && macro.parameters.back().fallback)
        syntax_error(name.position, "a parameter without a default follows one with a default");
      macro.parameters.push_back(std::move(parameter));
    }
    take();
  }

  void macro_body(MacroNode& macro, std::string_view end_name) {
    const bool outer = std::exchange(conditional_, false);
    const int outer_loops = std::exchange(loops_, 0);
    macros_.emplace_back();
    macro.body = whole_body(end_name);
    const SpecialNames used = macros_.back();
    macros_.pop_back();
    conditional_ = outer;
    loops_ = outer_loops;
    const auto declared = [&](std::string_view name) {
      return std::any_of(macro.parameters.begin(), macro.parameters.end(),
                         [&](const Parameter& p) { return p.name == name; });
    };
    macro.uses_caller = used.caller && !declared("caller");
    macro.uses_kwargs = used.kwargs && !declared("kwargs");
    macro.uses_varargs = used.varargs && !declared("varargs");
  }

  std::unique_ptr<Statement> macro() {
    auto node = start(StatementKind::macro);
    take();
    node->macro = std::make_unique<MacroNode>();
    node->macro->name = expect(TokenKind::name, "the name of a macro").text;
    signature(*node->macro);
    macro_body(*node->macro, "endmacro");
    return node;
  }

  std::unique_ptr<Statement> call_block() {
    auto node = start(StatementKind::call_block);
    take();
    node->macro = std::make_unique<MacroNode>();
    node->macro->name = "caller";
    if (current().is_op("(")) signature(*node->macro);
    node->value = expression();
    if (node->value->kind != ExprKind::call) syntax_error(node->position, "expected a call after {% call %}");
    macro_body(*node->macro, "endcall");
    return node;
  }

  std::unique_ptr<Statement> filter_block() {
    auto node = start(StatementKind::filter_block);
    take();
    node->value = filter_chain(nullptr, true);
    node->body = whole_body("endfilter");
    return node;
  }

  std::unique_ptr<Statement> with() {
    auto node = start(StatementKind::with);
    take();
    while (current().kind != TokenKind::block_end) {
      if (!node->targets.empty()) expect_op(",");
      node->targets.push_back(target(false));
      expect_op("=");
      node->values.push_back(expression());
    }
    node->body = whole_body("endwith");
    return node;
  }

  // Marks what the assistant wrote, for training; renders as its body.
  std::unique_ptr<Statement> generation() {
    auto node = start(StatementKind::scope);
    take();
    node->body = whole_body("endgeneration");
    return node;
  }

  std::unique_ptr<Statement> break_loop() { return leave_loop(StatementKind::break_loop); }
  std::unique_ptr<Statement> continue_loop() { return leave_loop(StatementKind::continue_loop); }
  std::unique_ptr<Statement> leave_loop(StatementKind kind) {
    auto node = start(kind);
    const Token& tag = take();
    if (loops_ == 0) syntax_error(tag.position, message(quoted(tag.text), " stands outside a loop"));
    return node;
  }

  int loops_ = 0;
};

}  // namespace

Block parse_template(std::string_view source) {
  const std::string text = normalised_source(source);
  const std::vector<Token> tokens = tokenize(text);
  return TemplateParser(tokens).whole();
}

}  // namespace hadal::jinja
