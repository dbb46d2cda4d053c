// What the cells of the first study are to reach.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cms::lab {

// study: those of the first study. lab: the stricter ones of the lab, which also say how soon.
enum class Goals : std::uint8_t { study, lab };

struct CellGoal {
  std::optional<double> flagged;            // honest: greatest share; attackers: least; none = only reported
  std::optional<double> median_first_flag;  // greatest, in requests
};

// By the cell's name; of an unknown one nothing. Pure.
CellGoal goal_of(std::string_view cell, Goals goals);

// True for streams of one skill, of which the lab asks that the trained score sees them.
bool is_narrow_stream(std::string_view cell);

}  // namespace cms::lab
