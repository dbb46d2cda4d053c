#include "tap/prompts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tap/json_lines.hpp"

namespace cms::tap {

Result<Prompts> read_prompts(const std::filesystem::path& path) {
  Prompts prompts;
  CMS_CHECK(for_each_object(path, [&](nlohmann::json&& object, std::size_t line) -> Result<void> {
    const auto text = object.find("text");
    if (text == object.end() || !text->is_string()) return fail(ErrorCode::bad_input, "\"text\" must be a string");
    prompts.texts.push_back(text->get<std::string>());
    if (cut_text(prompts.texts.back(), {.words_max = 1, .chars_max = 0}).empty()) {
      return fail(ErrorCode::bad_input, "\"text\" is empty");
    }
    CMS_TRY(info, take_row_info(std::move(object), line));
    prompts.infos.push_back(std::move(info));
    return {};
  }));
  if (prompts.texts.empty()) return fail(ErrorCode::bad_input, fmt::format("{} holds no prompts", path.string()));
  return prompts;
}

Prompts in_segments(const Prompts& prompts, const TextLimits& limits, std::uint32_t segments_max) {
  Prompts parts;
  for (std::size_t request = 0; request < prompts.texts.size(); ++request) {
    auto pieces = segments(prompts.texts[request], limits);
    const std::size_t read = std::min<std::size_t>(pieces.size(), segments_max);
    for (std::size_t segment = 0; segment < read; ++segment) {
      parts.texts.push_back(std::move(pieces[segment]));
      parts.infos.push_back(prompts.infos[request]);
      auto& more = parts.infos.back().more;
      more["request"] = request;
      more["segment"] = segment;
      more["segments"] = pieces.size();
    }
  }
  return parts;
}

}  // namespace cms::tap
