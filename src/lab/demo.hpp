// The demo of the main job: an annotated set cut into what an atlas is fitted on, what calibrates it, and the accounts
// that are then captured live.
//
// The rows say themselves where they belong (key `split`: fit | calibrate | demo), so nothing is hashed here.
// Invariants
//  1. No text and no conversation lies in two parts; no account holds a text twice.
//  2. Equal set, options and program give equal bytes. Live accounts do not depend on the number of calibration
//     accounts.
// Threads: pure. Cost: a quick atlas (a second for 2,000 rows) and the composers'. What it shows, and what not:
// docs/lab/demo.md.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.hpp"
#include "lab/corpus_account.hpp"
#include "types/activation.hpp"

namespace cms::lab {

struct DemoOptions {
  std::uint64_t seed = 1;
  // Of each of the five honest kinds. Half of all rank, and 99 of those let PoH reach .01 without extrapolation.
  std::uint32_t calibration_per_kind = 60;
  // Calibration accounts are as long as the longest live one where their texts suffice: what is promised holds up to
  // the age that calibration reached.
  std::uint32_t requests_min = 64;
  std::uint32_t requests_max = 96;  // live accounts: uniform between the two
};

struct Demo {
  ActivationSet manifold;   // every row of split fit
  ActivationSet benign;     // people's rows of split fit
  ActivationSet calibrate;  // honest accounts over people's rows of split calibrate
  ActivationSet live;       // ten honest accounts and six attackers over the rows of split demo
};

// Composes the demo out of `set`: keys `id`, `kind` (people | distiller), `field`, `split`, `text`, optionally
// `conversation` and `turn`. Similarity is taken in an atlas fitted on the rows of split fit. Errors: `bad_input` when
// a key is missing, a text lies in two parts, or a part is too small for its accounts.
Result<Demo> compose_demo(const ActivationSet& set, const DemoOptions& options);

// Writes FOLDER/manifold, benign, calibrate (float16 sets), FOLDER/live.jsonl (prompts of the live accounts) and
// FOLDER/expected (the vectors that a capture of live.jsonl should give, as the set knows them). Errors: `failed`.
Result<void> write_demo(const std::filesystem::path& folder, const Demo& demo);

}  // namespace cms::lab
