#include "tap/prompts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tap/json_lines.hpp"

namespace cms::tap {
namespace {

// What in_segments() adds, it must not replace; what it copies must be small.
Result<void> check_for_segments(const RowInfo& info) {
  for (const char* key : {"request", "segment", "segments"}) {
    if (!info.more.contains(key)) continue;
    return fail(ErrorCode::bad_input, fmt::format("\"{}\" is a key that --segments adds; rename yours", key));
  }
  auto shared = info.more;
  shared.erase("text");
  if (info.account.size() + shared.dump().size() <= kSharedBytesMax) return {};
  return fail(ErrorCode::bad_input, fmt::format("with --segments every segment keeps what stands beside \"text\": it "
                                                "must be at most {} bytes", kSharedBytesMax));
}

}  // namespace

Result<Prompts> read_prompts(const std::filesystem::path& path, bool for_segments) {
  Prompts prompts;
  CMS_CHECK(for_each_object(path, [&](nlohmann::json&& object, std::size_t line) -> Result<void> {
    const auto text = object.find("text");
    if (text == object.end() || !text->is_string()) return fail(ErrorCode::bad_input, "\"text\" must be a string");
    prompts.texts.push_back(text->get<std::string>());
    if (cut_text(prompts.texts.back(), {.words_max = 1, .chars_max = 0}).empty()) {
      return fail(ErrorCode::bad_input, "\"text\" is empty");
    }
    CMS_TRY(info, take_row_info(std::move(object), line));
    auto kept = for_segments ? check_for_segments(info) : Result<void>();
    prompts.infos.push_back(std::move(info));
    return kept;
  }));
  if (prompts.texts.empty()) return fail(ErrorCode::bad_input, fmt::format("{} holds no prompts", path.string()));
  return prompts;
}

Prompts in_segments(const Prompts& prompts, const TextLimits& limits, std::uint32_t segments_max) {
  Prompts parts;
  for (std::size_t request = 0; request < prompts.texts.size(); ++request) {
    auto pieces = segments(prompts.texts[request], limits);
    auto info = prompts.infos[request];
    info.more.erase("text");
    info.more["request"] = request;
    info.more["segments"] = pieces.size();
    const std::size_t read = std::min<std::size_t>(pieces.size(), segments_max);
    for (std::size_t segment = 0; segment < read; ++segment) {
      parts.infos.push_back(info);
      parts.infos.back().more["segment"] = segment;
      parts.infos.back().more["text"] = pieces[segment];
      parts.texts.push_back(std::move(pieces[segment]));
    }
  }
  return parts;
}

}  // namespace cms::tap
