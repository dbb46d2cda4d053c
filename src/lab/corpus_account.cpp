#include "lab/corpus_account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace cms::lab {
namespace {

constexpr std::size_t kTriesPerAccount = 20;

double exponential(double mean, Random& random) { return -mean * std::log(1 - random.uniform()); }

RowInfo request(const RowInfo& source, const ComposedAccount& account, std::size_t index) {
  RowInfo info = source;
  const auto kind = info.more.find("kind");
  if (kind != info.more.end()) info.more["origin"] = *kind;
  info.more["kind"] = account.kind;
  info.more["from_attacker"] = static_cast<bool>(account.from_attacker[index]);
  return info;
}

}  // namespace

ComposedAccount account_of(std::string kind, std::vector<std::uint32_t> rows, bool from_attacker) {
  const auto count = rows.size();
  return {std::move(kind), std::move(rows), std::vector<bool>(count, from_attacker)};
}

std::optional<ComposedAccount> finished(ComposedAccount account, const Length& length) {
  if (account.rows.empty() || account.rows.size() < length.requests_min) return std::nullopt;
  return account;
}

Likeness likeness_of(const Corpus& corpus, Pool rows) {
  Likeness likeness;
  likeness.requests = static_cast<std::uint32_t>(rows.size());
  double sum = 0, pairs = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double one = cosine(corpus, rows[i], rows[j]);
      likeness.least = std::min(likeness.least, one);
      sum += one;
      pairs += 1;
    }
  }
  if (pairs > 0) likeness.mean = sum / pairs;
  return likeness;
}

std::vector<ComposedAccount> compose_many(std::size_t count,
                                          const std::function<std::optional<ComposedAccount>()>& compose) {
  std::vector<ComposedAccount> accounts;
  for (std::size_t tries = 0; accounts.size() < count && tries < kTriesPerAccount * count; ++tries) {
    if (auto account = compose()) accounts.push_back(std::move(*account));
  }
  return accounts;
}

std::vector<double> request_times(const ComposedAccount& account, const TimeOptions& options, Random& random) {
  std::vector<double> times;
  times.reserve(account.rows.size());
  double time = options.start_seconds_max * random.uniform();
  for (std::size_t i = 0; i < account.rows.size(); ++i) {
    const bool machine = account.from_attacker[i] || account.kind == "batch";
    if (i > 0) {
      time += exponential(machine ? options.machine_gap_seconds : options.person_gap_seconds, random);
      const bool new_session = !machine && random.uniform() * options.session_requests < 1;
      if (new_session) time += options.break_seconds_min + exponential(options.break_seconds_mean, random);
    }
    times.push_back(time);
  }
  return times;
}

ActivationSet compose_set(const ActivationSet& source, const Corpus& corpus,
                          std::span<const ComposedAccount> accounts, const std::string& prefix, Random& random) {
  ActivationSet set;
  set.manifest = source.manifest;
  std::size_t count = 0;
  for (const auto& account : accounts) count += account.rows.size();
  set.values.reserve(count * source.manifest.dimension);
  set.rows.reserve(count);
  std::map<std::string, std::uint32_t> numbers;
  for (const auto& account : accounts) {
    const auto name = fmt::format("{}{}-{:03}", prefix, account.kind, numbers[account.kind]++);
    const auto times = request_times(account, TimeOptions{}, random);
    for (std::size_t i = 0; i < account.rows.size(); ++i) {
      const auto source_row = corpus.rows[account.rows[i]].source_row;
      const auto vector = source.row(source_row);
      set.values.insert(set.values.end(), vector.begin(), vector.end());
      set.rows.push_back(request(source.rows[source_row], account, i));
      set.rows.back().account = name;
      set.rows.back().time = times[i];
    }
  }
  return set;
}

}  // namespace cms::lab
