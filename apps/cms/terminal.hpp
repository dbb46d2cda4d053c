// Text for people at a terminal: colours, columns, and names from outside that must not steer the terminal.
//
// Threads: pure but for the environment. Widths count code points, one column each.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "types/score.hpp"

// True when standard output is a terminal that shows colours and NO_COLOR is unset or empty.
bool colours_wanted();

// Columns of the terminal that standard output is; 0 where it is none.
std::size_t terminal_columns();

// `text` in the colour of an action, or as it is.
std::string paint(std::string text, cms::Action action, bool colours);

// `text` (UTF-8) with control and direction characters replaced by '?', cut to `width` columns (an ellipsis marks the
// cut) and filled up with spaces.
std::string column(std::string_view text, std::size_t width);

// Columns that `text` takes.
std::size_t width_of(std::string_view text);

// "0.043"; small ones as "2e-05"; "~" before a number that is extrapolated, "-" where there is none.
std::string poh_text(const cms::Score& score);
std::string poh_min_text(const cms::Score& score);

// "breadth 61%, mixture 20%": the greatest reasons, at most `count`; "-" where there is none.
std::string reasons_text(const cms::Score& score, std::size_t count);

// `values` in [0, 1] as a line of `width` block characters: each shows the least of its share of the values, so that
// no dip is lost. Fewer values than columns are stretched; none give spaces.
std::string sparkline(std::span<const float> values, std::size_t width);
