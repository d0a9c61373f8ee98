// Reads expressions as jinja2's parser does, precedence by precedence. Statements are in template_parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/template_ast.hpp"
#include "chat/template_lexer.hpp"

namespace hadal::jinja {

// Names a macro body mentions that change how the macro may be called.
struct SpecialNames {
  bool caller = false, kwargs = false, varargs = false;
};

class ExpressionParser {
 public:
  explicit ExpressionParser(const std::vector<Token>& tokens) : tokens_(tokens) {}

 protected:
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool skip_op(std::string_view op);
  bool skip_name(std::string_view name);
  const Token& expect(TokenKind kind, std::string_view what);
  void expect_op(std::string_view op);
  void expect_name(std::string_view name);
  [[noreturn]] void unexpected(std::string_view wanted) const;

  ExprPtr expression(bool with_conditional = true);
  // One expression, or a tuple of several; end_name ends it early ("in", "recursive").
  ExprPtr tuple_or_expression(bool with_conditional = true, std::string_view end_name = {});
  // What may stand left of = and between for and in.
  ExprPtr target(bool with_namespace, std::string_view end_name = {});
  // Filters after '|' applied to `input`, which is null in set and filter blocks; null if there is none.
  ExprPtr filter_chain(ExprPtr input, bool start_inline);
  ExprPtr call_of(ExprPtr callee);
  ExprPtr postfix(ExprPtr node);
  ExprPtr primary(bool with_namespace = false);
  ExprPtr make(ExprKind kind, Position position);

  // Bounds the recursion of the parser, and with it that of everything that walks the tree.
  class Nesting {
   public:
    explicit Nesting(ExpressionParser& parser) : parser_(parser) { parser_.enter(); }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    ExpressionParser& parser_;
  };

  std::vector<SpecialNames> macros_;  // the macros around the current place, innermost last
  bool conditional_ = false;          // an unknown filter here is an error only when reached, as in jinja2

 private:
  void enter();
  // Sets the depth from the operands, and refuses a tree too deep to walk.
  ExprPtr finish(ExprPtr node);
  ExprPtr conditional();
  ExprPtr logical_or();
  ExprPtr logical_and();
  ExprPtr logical_not();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concat();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool with_filter);
  ExprPtr filters_and_tests(ExprPtr node);
  ExprPtr subscript(ExprPtr node);
  ExprPtr subscripted(ExprPtr object, Position position);
  ExprPtr test(ExprPtr node);
  ExprPtr list();
  ExprPtr dict();
  ExprPtr constant(Value value, Position position);
  ExprPtr target_item(bool with_namespace);
  void arguments(Expr& call);
  template <class Next>
  ExprPtr chain(ExprKind kind, const Next& next,
                std::initializer_list<std::pair<std::string_view, Operator>> operators);

  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace hadal::jinja
