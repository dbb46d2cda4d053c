// Names that wait for their turn: each once, first in, first out.
//
// Threads: one owner. Cost: a hash a call; some 100 bytes and the name for each that waits.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cms::serve {

class NameQueue {
 public:
  // False when it waits already; it keeps its turn.
  bool push(const std::string& name) {
    if (places_.contains(name)) return false;
    const auto place = order_.insert(order_.end(), name);
    places_.emplace(*place, place);
    return true;
  }
  // False when it did not wait.
  bool erase(const std::string& name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return false;
    const auto place = found->second;
    places_.erase(found);  // its key lies in the list
    order_.erase(place);
    return true;
  }
  // The first `most`, in their order.
  std::vector<std::string> take(std::size_t most) {
    std::vector<std::string> taken;
    while (taken.size() < most && !order_.empty()) {
      places_.erase(order_.front());
      taken.push_back(std::move(order_.front()));
      order_.pop_front();
    }
    return taken;
  }
  [[nodiscard]] bool contains(const std::string& name) const { return places_.contains(name); }
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  std::list<std::string> order_;
  std::unordered_map<std::string_view, std::list<std::string>::iterator> places_;
};

}  // namespace cms::serve
