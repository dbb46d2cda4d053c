#include "lab/families.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/files.hpp"
#include "base/toml.hpp"
#include "lab/report_assets.hpp"

namespace cms::lab {
namespace {

using Names = std::vector<std::string>;

// Reads lists by dotted key; remembers the first that is wrong.
class Reader {
 public:
  Reader(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {}

  Names names(const std::string& key, bool needed = true) {
    if (!needed && !table_.at_path(key)) return {};
    return names_of(table_.at_path(key).as_array(), key);
  }

  FamilyParts parts(const std::string& mode) {
    return {names(mode + ".unseen"), names(mode + ".manifold"), names(mode + ".instruction-sets"),
            names(mode + ".streams")};
  }

  // Lists by the names of the table `key`, which may be missing.
  std::map<std::string, Names> merged(const std::string& key) {
    std::map<std::string, Names> lists;
    if (!table_.contains(key)) return lists;
    const auto* section = table_[key].as_table();
    if (section == nullptr) wrong(key, "is no section");
    std::set<std::string> seen;
    for (const auto& [name, node] : section == nullptr ? toml::table{} : *section) {
      auto& list = lists[std::string(name.str())] = names_of(node.as_array(), key);
      for (const auto& one : list) {
        if (!seen.insert(one).second) wrong(key, fmt::format("has \"{}\" twice", one));
      }
    }
    return lists;
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
  Names names_of(const toml::array* list, const std::string& key) {
    Names names;
    if (list == nullptr) wrong(key, "is missing, or no list");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const auto name = list->get(i)->value_exact<std::string>();
      if (name) names.push_back(*name);
      else wrong(key, "holds something that is no text");
    }
    return names;
  }

  void wrong(const std::string& key, const std::string& what) {
    if (error_.empty()) error_ = fmt::format("{}: \"{}\" {}", file_, key, what);
  }

  const toml::table& table_;
  std::string file_;
  std::string error_;
};

Result<Families> families_of(const std::string& text, const std::string& file) {
  CMS_TRY(table, parse_toml(text, file));
  Reader reader(table, file);
  Families families{reader.parts("report"), reader.parts("tune"), reader.names("generalist"),
                    reader.names("conversations"), reader.names("held-out", false),
                    reader.merged("merged")};
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

std::string no_family(const std::string& name) {
  return fmt::format("no family \"{}\" in the data; --families FILE says which of yours play which part "
                     "(docs/lab/goals.md)", name);
}

Result<Families> read_families(const std::filesystem::path& path) {
  CMS_TRY(text, read_text_file(path));
  return families_of(text, path.string());
}

}  // namespace cms::lab
