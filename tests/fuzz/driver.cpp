// Runs a fuzz target without libFuzzer: PROGRAM [ROUNDS] mutates its seeds that often, the same way in every run, and
// fails when hardly anything was accepted; PROGRAM --seconds SECONDS does so for so long; PROGRAM --write-seeds FOLDER
// writes them, for libFuzzer to begin with; PROGRAM --run FILE... repeats what one found. An input that ends the
// program is left in fuzz-failure.bin.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/random.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using cms::Bytes;
using cms::Random;

Bytes current;

void write(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// Returning lets abort() end the program.
void keep_current(int) { write("fuzz-failure.bin", current); }

void run(const Bytes& bytes) {
  current = bytes;
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// Numbers at which things break, and any others.
std::uint64_t hostile_number(Random& random) {
  constexpr std::uint64_t kKnown[] = {0, 1, 127, 128, 255, 4095, 4096, 65534, 65535, 0x7FFF'FFFF, 0xFFFF'FFFF,
                                      std::uint64_t{1} << 53, 0x7FF0'0000'0000'0000, 0x7FEF'FFFF'FFFF'FFFF,
                                      0x8000'0000'0000'0000, 0x7F80'0000, 0x7F7F'FFFF, ~std::uint64_t{0}};
  const std::uint64_t kind = random.below(2 * std::size(kKnown));
  return kind < std::size(kKnown) ? kKnown[kind] : random.bits();
}

void put(Bytes& bytes, std::size_t at, std::uint64_t number, std::size_t width) {
  std::memcpy(bytes.data() + at, &number, std::min(width, bytes.size() - at));
}

void mutate(Bytes& bytes, const Bytes& other, Random& random) {
  if (bytes.empty()) bytes.push_back(0);
  const std::size_t at = random.below(bytes.size());
  switch (random.below(16)) {
    case 0:
      bytes.resize(at);
      break;
    case 1:
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 1 + random.below(8), std::uint8_t{0});
      break;
    case 2:  // a stretch of another seed, where it lies there
      for (std::size_t i = at, end = at + random.below(64); i < std::min({end, other.size(), bytes.size()}); ++i) {
        bytes[i] = other[i];
      }
      break;
    case 3:  // one stretch over another of the same bytes: equal points, for one
      for (std::size_t i = at, from = random.below(bytes.size()), n = random.below(16); n > 0; --n, ++i, ++from) {
        if (i < bytes.size() && from < bytes.size()) bytes[i] = bytes[from];
      }
      break;
    case 4:
    case 5:
      put(bytes, at, hostile_number(random), std::size_t{1} << random.below(4));
      break;
    default:
      bytes[at] ^= static_cast<std::uint8_t>(1U << random.below(8));
  }
}

using Clock = std::chrono::steady_clock;

// Until there were so many rounds or the time has come.
int mutate_seeds(std::uint64_t rounds_max, Clock::time_point end) {
  const auto seeds = cms::fuzz::seeds();
  for (const Bytes& seed : seeds) run(seed);
  cms::fuzz::expect(cms::fuzz::accepted == seeds.size(), "every seed is accepted");
  Random random(1);
  std::uint64_t rounds = 0;
  for (; rounds < rounds_max && (rounds % 256 != 0 || Clock::now() < end); ++rounds) {
    Bytes bytes = seeds[random.below(seeds.size())];
    const Bytes& other = seeds[random.below(seeds.size())];
    for (std::uint64_t times = 1 + random.below(3); times > 0; --times) mutate(bytes, other, random);
    run(bytes);
  }
  const std::uint64_t accepted = cms::fuzz::accepted - seeds.size();
  std::printf("%llu mutated inputs, %llu accepted\n", static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(accepted));
  cms::fuzz::expect(accepted >= rounds / 20, "one input in twenty is accepted");
  return 0;
}

Bytes read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int count, char** words) {
  std::signal(SIGABRT, keep_current);
  const std::string first = count > 1 ? words[1] : "20000";
  if (first == "--write-seeds" && count == 3) {
    std::size_t number = 0;
    for (const Bytes& seed : cms::fuzz::seeds()) write(words[2] + ("/seed-" + std::to_string(number++)), seed);
    return 0;
  }
  if (first == "--run") {
    for (int i = 2; i < count; ++i) run(read(words[i]));
    return 0;
  }
  if (first == "--seconds" && count == 3) {
    return mutate_seeds(~std::uint64_t{0}, Clock::now() + std::chrono::seconds(std::stoull(words[2])));
  }
  return mutate_seeds(std::stoull(first), Clock::time_point::max());
}
