// Two sets of honest traffic out of one: what densities are fitted on, and the accounts that calibrate.
//
// Invariants: an account lies in one part as a whole; where it lies depends on its name, the seed and the share alone;
// no text of the calibration lies in the other part (rows are dropped there for its sake).
// Threads: pure. Cost: one SHA-256 a row.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "types/activation.hpp"

namespace cms::tap {

struct AccountSplitOptions {
  double calibrate = 0.7;  // share of the accounts, in (0, 1)
  std::uint64_t seed = 1;
};

struct AccountSplit {
  ActivationSet benign, calibrate;      // rows in their order
  std::size_t benign_accounts = 0, calibrate_accounts = 0;
  std::size_t dropped = 0;              // rows of benign accounts whose text lies in the calibration
};

// A text is the row's "text" where it has one, else its numbers. Errors: `usage` for a share that is none; `bad_input`
// when a row has no account, or a part would be empty.
Result<AccountSplit> split_accounts(const ActivationSet& set, const AccountSplitOptions& options);

}  // namespace cms::tap
