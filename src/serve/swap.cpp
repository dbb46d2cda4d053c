#include "serve/swap.hpp"

#include <fstream>
#include <string>

namespace cms::serve {
namespace {

bool swap_is_on(const std::filesystem::path& proc) {
  std::ifstream swaps(proc / "swaps");
  std::string line;
  std::getline(swaps, line);  // the header
  return static_cast<bool>(std::getline(swaps, line));
}

// This process' group, as a path below the folder of all of them.
std::filesystem::path own_group(const std::filesystem::path& proc) {
  constexpr std::string_view kUnified = "0::/";
  std::ifstream groups(proc / "self" / "cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with(kUnified)) return line.substr(kUnified.size());
  }
  return {};
}

}  // namespace

bool may_swap(const std::filesystem::path& proc, const std::filesystem::path& cgroups) {
  if (!swap_is_on(proc)) return false;
  for (auto group = own_group(proc);; group = group.parent_path()) {  // in a container the topmost may have the limit
    std::ifstream limit(cgroups / group / "memory.swap.max");
    std::string most;
    if (limit >> most && most == "0") return false;
    if (group.empty()) return true;
  }
}

}  // namespace cms::serve
