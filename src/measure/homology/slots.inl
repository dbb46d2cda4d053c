// Sets of a window's slots, and components of a graph on them, included by walk.cpp once for every instruction set.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

// Highway's convention for what is compiled once per target: a guard that toggles.
#if defined(CMS_HOMOLOGY_SLOTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CMS_HOMOLOGY_SLOTS_INL
#undef CMS_HOMOLOGY_SLOTS_INL
#else
#define CMS_HOMOLOGY_SLOTS_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace cms::homology::HWY_NAMESPACE {
namespace {

// A set of slots. A template, because the walk over the edges is most of the cost and a width of 1, 2 or 4 words that
// the compiler knows keeps its sets in registers.
template <std::size_t Words>
struct Slots {
  std::array<std::uint64_t, Words> words{};

  void insert(std::uint32_t slot) { words[Words == 1 ? 0 : slot / 64] |= std::uint64_t{1} << slot % 64; }
  [[nodiscard]] bool empty() const {
    std::uint64_t any = 0;
    for (const std::uint64_t word : words) any |= word;
    return any == 0;
  }
  [[nodiscard]] int size() const {
    int count = 0;
    for (const std::uint64_t word : words) count += std::popcount(word);
    return count;
  }
  // 64 Words for the empty set.
  [[nodiscard]] std::uint32_t lowest() const {
    std::size_t w = 0;
    while (w + 1 < Words && words[w] == 0) ++w;
    return static_cast<std::uint32_t>(w * 64 + std::countr_zero(words[w]));
  }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t w = 0; w < Words; ++w) {
      for (std::uint64_t rest = words[w]; rest != 0; rest &= rest - 1) {
        visit(static_cast<std::uint32_t>(w * 64 + std::countr_zero(rest)));
      }
    }
  }
  [[nodiscard]] bool meets(const Slots& other) const {
    for (std::size_t w = 0; w < Words; ++w) {
      if ((words[w] & other.words[w]) != 0) return true;
    }
    return false;
  }
  friend Slots operator&(Slots a, const Slots& b) {
    for (std::size_t w = 0; w < Words; ++w) a.words[w] &= b.words[w];
    return a;
  }
  friend Slots operator|(Slots a, const Slots& b) {
    for (std::size_t w = 0; w < Words; ++w) a.words[w] |= b.words[w];
    return a;
  }
  friend Slots operator-(Slots a, const Slots& b) {
    for (std::size_t w = 0; w < Words; ++w) a.words[w] &= ~b.words[w];
    return a;
  }
};

// Components of the graph, for H0: every slot's label, and a merge writes one label over another. Among so few slots
// that is a handful of wide instructions, while a tree would be climbed step by step.
template <std::size_t Words>
class Components {
 public:
  Components() {
    for (std::uint32_t slot = 0; slot < labels_.size(); ++slot) labels_[slot] = static_cast<std::uint8_t>(slot);
  }
  // True if the two slots were in different components.
  bool merge(std::uint32_t i, std::uint32_t j) {
    const std::uint8_t kept = labels_[i];
    const std::uint8_t gone = labels_[j];
    if (kept == gone) return false;
    for (auto& label : labels_) label = label == gone ? kept : label;
    return true;
  }

 private:
  std::array<std::uint8_t, Words * 64> labels_;
};

}  // namespace
}  // namespace cms::homology::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
