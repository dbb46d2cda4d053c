#include "tap/account_split.hpp"

#include <fmt/format.h>

#include <cstring>
#include <set>
#include <string>
#include <unordered_set>

#include "base/hash.hpp"
#include "base/random.hpp"

namespace cms::tap {
namespace {

std::string text_of(const ActivationSet& set, std::size_t row) {
  const auto& more = set.rows[row].more;
  std::string text;
  if (const auto* given = more.is_object() && more.contains("text") ? &more["text"] : nullptr;
      given != nullptr && given->is_string()) {
    text = given->get<std::string>();
  } else {
    const auto numbers = set.row(row);
    text.resize(numbers.size_bytes());
    std::memcpy(text.data(), numbers.data(), text.size());
  }
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void add(ActivationSet& to, const ActivationSet& from, std::size_t row) {
  const auto numbers = from.row(row);
  to.values.insert(to.values.end(), numbers.begin(), numbers.end());
  to.rows.push_back(from.rows[row]);
}

}  // namespace

Result<AccountSplit> split_accounts(const ActivationSet& set, const AccountSplitOptions& options) {
  if (!(options.calibrate > 0 && options.calibrate < 1)) {
    return fail(ErrorCode::usage, "the share of the accounts that calibrate lies between 0 and 1");
  }
  AccountSplit parts;
  parts.benign.manifest = parts.calibrate.manifest = set.manifest;
  std::set<std::string> benign, calibrate, all;
  std::unordered_set<std::string> texts;
  const auto calibrates = [&](const std::string& account) {
    return Random(stable_hash(fmt::format("split {} {}", options.seed, account))).uniform() < options.calibrate;
  };
  for (std::size_t row = 0; row < set.count(); ++row) {
    const auto& account = set.rows[row].account;
    if (account.empty()) {
      return fail(ErrorCode::bad_input, fmt::format("row {} has no account; a log of traffic has one a row", row));
    }
    all.insert(account);
    if (!calibrates(account)) continue;
    calibrate.insert(account);
    texts.insert(text_of(set, row));
    add(parts.calibrate, set, row);
  }
  for (std::size_t row = 0; row < set.count(); ++row) {
    const auto& account = set.rows[row].account;
    if (calibrate.contains(account)) continue;
    if (texts.contains(text_of(set, row))) {
      ++parts.dropped;
    } else {
      benign.insert(account);
      add(parts.benign, set, row);
    }
  }
  parts.benign_accounts = benign.size();
  parts.calibrate_accounts = calibrate.size();
  if (parts.benign.count() == 0 || parts.calibrate.count() == 0) {
    return fail(ErrorCode::bad_input,
                fmt::format("{} accounts of {} calibrate, and {} rows are left for the other part: both need some; "
                            "take more accounts, another share or another seed",
                            calibrate.size(), all.size(), parts.benign.count()));
  }
  return parts;
}

}  // namespace cms::tap
