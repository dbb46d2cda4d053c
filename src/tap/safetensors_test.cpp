#include "tap/safetensors.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.hpp"

namespace cms::tap {
namespace {

Bytes file(const std::string& header, std::initializer_list<float> values) {
  ByteWriter writer;
  writer.put_string(header);
  for (const float value : values) writer.put(value);
  return writer.take();
}

const std::string kEntry = R"({"dtype":"F32","shape":[2,1],"data_offsets":[0,8]})";

std::string error_of(const Bytes& content, const std::string& name = "") {
  const auto matrix = parse_safetensors(content, name);
  if (matrix) return "no error";
  EXPECT_EQ(matrix.error().code, ErrorCode::bad_input);
  return matrix.error().message;
}

TEST(Safetensors, the_only_tensor_needs_no_name) {
  const auto matrix = parse_safetensors(file(R"({"__metadata__":{"by":"us"},"a":)" + kEntry + "}", {1, 2}), "");

  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->rows, 2U);
  EXPECT_EQ(matrix->values, (std::vector<float>{1, 2}));
}

TEST(Safetensors, one_of_several_is_chosen_by_name_only) {
  const std::string second = R"({"dtype":"F32","shape":[1,1],"data_offsets":[8,12]})";
  const Bytes content = file(R"({"a":)" + kEntry + R"(,"b":)" + second + "}", {1, 2, 3});

  EXPECT_EQ(parse_safetensors(content, "b")->values, std::vector<float>{3});
  EXPECT_NE(error_of(content).find("holds 2 tensors (a, b"), std::string::npos);
  EXPECT_NE(error_of(content, "c").find("no tensor is called \"c\""), std::string::npos);
}

TEST(Safetensors, half_and_bfloat16_are_widened) {
  for (const auto& [dtype, bits] : {std::pair{"F16", 0x3C00}, std::pair{"BF16", 0x3F80}}) {
    ByteWriter writer;
    writer.put_string(R"({"a":{"dtype":")" + std::string(dtype) + R"(","shape":[1,1],"data_offsets":[0,2]}})");
    writer.put(static_cast<std::uint16_t>(bits));
    EXPECT_EQ(parse_safetensors(writer.bytes(), "")->values, std::vector<float>{1});
  }
}

TEST(Safetensors, a_header_of_more_than_a_mebibyte_is_refused_before_it_is_read) {
  const std::string tensor = R"(,"a":)" + kEntry + "}";
  const auto content = [&](std::size_t bytes) {
    const std::string start = R"({"__metadata__":{"by":")", end = R"("})" + tensor;
    return file(start + std::string(bytes - start.size() - end.size(), 'x') + end, {1, 2});
  };
  EXPECT_TRUE(parse_safetensors(content(1 << 20), ""));
  EXPECT_NE(error_of(content((1 << 20) + 1)).find("1048576 are read at most"), std::string::npos);
}

TEST(Safetensors, every_truncation_is_an_error) {
  const Bytes content = file(R"({"a":)" + kEntry + "}", {1, 2});
  for (std::size_t size = 0; size < content.size(); ++size) {
    EXPECT_NE(error_of(Bytes(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size))), "no error");
  }
}

TEST(Safetensors, hostile_headers_are_named_errors) {
  const auto entry = [](const std::string& body) { return file(R"({"a":{)" + body + "}}", {1, 2}); };
  EXPECT_NE(error_of(entry(R"("dtype":"I64","shape":[1,1],"data_offsets":[0,8])")).find("dtype \"I64\""),
            std::string::npos);
  EXPECT_NE(error_of(entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])")).find("\"shape\""), std::string::npos);
  EXPECT_NE(error_of(entry(R"("dtype":"F32","shape":[2,-1],"data_offsets":[0,8])")).find("\"shape\""),
            std::string::npos);
  EXPECT_NE(error_of(entry(R"("dtype":"F32","shape":[2,1],"data_offsets":[8,0])")).find("backwards"),
            std::string::npos);
  EXPECT_NE(error_of(entry(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])")).find("not fit"),
            std::string::npos);
  EXPECT_NE(error_of(entry(R"("dtype":"F32","shape":[2,2],"data_offsets":[0,8])")).find("not fit"), std::string::npos);
  EXPECT_NE(error_of(file(R"({"a":3})", {})).find("not an object"), std::string::npos);
  EXPECT_NE(error_of(file("[]", {})).find("not a JSON object"), std::string::npos);
  EXPECT_NE(error_of(file("{}", {})).find("no tensor"), std::string::npos);
  EXPECT_NE(error_of(Bytes(8, 0xFF)).find("truncated"), std::string::npos);
}

}  // namespace
}  // namespace cms::tap
