#include "store/heads.hpp"

#include <algorithm>
#include <cstring>

namespace cms::store {

std::size_t Heads::Hash::operator()(const Name& name) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, name.data() + name.size() - sizeof hash, sizeof hash);
  return hash;
}

Heads::Name Heads::name_of(std::string_view prefix) {
  Name name;
  std::copy_n(prefix.end() - name.size(), name.size(), name.begin());
  return name;
}

const Head* Heads::find(std::string_view prefix) const {
  const auto name = name_of(prefix);
  if (const auto found = young_.find(name); found != young_.end()) return &found->second;
  const auto found = old_.find(name);
  return found == old_.end() ? nullptr : &found->second;
}

void Heads::put(std::string_view prefix, const Head& head) {
  if (young_.size() >= generation_max_) {
    old_ = std::move(young_);
    young_.clear();
  }
  const auto name = name_of(prefix);
  auto known = old_.extract(name);
  if (known) {
    known.mapped() = head;
    young_.insert(std::move(known));
  } else {
    young_.insert_or_assign(name, head);
  }
}

void Heads::erase(std::string_view prefix) {
  young_.erase(name_of(prefix));
  old_.erase(name_of(prefix));
}

void Heads::clear() {
  young_.clear();
  old_.clear();
}

}  // namespace cms::store
