#include "tap/npy.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace cms::tap {
namespace {

const std::vector<float> kValues = {1, -2.5F, 0.25F, 1024, 0, -0.0F};

// A file with any header text, so that each field can be wrong.
Bytes with_header(const std::string& header, std::size_t data_bytes, std::uint8_t major = 1) {
  Bytes content = {0x93, 'N', 'U', 'M', 'P', 'Y', major, 0};
  for (int byte = 0; byte < (major == 1 ? 2 : 4); ++byte) {
    content.push_back(static_cast<std::uint8_t>(header.size() >> (8 * byte)));
  }
  content.insert(content.end(), header.begin(), header.end());
  content.resize(content.size() + data_bytes);
  return content;
}

std::string error_of(const Bytes& content) {
  const auto matrix = parse_npy(content);
  if (matrix) return "no error";
  EXPECT_EQ(matrix.error().code, ErrorCode::bad_input);
  return matrix.error().message;
}

TEST(Npy, a_matrix_survives_writing_and_reading) {
  for (const auto dtype : {Dtype::float32, Dtype::float16}) {
    const auto matrix = parse_npy(format_npy(kValues, 3, dtype));

    ASSERT_TRUE(matrix) << matrix.error().message;
    EXPECT_EQ(matrix->rows, 2U);
    EXPECT_EQ(matrix->columns, 3U);
    EXPECT_EQ(matrix->values, kValues);
  }
}

TEST(Npy, data_start_at_a_multiple_of_64_bytes_as_numpy_writes_them) {
  EXPECT_EQ((format_npy(kValues, 3, Dtype::float32).size() - 24) % 64, 0U);
}

TEST(Npy, version_2_and_headers_in_another_order_are_read) {
  const auto matrix = parse_npy(with_header("{\"shape\":(1,2),'fortran_order':False,'descr':'<f4'}", 8, 2));
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->columns, 2U);
}

TEST(Npy, every_truncation_is_an_error) {
  for (const auto dtype : {Dtype::float32, Dtype::float16}) {
    const Bytes content = format_npy(kValues, 3, dtype);
    for (std::size_t size = 0; size < content.size(); ++size) {
      EXPECT_NE(error_of(Bytes(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size))).find("truncated"),
                std::string::npos) << size;
    }
  }
}

TEST(Npy, every_flipped_header_byte_is_read_or_refused_and_nothing_else) {
  const Bytes content = format_npy(kValues, 3, Dtype::float32);
  for (std::size_t i = 0; i < content.size() - 24; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = content;
      flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << bit));
      const auto matrix = parse_npy(flipped);
      if (matrix) {
        EXPECT_EQ(matrix->values.size(), matrix->rows * matrix->columns);
      }
    }
  }
}

TEST(Npy, each_wrong_header_is_named) {
  const auto file = [](const std::string& descr, const std::string& order, const std::string& shape) {
    return with_header("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }", 24);
  };
  EXPECT_NE(error_of(file("'<f8'", "False", "(1, 3)")).find("dtype '<f8' is not read"), std::string::npos);
  EXPECT_NE(error_of(file("'>f4'", "False", "(2, 3)")).find("dtype"), std::string::npos);
  EXPECT_NE(error_of(file("[('a', '<f4')]", "False", "(2, 3)")).find("dtype"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "True", "(2, 3)")).find("Fortran"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "False", "(6,)")).find("not that of a matrix"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "False", "(1, 2, 3)")).find("not that of a matrix"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "False", "(-2, 3)")).find("not that of a matrix"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "False", "(4294967296, 4294967296)")).find("impossibly large"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "False", "(99999999999999999999, 1)")).find("not that of"), std::string::npos);
  EXPECT_NE(error_of(file("'<f4'", "False", "(1, 3)")).find("12 bytes follow"), std::string::npos);
  EXPECT_NE(error_of(with_header("{'descr': '<f4'}", 0)).find("malformed"), std::string::npos);
  EXPECT_NE(error_of(with_header("{'descr': '<f4', 'descr': '<f4'}", 0)).find("malformed"), std::string::npos);
  EXPECT_NE(error_of(with_header("", 0)).find("malformed"), std::string::npos);
  EXPECT_NE(error_of(Bytes{'P', 'K', 3, 4}).find("not an npy file"), std::string::npos);
}

TEST(Npy, half_precision_overflows_to_infinity) {
  const std::vector<float> values = {1e6F};
  const auto matrix = parse_npy(format_npy(values, 1, Dtype::float16));
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->values[0], std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace cms::tap
