// A small annotated set for the tests of demo and report: people in seven fields, distillers in six, three parts.
//
// Fields lie around centres of their own, distillers' farther out: enough that an atlas can be fitted and accounts
// differ, nothing that a result depends on.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/random.hpp"
#include "types/activation.hpp"

namespace cms::lab {

struct AnnotatedRows {
  std::string kind;   // people | distiller
  std::string field;
  std::string split;  // fit | calibrate | demo
  int count = 0;
};

inline void add_rows(ActivationSet& set, const AnnotatedRows& rows, const std::vector<float>& centre, Random& random) {
  for (int i = 0; i < rows.count; ++i) {
    for (const float value : centre) set.values.push_back(value + static_cast<float>(random.normal()));
    RowInfo info;
    info.time = static_cast<double>(set.rows.size());
    const auto id = fmt::format("r{}", set.rows.size());
    info.more = {{"id", id},      {"kind", rows.kind},           {"field", rows.field}, {"split", rows.split},
                 {"turn", i % 4}, {"text", "asked under " + id}, {"conversation", nullptr}};
    if (rows.kind == "people") info.more["conversation"] = fmt::format("{}/{}/{}", rows.field, rows.split, i / 4);
    set.rows.push_back(info);
  }
}

inline ActivationSet annotated_set() {
  constexpr std::uint32_t kDimension = 80;
  ActivationSet set;
  set.manifest = *assume_model("example/final/mean", kDimension);
  Random random(7);
  const auto add_field = [&](const std::string& kind, const std::string& field, double spread,
                             const std::vector<std::pair<std::string, int>>& parts) {
    std::vector<float> centre;
    for (std::uint32_t k = 0; k < kDimension; ++k) centre.push_back(static_cast<float>(spread * random.normal()));
    for (const auto& [split, count] : parts) add_rows(set, {kind, field, split, count}, centre, random);
  };
  for (int field = 0; field < 7; ++field) {
    add_field("people", fmt::format("field{}", field), 1.0, {{"fit", 60}, {"calibrate", 120}, {"demo", 100}});
  }
  for (int field = 0; field < 6; ++field) {
    add_field("distiller", fmt::format("task{}", field), 1.5, {{"fit", 44}, {"demo", 90}});
  }
  return set;
}

}  // namespace cms::lab
