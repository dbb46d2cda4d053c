// What somebody meant who wrote a word that there is not.
//
// Threads: pure.
#pragma once

#include <span>
#include <string_view>

namespace cms {

// The one of `known` that is spelled most like `word` (Levenshtein distance, by the table of Wagner and Fischer, The
// string-to-string correction problem, J. ACM 21, 1974); the first of equals. Requires one at least. Cost: the product
// of both lengths, for each.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace cms
