// The prompts that the theft of a language model's last layer asks: random tokens, sent as the text they spell.
//
// Reference: Carlini et al., arXiv 2403.06634, section 4.1 (random prompts). Threads: as the oracle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "tap/llama_logits.hpp"

namespace cms::lab {

struct TheftPrompt {
  std::string text;                  // what an interface is sent; a tap reads all of it
  std::vector<std::int32_t> tokens;  // what the model reads of it
};

// `count` prompts, no text twice: 4 to 8 tokens drawn uniformly, as text, white space made one space. Draws that are
// no UTF-8, or have no word, are drawn again. Cost: a tokenisation each.
std::vector<TheftPrompt> draw_theft_prompts(const tap::LlamaLogits& oracle, std::size_t count, Random& random);

}  // namespace cms::lab
