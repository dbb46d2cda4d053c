#include "tap/prompts.hpp"

#include <fmt/format.h>

#include "tap/json_lines.hpp"
#include "tap/text.hpp"

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

}  // namespace cms::tap
