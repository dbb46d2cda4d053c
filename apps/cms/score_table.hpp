// Scores as a table for people.
#pragma once

#include <span>
#include <string>

#include "score_inputs.hpp"

// A heading, a line for each score, and a sentence on how many are flagged. The reasons are cut where `columns` end;
// 0 columns = as wide as the content needs.
std::string score_table(std::span<const AccountScore> scores, bool colours, std::size_t columns);
