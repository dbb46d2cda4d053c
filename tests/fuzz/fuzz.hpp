// What a fuzz target offers: its test of one input, and inputs to begin with.
//
// libFuzzer calls LLVMFuzzerTestOneInput (preset `fuzz`, CONTRIBUTING.md); driver.cpp calls it in every other build.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/bytes.hpp"

// Returns 0; aborts when something is wrong with what the bytes made.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace cms::fuzz {

// Inputs that are accepted, the same in every run.
std::vector<Bytes> seeds();

// How many inputs were accepted so far: a loop whose inputs are all refused tests little.
inline std::uint64_t accepted = 0;

// Ends the program unless `holds`; `what` is a sentence about what should.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: it does not hold that %s\n", what);
  std::abort();
}

}  // namespace cms::fuzz
