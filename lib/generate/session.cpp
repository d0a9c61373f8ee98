#include "generate/session.hpp"

#include <algorithm>
#include <array>

#include "core/message.hpp"
#include "generate/json_text.hpp"
#include "generate/token_ids.hpp"

namespace hadal {
namespace {

int32_t choosable_ids(const Model& model) {
  const int64_t rows = model.vocabulary();
  return int32_t(model.has_tokenizer() ? std::min<int64_t>(rows, model.tokenizer().size()) : rows);
}

uint64_t fresh_seed(Host& host, const void* where) {
  Random random(uint64_t(host.now_ns()) ^ (uint64_t(reinterpret_cast<uintptr_t>(where)) << 20));
  return random.next();
}

int64_t checked_context(const Model& model, const Options& options) {
  const int64_t context = model.default_context(options), most = model.config().max_position_embeddings;
  if (most > 0 && context > most)
    throw Error(Status::invalid_argument,
                message("option context: expected at most the model's ", most, " tokens, found ", context));
  return context;
}

}  // namespace

std::string_view name_of(Finish finish) {
  constexpr std::array<std::string_view, 7> kNames = {"", "stop", "stop_text", "length", "context", "cancelled", "error"};
  return kNames[size_t(finish)];
}

std::shared_ptr<Session> Session::create(std::shared_ptr<Model> model, Options options) {
  model->scheduler();   // refuses where nothing can be computed
  std::shared_ptr<Session> session(new Session(std::move(model), std::move(options)));
  const auto lock = session->scheduler_.lock();
  session->scheduler_.add(*session);
  return session;
}

Session::Session(std::shared_ptr<Model> model, Options options)
    : model_(std::move(model)),
      scheduler_(model_->scheduler()),
      options_(std::move(options)),
      context_(checked_context(*model_, options_)),
      chunk_(0),
      table_(model_->pages(), context_),
      logits_memory_(model_->host(), size_t(model_->vocabulary()) * sizeof(float), "logits"),
      logits_(reinterpret_cast<float*>(logits_memory_.data()), size_t(model_->vocabulary())),
      sampler_(sampler_settings(options_), choosable_ids(*model_), 0) {
  tokens_.reserve(size_t(context_) + 1);
  apply_options();
  seed_ = options_.integer("seed") >= 0 ? uint64_t(options_.integer("seed")) : fresh_seed(*model_->host(), this);
  sampler_.reseed(seed_);
}

Session::~Session() {
  auto lock = scheduler_.lock();
  scheduler_.free_session(lock, *this);
  scheduler_.remove(*this);
  table_.truncate(0);
}

void Session::apply_options() {
  const int64_t chunk = options_.integer("chunk"), most = model_->options().integer("chunk");
  if (chunk > most)
    throw Error(Status::invalid_argument, message("option chunk: expected at most the model's ", most, ", found ", chunk));
  if (!options_.get("tools").empty()) {
    const Json tools = parse_json(options_.get("tools"), "option tools");
    if (!tools.as_array()) throw Error(Status::invalid_argument, "option tools: expected a JSON list");
  }
  if (const Thinking thinking = prompt_settings(options_).thinking; thinking != Thinking::automatic)
    model_->prompts().check_thinking(thinking);
  sampler_.change(sampler_settings(options_));
  chunk_ = chunk;
  const std::vector<int64_t> stop_ids = options_.ids("stop_ids");
  stop_ids_.assign(stop_ids.begin(), stop_ids.end());
  max_tokens_ = options_.integer("max_tokens");
  ignore_end_ = options_.boolean("ignore_end");
  change_drafter();
}

Scheduler::Lock Session::hold() {
  auto lock = scheduler_.lock();
  scheduler_.free_session(lock, *this);
  return lock;
}

std::shared_ptr<Session> Session::fork() {
  auto other = create(model_, options_);
  const auto lock = hold();
  Session& copy = *other;
  copy.table_.share(table_, fed_);
  std::copy(logits_.begin(), logits_.end(), copy.logits_.begin());
  copy.logits_valid_ = logits_valid_;
  copy.seed_ = seed_;
  std::copy(sampler_.random().state().begin(), sampler_.random().state().end(), copy.sampler_.random().state().begin());
  copy.mode_ = mode_;
  copy.messages_ = messages_;
  copy.tokens_.assign(tokens_.begin(), tokens_.end());
  copy.fed_ = fed_;
  copy.prompt_text_ = prompt_text_;
  copy.dropped_messages_ = dropped_messages_;
  copy.turn_wanted_ = turn_wanted_;
  copy.prompt_installed_ = prompt_installed_;
  copy.usage_ = usage_;
  copy.reply_ = reply_;
  if (copy.reply_) copy.reply_->forget_pieces();
  copy.active_ = active_;
  copy.drafter_ = drafter_ ? drafter_->fork(fed_) : nullptr;
  copy.pace_ = pace_;
  return other;
}

void Session::reset() {
  const auto lock = hold();
  cut(0);
  messages_.clear();
  prompt_text_.clear();
  dropped_messages_ = 0;
  mode_ = Mode::empty;
  turn_wanted_ = prompt_installed_ = active_ = feeding_ = false;
  cancel_ = false;
  failure_.reset();
  reply_.reset();
  usage_ = {};
  if (options_.integer("seed") < 0) seed_ = fresh_seed(*model_->host(), this);
  sampler_.reseed(seed_);
}

// Keeps the first `tokens` tokens, in the timeline and in the cache.
void Session::cut(int64_t tokens) {
  tokens_.resize(size_t(tokens));
  guessed_after_ = -1;
  if (drafter_) drafter_->cut(std::min(tokens, fed_));
  if (fed_ > tokens) {
    fed_ = tokens;
    logits_valid_ = false;
    table_.truncate(fed_);
  }
  forget_rows();
}

void Session::rewind(int64_t tokens) {
  const auto lock = hold();
  if (tokens < 0 || tokens > int64_t(tokens_.size()))
    throw Error(Status::invalid_argument,
                message("rewind: expected 0 to ", tokens_.size(), " tokens, found ", tokens));
  if (active_) end_turn(Finish::cancelled);
  turn_wanted_ = prompt_installed_ = false;
  cut(tokens);
  const auto incomplete = std::find_if(messages_.begin(), messages_.end(), [&](const Message& m) {
    return m.tokens_after < 0 || m.tokens_after > tokens;
  });
  messages_.erase(incomplete, messages_.end());
  if (reply_) reply_->forget_pieces();
  if (tokens == 0) {
    messages_.clear();
    mode_ = Mode::empty;
  }
}

void Session::set(std::string_view key, std::string_view value) {
  if (find_option(key).key == "context")
    throw Error(Status::invalid_argument, "option context: cannot change once a session is made");
  const auto lock = hold();
  Options before = options_;
  options_.set(key, value, OptionLevel::session);
  try {
    apply_options();
  } catch (...) {
    options_ = std::move(before);
    apply_options();
    throw;
  }
  if (key == "seed") {
    seed_ = options_.integer("seed") >= 0 ? uint64_t(options_.integer("seed")) : fresh_seed(*model_->host(), this);
    sampler_.reseed(seed_);
  }
}

std::string Session::get(std::string_view key) {
  const auto lock = scheduler_.lock();
  if (key == "finish") return std::string(name_of(usage_.finish));
  if (key == "answer") return reply_ ? reply_->text(PieceKind::answer) : "";
  if (key == "thought") return reply_ ? reply_->text(PieceKind::thought) : "";
  if (key == "tool_calls") return reply_ ? reply_->text(PieceKind::tool_call) : "";
  if (key == "prompt") return prompt_text_;
  if (key == "tokens") return message(tokens_.size());
  if (key == "dropped") return message(dropped_messages_);
  if (key == "context") return message(context_);
  if (key == "seed") return message(seed_);
  if (key == "messages") {
    Json::Array list;
    for (const Message& m : messages_)
      list.push_back(Json(Json::Object{{"role", m.role}, {"content", m.plain.empty() ? m.content : m.plain}}));
    std::string out;
    append_json(out, Json(std::move(list)));
    return out;
  }
  try {
    return std::string(options_.get(key));
  } catch (const Error& error) {
    throw Error(Status::not_found, error.what());
  }
}

void Session::check_room(int64_t more) const {
  if (more > context_ - int64_t(tokens_.size()))
    throw Error(Status::context_full, message("context: expected at most ", context_ - int64_t(tokens_.size()),
                                              " more tokens (of ", context_, "), found ", more));
}

// A new turn: what was in progress ends, what was generated stays.
void Session::want_turn() {
  if (active_) end_turn(Finish::cancelled);
  if (reply_) reply_->forget_pieces();
  failure_.reset();
  cancel_ = false;
  turn_wanted_ = true;
  prompt_installed_ = false;
  usage_ = {};
}

void Session::add(std::string_view role, std::string_view text, std::string_view plain) {
  constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};
  if (std::find(kRoles.begin(), kRoles.end(), role) == kRoles.end()) {
    const std::string_view near = nearest(role, kRoles);
    throw Error(Status::invalid_argument, message("role: expected system, user, assistant or tool, found ", quoted(role),
                                                  near.empty() ? "" : "; the nearest is ", near));
  }
  model_->prompts();
  Message added{std::string(role), checked_text(text, options_.get("invalid_text") == "replace", "message"), -1,
                std::string(plain)};
  const auto lock = hold();
  if (mode_ == Mode::raw)
    throw Error(Status::invalid_argument, "messages and raw tokens do not mix: reset the session first");
  if (role == "user" || role == "tool") {
    want_turn();
  } else if (active_) {
    end_turn(Finish::cancelled);
  } else {
    turn_wanted_ = false;   // an answer given by the caller
  }
  if (role == "system") turn_wanted_ = false;
  mode_ = Mode::chat;
  if (role == "user") {
    for (Message& m : messages_) {
      if (m.plain.empty()) continue;
      m.content = std::move(m.plain);
      m.plain.clear();
    }
  }
  messages_.push_back(std::move(added));
}

