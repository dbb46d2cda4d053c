#include "lab/attackers.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace cms::lab {
namespace {

// The next row of a stream whose text is unused, now used; nothing at its end.
std::optional<std::uint32_t> next_unused(const std::vector<std::uint32_t>& stream, std::size_t& at, UsedTexts& used) {
  while (at < stream.size()) {
    const auto row = stream[at++];
    if (used.take(row)) return row;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::uint32_t> farthest_first(const Corpus& corpus, Pool rows, std::size_t count) {
  std::vector<std::uint32_t> taken;
  if (rows.empty() || count == 0) return taken;
  constexpr float kTaken = 2;  // above every cosine
  std::vector<float> nearest(rows.size(), -kTaken);
  std::size_t next = 0;
  while (true) {
    taken.push_back(rows[next]);
    nearest[next] = kTaken;
    if (taken.size() == std::min(count, rows.size())) return taken;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (nearest[i] != kTaken) nearest[i] = std::max(nearest[i], cosine(corpus, taken.back(), rows[i]));
    }
    next = static_cast<std::size_t>(std::min_element(nearest.begin(), nearest.end()) - nearest.begin());
  }
}

std::vector<std::uint32_t> farthest_alike(const Corpus& corpus, Pool rows, std::size_t count, double similarity,
                                          std::uint32_t together) {
  std::vector<std::uint32_t> taken;
  if (rows.empty() || count == 0) return taken;
  constexpr float kTaken = 2;  // above every cosine
  const std::size_t memory = std::max(1U, together - std::min(together, 1U));
  std::vector<float> nearest(rows.size(), -kTaken);
  std::vector<std::vector<float>> last(memory, std::vector<float>(rows.size(), kTaken));  // cosines, a ring
  std::size_t next = 0;
  while (true) {
    auto& cosines = last[taken.size() % memory];
    taken.push_back(rows[next]);
    nearest[next] = kTaken;
    if (taken.size() == std::min(count, rows.size())) return taken;
    std::size_t farthest = rows.size(), likest = rows.size();
    float likest_cosine = -kTaken;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (nearest[i] == kTaken) continue;
      cosines[i] = cosine(corpus, taken.back(), rows[i]);
      nearest[i] = std::max(nearest[i], cosines[i]);
      float least = kTaken;
      for (const auto& one : last) least = std::min(least, one[i]);
      if (least > likest_cosine) likest = i, likest_cosine = least;
      if (least >= similarity && (farthest == rows.size() || nearest[i] < nearest[farthest])) farthest = i;
    }
    next = farthest < rows.size() ? farthest : likest;
  }
}

std::vector<std::uint32_t> mutually_alike(const Corpus& corpus, Pool rows, double similarity, std::size_t count_min,
                                          std::size_t count_max) {
  std::vector<std::uint32_t> taken;
  constexpr float kNothingTaken = 2, kTaken = -2;  // above and below every cosine
  std::vector<float> least(rows.size(), kNothingTaken);
  std::size_t next = 0;
  while (taken.size() < std::min(count_max, rows.size())) {
    if (taken.size() >= count_min && least[next] < similarity) break;
    taken.push_back(rows[next]);
    least[next] = kTaken;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (least[i] != kTaken) least[i] = std::min(least[i], cosine(corpus, taken.back(), rows[i]));
    }
    next = static_cast<std::size_t>(std::max_element(least.begin(), least.end()) - least.begin());
  }
  return taken;
}

std::vector<std::uint32_t> nearest_neighbour_order(const Corpus& corpus, Pool rows) {
  std::vector<std::uint32_t> left(rows.begin(), rows.end());
  std::vector<std::uint32_t> order;
  std::size_t next = 0;
  while (!left.empty()) {
    order.push_back(left[next]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(next));
    next = 0;
    float best = -2;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const float similar = cosine(corpus, order.back(), left[i]);
      if (similar > best) {
        best = similar;
        next = i;
      }
    }
  }
  return order;
}

std::optional<ComposedAccount> naive(const Corpus& corpus, Pool pool, const AttackOptions& options, Random& random) {
  return finished(account_of("naive", draw(corpus, pool, options.length.requests, random), true), options.length);
}

std::optional<ComposedAccount> systematic(const Corpus& corpus, Pool pool, const AttackOptions& options,
                                          Random& random) {
  const auto sample = draw(corpus, pool, std::size_t{options.pool_factor} * options.length.requests, random);
  auto rows = farthest_first(corpus, sample, options.length.requests);
  return finished(account_of("systematic", std::move(rows), true), options.length);
}

