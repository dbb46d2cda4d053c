// Ablations: the first study again and again, each time with one thing other than the product has it.
//
// Blocks: layer and pooling of the activations, rank, number of charts, window, each scored measure left out. All else
// stays: parts, kinds of accounts, calibration. What each block reads, and of whom honest rates are:
// docs/lab/ablation.md. Threads: see options.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lab/families.hpp"
#include "lab/outcome.hpp"
#include "lab/texts_used.hpp"
#include "score/calibration.hpp"

namespace cms::lab {

enum class AblationBlock : std::uint8_t { layers, rank, charts, window, measures };
inline constexpr std::array<const char*, 5> kAblationBlocks = {"layers", "rank", "charts", "window", "measures"};

struct AblationOptions {
  std::filesystem::path data;    // as read_data takes it (ground.hpp)
  Families families = shared_families();
  std::filesystem::path layers;  // folder with {human,distill}.LAYER.POOLING.npy; empty = that block is left out
  std::filesystem::path tune;    // as in the first study: activations of our own prompts; empty = the test part is read
  std::vector<std::string> blocks;  // of kAblationBlocks; empty = all
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  double scale = .3;  // of the first study's numbers of accounts
  std::uint32_t ranking_accounts = 500;  // before scale
  std::uint32_t layer_requests = 60;  // of an account in the layers' block, where a family has few rows
  score::Options score;
  unsigned threads = 1;
};

// Groups of cells whose shares are averaged.
inline constexpr std::array<const char*, 7> kAblationGroups = {
    "broad, sets", "broad, people", "clustered", "diluted 50%", "diluted 30%", "diluted 10%", "streams"};

// One configuration, all seeds.
struct AblationRow {
  AblationBlock block = AblationBlock::layers;
  std::string name;
  bool product = false;  // as the product has it
  std::string worst_kind;
  double honest_worst = 0;  // greatest share flagged over honest kinds
  std::array<double, kAblationGroups.size()> flagged{};
  double attackers = 0;  // mean share flagged over attackers
  double area = 0;       // mean area under the curve over attackers, against the honest kinds of calibration
};

// Adds to `texts` which served what. Errors: `usage` for an unknown block; `bad_input` when the data are not there or
// too small. Cost: docs/lab/ablation.md.
Result<std::vector<AblationRow>> run_ablation(const AblationOptions& options, TextsUsed& texts);

std::string describe(const std::vector<AblationRow>& rows);
std::string goal_lines(const std::vector<AblationRow>& rows);
// A picture a block: attackers flagged by configuration, and in its name the honest ones of the worst kind.
nlohmann::json plots(const std::vector<AblationRow>& rows);

}  // namespace cms::lab
