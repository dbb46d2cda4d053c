// Counts what one event allocates, every malloc of the process included: cms_allocations MODEL SET.
//
// Prints one JSON object: events, allocations of the whole step, of homology per event. The accounts are warm: each has
// more than a full window and horizon behind it. Allocations are counted by standing in front of the C library's own
// functions, under which every operator new ends too.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "peers_library.hpp"
#include "tap/activation_set.hpp"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  ++allocations;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? 12 : 0;
}

}  // extern "C"

namespace {

constexpr std::uint32_t kAccounts = 4;

// Events and allocations of the second half of `rows`, after a first half that warms up.
std::pair<std::uint32_t, std::uint64_t> count_steps(const char* model, const cms::ActivationSet& set) {
  CmsSteps* steps = cms_peers_steps_open(model, kAccounts, 1, kAccounts);
  if (steps == nullptr || cms_peers_steps_dimension(steps) != set.manifest.dimension) {
    fmt::print(stderr, "cms_allocations: {}\n", steps == nullptr ? cms_peers_error() : "another dimension");
    std::exit(1);
  }
  const auto half = static_cast<std::uint32_t>(set.count() / 2);
  std::vector<double> poh(half);
  cms_peers_steps_push(steps, set.row(0).data(), half, poh.data(), nullptr);
  const std::uint64_t before = allocations;
  cms_peers_steps_push(steps, set.row(half).data(), half, poh.data(), nullptr);
  const std::uint64_t after = allocations;
  cms_peers_steps_close(steps);
  return {half, after - before};
}

// The same of homology per event over random windows, whose sizes of diagrams vary most.
std::pair<std::uint32_t, std::uint64_t> count_homology(std::uint32_t length) {
  constexpr std::uint32_t kEvents = 400;
  std::vector<float> matrix(std::size_t{length} * length);
  CmsHomology* homology = cms_peers_homology_open(length, cms_peers_homology_budget(length));
  std::uint64_t before = 0;
  for (std::uint32_t event = 0; event < 2 * kEvents; ++event) {
    cms_peers_window("random_metric", length, 1 + event / 16, matrix.data());
    if (event == 0) cms_peers_homology_start(homology, matrix.data(), length);
    const std::uint64_t now = allocations;
    const std::uint32_t slot = event % length;
    cms_peers_homology_replace(homology, slot, matrix.data() + std::size_t{slot} * length);
    if (event >= kEvents) before += allocations - now;
  }
  cms_peers_homology_close(homology);
  return {kEvents, before};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: cms_allocations MODEL SET\n");
    return 2;
  }
  const auto set = cms::tap::read_set(argv[2]);
  if (!set) {
    fmt::print(stderr, "cms_allocations: {}\n", set.error().message);
    return 1;
  }
  const auto [steps, in_steps] = count_steps(argv[1], *set);
  const auto [events, in_homology] = count_homology(64);
  fmt::print("{{\"steps\":{},\"in_steps\":{},\"homology_events\":{},\"in_homology\":{}}}\n", steps, in_steps, events,
             in_homology);
  return 0;
}
