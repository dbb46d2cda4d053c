#include "tap/json_lines.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/files.hpp"
#include "tap/text.hpp"

namespace cms::tap {
namespace {

using Json = nlohmann::json;

// Copies and prints of nested values recurse; outside data must not choose how deep.
constexpr int kDepthMax = 64;

bool nested_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kDepthMax) return true;
  }
  return false;
}

// Removes `key` and gives its value; null when it is missing.
Json take(Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return nullptr;
  Json value = std::move(*found);
  object.erase(found);
  return value;
}

Result<std::uint32_t> take_count(Json& object, const char* key) {
  const Json value = take(object, key);
  if (value.is_null()) return 0U;
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) {
    return fail(ErrorCode::bad_input, fmt::format("\"{}\" must be a whole number >= 0", key));
  }
  return value.get<std::uint32_t>();
}

}  // namespace

Result<Json> parse_object(std::string_view text) {
  if (!is_utf8(text)) return fail(ErrorCode::bad_input, "not UTF-8");
  if (nested_too_deep(text)) return fail(ErrorCode::bad_input, fmt::format("nested deeper than {}", kDepthMax));
  Json object = Json::parse(text, nullptr, false);
  if (object.is_discarded()) return fail(ErrorCode::bad_input, "not JSON");
  if (!object.is_object()) return fail(ErrorCode::bad_input, "not a JSON object");
  return object;
}

Result<void> for_each_object(const std::filesystem::path& path,
                             const std::function<Result<void>(Json&&, std::size_t)>& take) {
  CMS_TRY(text, read_text_file(path));
  std::size_t line = 0;
  for (std::size_t first = 0; first < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    auto object = parse_object(std::string_view(text).substr(first, end - first));
    auto taken = object ? take(std::move(*object), line) : tl::make_unexpected(object.error());
    if (!taken) return fail_in(fmt::format("{}, line {}", path.string(), line + 1), taken.error());
    first = end + 1;
  }
  return {};
}

Result<RowInfo> take_row_info(Json&& object, std::size_t row) {
  RowInfo info;
  const Json account = take(object, "account");
  if (account.is_string()) {
    info.account = account.get<std::string>();
  } else if (!account.is_null()) {
    return fail(ErrorCode::bad_input, "\"account\" must be a string");
  }
  const Json time = take(object, "time");
  if (!time.is_number() && !time.is_null()) return fail(ErrorCode::bad_input, "\"time\" must be a number of seconds");
  info.time = time.is_null() ? static_cast<double>(row) : time.get<double>();
  if (!std::isfinite(info.time)) return fail(ErrorCode::bad_input, "\"time\" must be finite");
  CMS_TRY(tokens_seen, take_count(object, "tokens_seen"));
  CMS_TRY(tokens_total, take_count(object, "tokens_total"));
  info.tokens_seen = tokens_seen;
  info.tokens_total = tokens_total;
  if (!object.empty()) info.more = std::move(object);
  return info;
}

std::string format_row_info(const RowInfo& info) {
  Json object = info.more.is_object() ? info.more : Json::object();
  if (!info.account.empty()) object["account"] = info.account;
  object["time"] = info.time;
  if (info.tokens_seen > 0) object["tokens_seen"] = info.tokens_seen;
  if (info.tokens_total > 0) object["tokens_total"] = info.tokens_total;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cms::tap
