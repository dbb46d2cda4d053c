#include "serve/ingest_body.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tap/json_lines.hpp"
#include "tap/npy.hpp"

namespace cms::serve {
namespace {

using pipeline::Refusal;

TEST(ingest_body, lines_give_the_numbers_that_another_parser_gives) {
  Random random(1);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += fmt::format("{{\"time\": {}, \"other\": [{{}}], \"account\": \"a\\u00e4{}\", \"vector\": [", i * 0.5, i);
    for (int j = 0; j < 40; ++j) text += fmt::format("{}{}", j > 0 ? "," : "", random.normal() * std::pow(10, j - 20));
    text += "]}\n";
  }
  const auto parsed = parse_activation_lines(std::string(text), {}).value();
  ASSERT_EQ(parsed.items.size(), 300U);
  EXPECT_TRUE(parsed.why.empty());
  std::size_t first = 0;
  for (const auto& item : parsed.items) {
    const auto end = text.find('\n', first);
    const auto line = tap::parse_object(text.substr(first, end - first)).value();
    first = end + 1;
    EXPECT_EQ(item.account, line["account"]);
    EXPECT_EQ(item.time, line["time"]);
    ASSERT_EQ(item.activation.size(), 40U);
    for (std::size_t j = 0; j < 40; ++j) {
      EXPECT_EQ(item.activation[j], static_cast<float>(line["vector"][j].get<double>()));
    }
  }
}

TEST(ingest_body, a_line_without_a_time_is_of_now_and_lines_are_counted_with_empty_ones) {
  const auto parsed = parse_activation_lines("\n\r\n{\"account\":\"a\",\"vector\":[]}\r\n\nx", {.now = 9}).value();
  ASSERT_EQ(parsed.items.size(), 2U);
  EXPECT_EQ(parsed.items[0].time, 9);
  EXPECT_EQ(parsed.items[0].refusal, Refusal::none);
  EXPECT_EQ(parsed.why.at(1), "line 5: not a JSON object");
}

TEST(ingest_body, anything_cut_or_changed_is_read_or_refused_and_never_more_than_its_lines) {
  Random random(2);
  const std::string good =
      "{\"account\":\"a\",\"time\":1,\"vector\":[1.5,-2e3,3]}\n{\"account\":\"b\",\"vector\":[0]}\n";
  for (int i = 0; i < 20'000; ++i) {
    auto text = good.substr(0, random.below(good.size() + 1));
    for (auto n = random.below(4); n > 0 && !text.empty(); --n) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    const auto parsed = parse_activation_lines(std::string(text), {}).value();
    EXPECT_LE(parsed.items.size(), lines);
    for (std::size_t k = 0; k < parsed.items.size(); ++k) {
      EXPECT_EQ(parsed.items[k].refusal != Refusal::none, parsed.why.contains(k));
    }
  }
}

TEST(ingest_body, observations_need_a_text) {
  const auto parsed = parse_observation_lines("{\"account\":\"a\",\"text\":\"hi\"}\n{\"account\":\"a\"}\n", {}).value();
  EXPECT_EQ(parsed.items[0].text, "hi");
  EXPECT_EQ(parsed.items[0].refusal, Refusal::none);
  EXPECT_EQ(parsed.items[1].refusal, Refusal::text);
  EXPECT_EQ(parsed.why.at(1), "line 2: \"text\" must be a text");
  EXPECT_FALSE(parse_observation_lines("{}\n{}\n{}\n", {.items_max = 2}));
}

TEST(ingest_body, a_line_of_more_than_four_mebibytes_is_refused_and_the_rest_goes_on) {
  const std::string start = R"({"account":"a","text":")", end = R"("})";
  const auto line = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size() - end.size(), 'x') + end + "\n";
  };
  const auto parsed = parse_observation_lines(line(4 << 20) + line((4 << 20) + 1) + line(100), {}).value();
  ASSERT_EQ(parsed.items.size(), 3U);
  EXPECT_EQ(parsed.items[0].refusal, Refusal::none);
  EXPECT_EQ(parsed.items[1].refusal, Refusal::account);
  EXPECT_EQ(parsed.why.at(1), "line 2: longer than 4194304 bytes");
  EXPECT_EQ(parsed.items[2].refusal, Refusal::none);
}

TEST(ingest_body, names_that_are_nested_deep_are_no_names) {
  const auto bytes = tap::format_npy(std::vector<float>{1, 2}, 2, tap::Dtype::float32);
  RowNames names;
  names.accounts_json = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_FALSE(parse_matrix(std::string(bytes.begin(), bytes.end()), MatrixFormat::npy, "", names, {}));
}

TEST(ingest_body, rows_of_a_matrix_need_names_and_get_times) {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const auto bytes = tap::format_npy(values, 3, tap::Dtype::float32);
  const std::string body(bytes.begin(), bytes.end());
  const auto parse = [&](const RowNames& names, std::size_t most = 10) {
    return parse_matrix(body, MatrixFormat::npy, "", names, {.items_max = most, .now = 7});
  };
  const auto one = parse({.account = "a"}).value();
  ASSERT_EQ(one.items.size(), 2U);
  EXPECT_EQ(one.items[1].activation, (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(one.items[1].time, 7);
  const auto each = parse({.accounts_json = R"(["x","\u00e4"])", .times_json = "[1,2.5]"}).value();
  EXPECT_EQ(each.items[1].account, "\u00e4");
  EXPECT_EQ(each.items[1].time, 2.5);
  EXPECT_FALSE(parse({}));
  EXPECT_FALSE(parse({.account = "a", .accounts_json = R"(["x","y"])"}));
  EXPECT_FALSE(parse({.account = "a", .time = 1, .times_json = "[1,2]"}));
  EXPECT_FALSE(parse({.accounts_json = R"(["x"])"}));
  EXPECT_FALSE(parse({.accounts_json = R"(["x",1])"}));
  EXPECT_FALSE(parse({.accounts_json = "[["}));
  EXPECT_FALSE(parse({.account = "a", .times_json = R"([1,"2"])"}));
  EXPECT_FALSE(parse({.account = "a"}, 1));
  EXPECT_FALSE(parse_matrix(body, MatrixFormat::safetensors, "", {.account = "a"}, {}));
}

}  // namespace
}  // namespace cms::serve
