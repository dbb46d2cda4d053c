// A matrix as the file formats give it: float32, row-major, before anything is known of its rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cms::tap {

struct Matrix {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::vector<float> values;  // rows * columns
};

// How numbers lie in a file.
enum class Dtype : std::uint8_t { float16, float32 };

}  // namespace cms::tap
