// A text as words: what students, word detectors and made-up queries are made of.
//
// Threads: pure. Cost: linear.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cms::lab {

// ASCII letters lowered, one space around each word and none elsewhere; anything that is no letter, digit or byte of a
// longer UTF-8 character parts words. " " where there is no word.
std::string folded(std::string_view text);

// The words of folded(text).
std::vector<std::string> words_of(std::string_view text);

}  // namespace cms::lab
