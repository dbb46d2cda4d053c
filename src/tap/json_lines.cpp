#include "tap/json_lines.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/files.hpp"
#include "tap/text.hpp"

namespace cms::tap {
namespace {

using Json = nlohmann::json;

// Copies and prints of nested values recurse, and a bracket of one byte becomes a value of some 80: outside data must
// choose neither how deep they are nor how many.
constexpr int kDepthMax = 64;
constexpr std::size_t kValuesMax = std::size_t{1} << 18;

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

Result<void> check_json(std::string_view text) {
  if (!is_utf8(text)) return fail(ErrorCode::bad_input, "not UTF-8");
  int depth = 0;
  std::size_t values = 1;
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
    if (c == '[' || c == '{' || c == ',') ++values;
    if (depth > kDepthMax) return fail(ErrorCode::bad_input, fmt::format("nested deeper than {}", kDepthMax));
    if (values > kValuesMax) return fail(ErrorCode::bad_input, fmt::format("more than {} values", kValuesMax));
  }
  return {};
}

Result<Json> parse_object(std::string_view text) {
  CMS_TRY(object, parse_json(text));
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