std::string Session::last_question() {
  const auto lock = scheduler_.lock();
  for (auto m = messages_.rbegin(); m != messages_.rend(); ++m)
    if (m->role == "user") return m->plain.empty() ? m->content : m->plain;
  return {};
}

void Session::answer_with(std::string_view text) {
  const auto lock = hold();
  if (!turn_wanted_ || mode_ != Mode::chat)
    throw Error(Status::invalid_argument, "answer: expected a question that waits for one, found none");
  turn_wanted_ = prompt_installed_ = false;
  reply_.emplace(nullptr, std::vector<std::string>(), std::nullopt);
  reply_->say(text);
  usage_ = {.finish = Finish::stop};
  messages_.push_back({"assistant", std::string(text), -1});
}

void Session::add_tokens(std::span<const int32_t> ids) {
  for (const int32_t id : ids)
    if (id < 0 || id >= model_->vocabulary())
      throw Error(Status::invalid_argument,
                  message("token: expected an id from 0 to ", model_->vocabulary() - 1, ", found ", id));
  if (ids.empty()) throw Error(Status::invalid_argument, "tokens: expected at least one, found none");
  const auto lock = hold();
  if (mode_ == Mode::chat)
    throw Error(Status::invalid_argument, "raw tokens and messages do not mix: reset the session first");
  check_room(int64_t(ids.size()));
  want_turn();
  forget_rows();
  mode_ = Mode::raw;
  tokens_.insert(tokens_.end(), ids.begin(), ids.end());
}

