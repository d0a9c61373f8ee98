// Runs a parsed template once. Scopes, undefined names and attribute access follow jinja2's sandboxed environment.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/filters.hpp"
#include "chat/template_ast.hpp"
#include "chat/value.hpp"

namespace hadal::jinja {

// Variables of one block. A loop makes a new one for every round, as jinja2 forgets what a round has set.
struct Scope {
  Scope* parent;
  bool captured = false;  // a macro was defined here or further in, and may outlive the block
  std::vector<std::pair<std::string, Value>> variables;
  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};

class Interpreter {
 public:
  // local_seconds: what strftime_now shows, in seconds since 1970.
  Interpreter(Budget& budget, int64_t local_seconds) : budget_(budget), local_seconds_(local_seconds) {}
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // Error(invalid_argument) with the place in the template, or with exactly what raise_exception was given.
  std::string run(const Block& program, const Value& variables);

  Budget& budget() { return budget_; }
  int64_t local_seconds() const { return local_seconds_; }
  // object.name and object[key]; undefined if there is no such thing.
  Value attribute(const Value& object, std::string_view name);
  Value item(const Value& object, const Value& key);
  Value call(const Value& callee, const Arguments& arguments);
  Value make_namespace(std::vector<std::pair<std::string, Value>> attributes);
  // The loop forgets what loop.changed() was given at the end of the rendering: it may have been given itself.
  void keep_loop(Value loop) { loops_.push_back(std::move(loop)); }
  [[noreturn]] void raise(std::string text);

 private:
  enum class Flow : uint8_t { next, leave_loop, next_round };

  // Bounds the native stack across macros.
  class Depth {
   public:
    explicit Depth(Interpreter& interpreter);
    ~Depth() { --interpreter_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Interpreter& interpreter_;
  };

  Flow run_block(const Block& block, Scope& scope, std::string& out);
  Flow run_statement(const Statement& statement, Scope& scope, std::string& out);
  Flow run_for(const Statement& statement, Scope& scope, std::string& out);
  Flow run_if(const Statement& statement, Scope& scope, std::string& out);
  Flow run_set_block(const Statement& statement, Scope& scope);
  Flow run_filter_block(const Statement& statement, Scope& scope, std::string& out);
  Flow run_with(const Statement& statement, Scope& scope, std::string& out);
  void run_call_block(const Statement& statement, Scope& scope, std::string& out);
  Items filtered(const Statement& statement, Items items, Scope& scope);
  void assign(const Expr& target, const Value& value, Scope& scope);
  void write(const Value& value, std::string& out);
  void write(std::string_view text, std::string& out);

  Value evaluate(const Expr& expr, Scope& scope);
  Value evaluate_name(const Expr& expr, Scope& scope);
  Value evaluate_slice(const Expr& expr, Scope& scope);
  Value evaluate_call(const Expr& expr, Scope& scope);
  Value evaluate_filter(const Expr& expr, Scope& scope, const Value* block_text);
  Value evaluate_test(const Expr& expr, Scope& scope);
  Value evaluate_arithmetic(const Expr& expr, Scope& scope);
  Value evaluate_compare(const Expr& expr, Scope& scope);
  Value evaluate_concat(const Expr& expr, Scope& scope);
  Value evaluate_conditional(const Expr& expr, Scope& scope);
  Value evaluate_logical(const Expr& expr, Scope& scope, bool stop_at);
  Value evaluate_items(const Expr& expr, Scope& scope, SequenceKind kind);
  Value evaluate_dict(const Expr& expr, Scope& scope);
  Arguments evaluate_arguments(const Expr& call, Scope& scope);
  Value call_macro(const Callable& callable, const Arguments& arguments);
  Value make_macro(const MacroNode& macro, Scope& scope);

  // A block's own scope. It lives on the heap so that it can be kept for a macro.
  class InnerScope {
   public:
    InnerScope(Interpreter& interpreter, Scope* parent)
        : interpreter_(interpreter), scope_(std::make_unique<Scope>(Scope{parent, false, {}})) {}
    ~InnerScope();
    InnerScope(const InnerScope&) = delete;
    InnerScope& operator=(const InnerScope&) = delete;
    Scope& operator*() const { return *scope_; }
    Scope* operator->() const { return scope_.get(); }

   private:
    Interpreter& interpreter_;
    std::unique_ptr<Scope> scope_;
  };

  Budget& budget_;
  int64_t local_seconds_;
  int depth_ = 0;
  Position place_;
  bool raised_ = false;
  std::vector<Value> namespaces_;                // all of them: they may refer to each other in a circle
  std::vector<Value> loops_;
  std::vector<std::unique_ptr<Scope>> scopes_;   // captured ones whose block has ended
};

}  // namespace hadal::jinja
