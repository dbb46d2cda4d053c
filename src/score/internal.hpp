// Shared by the two sources of this stage; not for others.
#pragma once

#include "score/calibration.hpp"

namespace cms::score {

// Mean normal score of each channel's measures, before standardising; NaN = none was made.
std::array<double, kChannelCount> channel_values(const Calibration& calibration, const Observation& observation);

}  // namespace cms::score
