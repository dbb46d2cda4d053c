#include "lab/families.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <toml++/toml.h>

#include "base/files.hpp"
#include "lab/report_assets.hpp"

namespace cms::lab {
namespace {

using Names = std::vector<std::string>;

// Reads lists by dotted key; remembers the first that is wrong.
class Reader {
 public:
  Reader(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {}

  Names names(const std::string& key, bool needed = true) {
    Names names;
    if (!needed && !table_.at_path(key)) return names;
    const auto* list = table_.at_path(key).as_array();
    if (list == nullptr) wrong(key, "is missing, or no list");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const auto name = list->get(i)->value_exact<std::string>();
      if (name) names.push_back(*name);
      else wrong(key, "holds something that is no text");
    }
    return names;
  }

  FamilyParts parts(const std::string& mode) {
    return {names(mode + ".unseen"), names(mode + ".manifold"), names(mode + ".instruction-sets"),
            names(mode + ".streams")};
  }

  void apart(const std::string& key, const Names& report, const Names& tune) {
    for (const auto& name : report) {
      if (std::find(tune.begin(), tune.end(), name) != tune.end()) {
        wrong(key, fmt::format("has \"{}\" in report and in tune, so choices would see what is reported", name));
      }
    }
  }

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void wrong(const std::string& key, const std::string& what) {
    if (error_.empty()) error_ = fmt::format("{}: \"{}\" {}", file_, key, what);
  }

  const toml::table& table_;
  std::string file_;
  std::string error_;
};

Result<Families> families_of(const std::string& text, const std::string& file) {
  toml::table table;
  try {
    table = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::bad_input,
                fmt::format("{}, line {}: {}", file, error.source().begin.line, error.description()));
  }
  Reader reader(table, file);
  Families families{reader.parts("report"), reader.parts("tune"), reader.names("generalist"),
                    reader.names("conversations"), reader.names("held-out", false)};
  reader.apart("unseen", families.report.unseen, families.tune.unseen);
  for (const auto* tune : {&families.tune.instruction_sets, &families.tune.streams}) {
    reader.apart("instruction-sets", families.report.instruction_sets, *tune);
    reader.apart("streams", families.report.streams, *tune);
  }
  if (!reader.error().empty()) return fail(ErrorCode::bad_input, reader.error());
  return families;
}

}  // namespace

Families shared_families() {
  auto families = families_of(kSharedFamilies, "experiments/families.toml");
  return families ? std::move(*families) : Families{};
}

Result<Families> read_families(const std::filesystem::path& path) {
  CMS_TRY(text, read_text_file(path));
  return families_of(text, path.string());
}

}  // namespace cms::lab