void Session::add_text(std::string_view text, bool parse_special) {
  const Tokenizer& tokenizer = model_->tokenizer();
  std::vector<int32_t> ids;
  if (num_tokens() == 0 && tokenizer.add_bos && tokenizer.bos) ids.push_back(*tokenizer.bos);
  tokenizer.encode(checked_text(text, options_.get("invalid_text") == "replace", "text"), parse_special, ids);
  // A begin token that the text itself wrote is not doubled.
  if (ids.size() > 1 && tokenizer.bos && ids[0] == *tokenizer.bos && ids[1] == ids[0]) ids.erase(ids.begin());
  if (ids.empty()) throw Error(Status::invalid_argument, "text: expected at least one token, found empty text");
  add_tokens(ids);
}

void Session::fill(std::string_view prefix, std::string_view suffix) {
  const bool replace = options_.get("invalid_text") == "replace";
  const Prompt prompt = model_->prompts().fill(checked_text(prefix, replace, "prefix"),
                                               checked_text(suffix, replace, "suffix"));
  expect_rows_for(prompt.tokens, model_->vocabulary());
  const int64_t size = int64_t(prompt.tokens.size());
  const auto lock = hold();
  if (mode_ == Mode::chat)
    throw Error(Status::invalid_argument, "a text to fill in and messages do not mix: reset the session first");
  if (size > context_)
    throw Error(Status::context_full, message("context: expected at most ", context_, " tokens, found ", size));
  want_turn();
  mode_ = Mode::raw;
  const auto fed_end = tokens_.begin() + fed_;
  cut(std::mismatch(tokens_.begin(), fed_end, prompt.tokens.begin(), prompt.tokens.end()).first - tokens_.begin());
  tokens_.insert(tokens_.end(), prompt.tokens.begin() + int64_t(tokens_.size()), prompt.tokens.end());
}

// Another thread that drives the model may end this session's turn meanwhile, which adds its answer.
std::vector<Message> Session::messages_copy() {
  const auto lock = scheduler_.lock();
  return messages_;
}

std::string Session::render() {
  const std::vector<Message> messages = messages_copy();
  if (messages.empty()) throw Error(Status::invalid_argument, "render: expected messages in the session, found none");
  return model_->prompts().text(messages, prompt_settings(options_));
}

std::string Session::render(std::string_view json) { return model_->prompts().render_json(json, prompt_settings(options_)); }

Usage Session::usage() {
  const auto lock = scheduler_.lock();
  return usage_;
}

std::vector<int32_t> Session::tokens(int64_t first) {
  const auto lock = scheduler_.lock();
  if (first < 0 || first > int64_t(tokens_.size()))
    throw Error(Status::invalid_argument,
                message("tokens: expected a first token from 0 to ", tokens_.size(), ", found ", first));
  return {tokens_.begin() + first, tokens_.end()};
}

int64_t Session::num_tokens() {
  const auto lock = scheduler_.lock();
  return int64_t(tokens_.size());
}

uint64_t Session::cache_bytes() {
  const auto lock = scheduler_.lock();
  return table_.bytes();
}

}  // namespace hadal
