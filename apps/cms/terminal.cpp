#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "pipeline/score_line.hpp"

namespace {

// The bytes of the code point that begins `text`; stray bytes count one.
std::size_t code_point_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(size, text.size());
}

// Characters that move the cursor, start a command or turn the direction of the text.
bool steers(std::string_view code_point) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(code_point[i]); };
  if (code_point.size() == 1) return at(0) < 0x20 || at(0) >= 0x7F;
  if (code_point.size() == 2) return at(0) == 0xC2 && at(1) < 0xA0;
  if (code_point.size() != 3 || at(0) != 0xE2) return false;
  return (at(1) == 0x80 && ((at(2) >= 0x8B && at(2) <= 0x8F) || (at(2) >= 0xA8 && at(2) <= 0xAE))) ||
         (at(1) == 0x81 && at(2) >= 0xA0 && at(2) <= 0xAF);
}

std::string number_text(double value) {
  return value >= 0.001 || value == 0 ? fmt::format("{:.3f}", value) : fmt::format("{:.0e}", value);
}

}  // namespace

bool colours_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

std::size_t terminal_columns() {
  winsize found{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 ? found.ws_col : 0;
}

std::string paint(std::string text, cms::Action action, bool colours) {
  constexpr std::array<std::string_view, 5> kColours = {"32", "36", "33", "35", "1;31"};
  if (!colours) return text;
  return fmt::format("\033[{}m{}\033[0m", kColours[static_cast<std::size_t>(action)], text);
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (; !text.empty(); ++width) text.remove_prefix(code_point_bytes(text));
  return width;
}

std::string column(std::string_view text, std::size_t width) {
  const bool cut = width_of(text) > width;
  const std::size_t kept = cut && width > 0 ? width - 1 : std::min(width, width_of(text));
  std::string result;
  for (std::size_t i = 0; i < kept; ++i) {
    const auto code_point = text.substr(0, code_point_bytes(text));
    result += steers(code_point) ? "?" : code_point;
    text.remove_prefix(code_point.size());
  }
  if (cut && width > 0) return result + "\u2026";
  return result + std::string(width - kept, ' ');
}

std::string poh_text(const cms::Score& score) {
  return score.computed ? fmt::format("{}{}", score.extrapolated ? "~" : "", number_text(score.poh)) : "-";
}

std::string poh_min_text(const cms::Score& score) { return score.computed ? number_text(score.poh_min) : "-"; }

std::string reasons_text(const cms::Score& score, std::size_t count) {
  std::string text;
  for (const auto& reason : cms::pipeline::reasons(score)) {
    if (count-- == 0 || reason.share < 0.005) break;
    text += fmt::format("{}{} {:.0f}%", text.empty() ? "" : ", ", cms::name(reason.channel), 100 * reason.share);
  }
  return text.empty() ? "-" : text;
}

std::string sparkline(std::span<const float> values, std::size_t width) {
  constexpr std::array<std::string_view, 8> kBlocks = {"\u2581", "\u2582", "\u2583", "\u2584",
                                                       "\u2585", "\u2586", "\u2587", "\u2588"};
  if (values.empty()) return std::string(width, ' ');
  std::string line;
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t first = i * values.size() / width;
    const std::size_t last = std::max(first + 1, (i + 1) * values.size() / width);
    const float least = *std::min_element(values.begin() + static_cast<std::ptrdiff_t>(first),
                                          values.begin() + static_cast<std::ptrdiff_t>(last));
    line += kBlocks[static_cast<std::size_t>(std::clamp(std::floor(least * 8), 0.0F, 7.0F))];
  }
  return line;
}