std::optional<ComposedAccount> adaptive(const Corpus& corpus, Pool pool, const AttackOptions& options, Random& random) {
  const auto sample = draw(corpus, pool, std::size_t{options.pool_factor} * options.length.requests, random);
  auto rows = farthest_alike(corpus, sample, options.length.requests, options.similarity, options.together);
  return finished(account_of("adaptive", std::move(rows), true), options.length);
}

std::optional<ComposedAccount> alike(const Corpus& corpus, Pool pool, const AttackOptions& options, Random& random) {
  const auto rows = draw(corpus, pool, pool.size(), random);  // the first is a random text
  const auto all_alike = mutually_alike(corpus, rows, options.similarity, options.length.requests_min,
                                        std::size_t{options.pool_factor} * options.length.requests);
  auto sent = farthest_first(corpus, all_alike, options.length.requests);
  return finished(account_of("alike", std::move(sent), true), options.length);
}

std::optional<ComposedAccount> clustered(const Corpus& corpus, Pool pool, const AttackOptions& options,
                                         Random& random) {
  // A draw over the whole pool gives the centres: the next unused row of a random order is a random unused row.
  const auto centres = draw(corpus, pool, pool.size(), random);
  const auto most = std::max(options.cluster_min, options.cluster_max);
  UsedTexts used(corpus);
  std::vector<std::uint32_t> account;
  std::size_t at = 0;
  while (account.size() < options.length.requests) {
    const auto centre = next_unused(centres, at, used);
    if (!centre) break;
    account.push_back(*centre);
    const auto size = options.cluster_min + random.below(most - options.cluster_min + 1);
    for (const auto row : nearest_unused(corpus, pool, *centre, std::max(std::uint64_t{1}, size) - 1, used)) {
      if (account.size() == options.length.requests) break;
      used.take(row);
      account.push_back(row);
    }
  }
  return finished(account_of("clustered", std::move(account), true), options.length);
}

std::optional<ComposedAccount> sorted(const Corpus& corpus, Pool pool, const AttackOptions& options, Random& random) {
  const auto rows = draw(corpus, pool, options.length.requests, random);
  return finished(account_of("sorted", nearest_neighbour_order(corpus, rows), true), options.length);
}

std::optional<ComposedAccount> alternating(const Corpus& corpus, Pool pool, const AttackOptions& options,
                                           Random& random) {
  const auto rows = draw(corpus, pool, options.length.requests, random);
  const auto half = (rows.size() + 1) / 2;
  const auto alike = nearest_neighbour_order(corpus, Pool(rows).first(half));
  const auto drawn = Pool(rows).subspan(half);
  const std::size_t run = std::max(1U, options.run);
  std::vector<std::uint32_t> account;
  const auto send = [&](Pool from, std::size_t at) {
    const auto part = from.subspan(std::min(at, from.size()));
    account.insert(account.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(std::min(run, part.size())));
  };
  for (std::size_t at = 0; at < half; at += run) {
    send(alike, at);
    send(drawn, at);
  }
  return finished(account_of("alternating", std::move(account), true), options.length);
}

std::optional<ComposedAccount> stream(const Corpus& corpus, Pool pool, const AttackOptions& options, Random& random) {
  HonestOptions one_family;
  one_family.length = options.length;
  const auto account = batch(corpus, pool, one_family, random);
  if (!account) return std::nullopt;
  return finished(account_of("stream", account->rows, true), options.length);
}

std::optional<ComposedAccount> diluted(const Corpus& corpus, const DilutedPools& pools, const AttackOptions& options,
                                       Random& random) {
  if (pools.attack.empty()) return std::nullopt;  // or now and then all of it would be cover
  auto cover_options = options.cover;
  cover_options.length = {options.length.requests, 1};
  const auto cover = power(corpus, pools.cover, cover_options, random);
  if (!cover) return std::nullopt;
  const auto attack = draw(corpus, pools.attack, pools.attack.size(), random);
  UsedTexts used(corpus);
  ComposedAccount account{"diluted", {}, {}};
  std::size_t attack_at = 0;
  std::size_t cover_at = 0;
  bool attacks = false;
  while (account.rows.size() < options.length.requests) {
    if (account.rows.size() % std::max(1U, options.burst) == 0) attacks = random.uniform() < options.share;
    const auto row = attacks ? next_unused(attack, attack_at, used) : next_unused(cover->rows, cover_at, used);
    if (!row) break;
    account.rows.push_back(*row);
    account.from_attacker.push_back(attacks);
  }
  return finished(std::move(account), options.length);
}

}  // namespace cms::lab
