#include "base/toml.hpp"

#include <gtest/gtest.h>

namespace cms {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  while (times-- > 0) text += part;
  return text;
}

// What `parse_toml` says of it, without the name.
std::string said(const std::string& text) {
  const auto parsed = parse_toml(text, "x");
  if (parsed) return "read";
  EXPECT_EQ(parsed.error().code, ErrorCode::bad_input);
  EXPECT_TRUE(parsed.error().message.starts_with("x, line ")) << parsed.error().message;
  return parsed.error().message.substr(3);
}

TEST(Toml, a_key_may_have_as_many_parts_as_are_read_and_no_more) {
  EXPECT_EQ(said(repeated("a.", kTomlDepthMax) + "a = 1\n[" + repeated("b.", kTomlDepthMax - 1) + "b]\nc.d = 0.5\n"),
            "read");
  EXPECT_EQ(said("b = 1\n" + repeated("a.", kTomlDepthMax + 1) + "a = 1\n"),
            "line 2, column 130: nested deeper than 64");
}

TEST(Toml, what_would_overflow_a_stack_is_refused_however_it_is_written) {
  const std::size_t many = 31'000;
  const std::string deep[] = {
      repeated("a.", many) + "a=1", "[" + repeated("a.", many) + "a]", repeated("a . ", many) + "a=1",
      repeated("\"a\".", many) + "a=1", repeated("'.'.", many) + "a=1", "a=" + repeated("[", many),
      "a=" + repeated("{a=", many), repeated("a.a={", many), "a=" + repeated("[\n", many),
      "a=[" + repeated("{" + repeated("a.", 60) + "a=[\n", many / 128)};
  const std::string before[] = {
      "", "# \"\n", "s = \"]#'\\\"\"\n", "s = '\'\n", "s = \"\"\n", "s = '''\n'']''\n'''''\n",
      "s = \"\"\"\n\\\"\"\"]\"\"\"\"\"\n", "s = {t = \"\"\"]\"\"\"\"}\n", "t = [1, 2.5]\n"};
  for (const auto& first : before) {
    EXPECT_EQ(said(first), "read") << first;
    for (const auto& one : deep) {
      EXPECT_NE(said(first + one).find("nested deeper than 64"), std::string::npos) << first << one.substr(0, 9);
    }
  }
}

TEST(Toml, dots_and_brackets_that_nest_nothing_are_as_many_as_one_likes) {
  const auto dots = repeated(".[{", 1000);
  EXPECT_EQ(said("# " + dots + "\na = \"" + dots +
                 "\"\nb = '" + dots + "'\nc = \"\"\"\n" + dots + "\"\"\"\"\n"), "read");
  EXPECT_EQ(said("d = '''" + dots + "'''''\ne = [" + repeated("0.5, [0.5],\n", 1000) + "]\n"), "read");
  EXPECT_EQ(said(repeated("[[f.g]]\nh = {i.j = 1, k.l = 2}\n", 1000)), "read");
}

TEST(Toml, what_is_no_toml_is_told_by_line_and_column) {
  EXPECT_TRUE(said("a = 1\nb = \n").starts_with("line 2, column 5: ")) << said("a = 1\nb = \n");
  for (const auto* broken : {"\"", "'", "\"\"\"", "'''", "a = \"\\", "a = \"\"\"\\", "]", "a = ]", "[", "\"a"}) {
    EXPECT_NE(said(broken), "read") << broken;
  }
}

}  // namespace
}  // namespace cms
