#include "serve/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <map>
#include <mutex>
#include <optional>

#include "serve/rfc3339.hpp"

namespace cms::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 11> kScopes = {"tap",   "atlas",  "window", "measure",  "score", "policy",
                                                      "fleet", "ledger", "store",  "pipeline", "serve"};

std::optional<Level> level_of(std::string_view word) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == word) return static_cast<Level>(i);
  }
  return std::nullopt;
}

spdlog::level::level_enum spdlog_level(Level level) {
  constexpr std::array<spdlog::level::level_enum, 4> kTheirs = {spdlog::level::debug, spdlog::level::info,
                                                                spdlog::level::warn, spdlog::level::err};
  return kTheirs[static_cast<std::size_t>(level)];
}

std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

// As it is, but for control characters.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7f) {
      line += c;
    } else {
      line += fmt::format("\\x{:02x}", code);
    }
  }
  return line;
}

struct Message {
  double time;
  Level level;
  Scope scope;
  std::string_view kind, text;
  const Json& more;
  std::uint64_t left_out;
};

std::string json_line(const Message& message) {
  Json line;
  line["time"] = rfc3339(message.time);
  line["level"] = name(message.level);
  line["scope"] = name(message.scope);
  line["kind"] = message.kind;
  line["text"] = message.text;
  if (message.left_out > 0) line["left_out"] = message.left_out;
  for (const auto& [key, value] : message.more.items()) {
    if (!line.contains(key)) line[key] = value;
  }
  return dumped(line);
}

std::string text_line(const Message& message) {
  std::string line = fmt::format("{} {} {} {}: {}", rfc3339(message.time), name(message.level), name(message.scope),
                                 message.kind, one_line(message.text));
  for (const auto& [key, value] : message.more.items()) line += fmt::format(" {}={}", one_line(key), dumped(value));
  if (message.left_out > 0) line += fmt::format(" ({} like this were left out)", message.left_out);
  return line;
}

}  // namespace

std::string_view name(Level level) { return kLevels[static_cast<std::size_t>(level)]; }
std::string_view name(Scope scope) { return kScopes[static_cast<std::size_t>(scope)]; }

struct Log::State {
  LogOptions options;
  Clock clock;
  Level least = Level::info;
  spdlog::logger logger;

  // Messages of one kind in the window that began at `since`.
  struct Window {
    double since = 0;
    std::uint32_t lines = 0;
    std::uint64_t left_out = 0;  // since the last line
  };
  mutable std::mutex mutex;
  std::map<std::string, Window, std::less<>> windows;  // by scope and kind: words of the code, so few
  LogCounters counters;

  // spdlog shares sinks among loggers; this one has its own.
  State(const LogOptions& chosen, Clock now, Level level, std::shared_ptr<spdlog::sinks::sink> sink)
      : options(chosen), clock(std::move(now)), least(level), logger("cms", std::move(sink)) {
    logger.set_pattern("%v");
    logger.set_level(spdlog_level(level));
    logger.flush_on(spdlog::level::trace);
  }

  // How many were left out before this message; nothing when it is left out itself.
  std::optional<std::uint64_t> admit(double time, Level level, Scope scope, std::string_view kind) {
    const std::lock_guard lock(mutex);
    if (level == Level::warning) ++counters.warnings;
    if (level == Level::error) ++counters.errors;
    auto& window = windows[fmt::format("{} {}", name(scope), kind)];
    if (window.lines == 0 || !(time - window.since < options.window_s) || time < window.since) {
      window.since = time;
      window.lines = 0;
    }
    if (window.lines >= options.burst) {
      ++window.left_out;
      ++counters.left_out;
      return std::nullopt;
    }
    ++window.lines;
    return std::exchange(window.left_out, 0);
  }
};

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

namespace {

Result<Level> parse_level(const std::string& word) {
  const auto level = level_of(word);
  if (level) return *level;
  return fail(ErrorCode::bad_input,
              fmt::format("\"{}\" is no level of the log; there are debug, info, warning, error", word));
}

}  // namespace

Result<Log> Log::to(std::ostream& out, const LogOptions& options, Clock clock) {
  CMS_TRY(level, parse_level(options.level));
  return Log(std::make_unique<State>(options, std::move(clock), level,
                                     std::make_shared<spdlog::sinks::ostream_sink_mt>(out)));
}

Result<Log> Log::to_stderr(const LogOptions& options, Clock clock) {
  CMS_TRY(level, parse_level(options.level));
  return Log(std::make_unique<State>(options, std::move(clock), level,
                                     std::make_shared<spdlog::sinks::stderr_sink_mt>()));
}

void Log::write(Level level, Scope scope, std::string_view kind, std::string_view text, const Json& more) {
  if (level < state_->least) return;
  const double now = state_->clock();
  const auto left_out = state_->admit(now, level, scope, kind);
  if (!left_out) return;
  const Message message{now, level, scope, kind, text, more, *left_out};
  const auto line = state_->options.json ? json_line(message) : text_line(message);
  state_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

LogCounters Log::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

}  // namespace cms::serve
