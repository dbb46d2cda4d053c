#include "lab/honest.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "lab/honest_walk.hpp"

namespace cms::lab {
namespace {

// Walks in `families`; each run of 1 + Geometric(run_end) requests is in a family drawn by weight. A family that has
// run out gets no more runs.
std::vector<std::uint32_t> runs(const Corpus& corpus, std::vector<std::vector<std::uint32_t>> families,
                                std::vector<double> weights, double run_end, const HonestOptions& options,
                                Random& random) {
  std::vector<Walk> walks;
  for (auto& rows : families) walks.emplace_back(corpus, std::move(rows), options, random);
  UsedTexts used(corpus);
  std::vector<std::uint32_t> account;
  std::size_t walks_left = walks.size();
  while (account.size() < options.length.requests && walks_left > 0) {
    const auto family = random.weighted(weights);
    auto run_left = 1 + std::size_t{random.geometric(run_end)};
    while (run_left-- > 0 && account.size() < options.length.requests) {
      const auto row = walks[family].next(used, random);
      if (!row) {
        weights[family] = 0;
        --walks_left;
        break;
      }
      account.push_back(*row);
    }
  }
  return account;
}

// The families of the pool that are not empty, in random order.
std::vector<std::vector<std::uint32_t>> shuffled_families(const Corpus& corpus, Pool pool, Random& random) {
  auto families = by_family(corpus, pool);
  std::erase_if(families, [](const auto& rows) { return rows.empty(); });
  random.shuffle(families);
  return families;
}

// The rows of one family that can fill an account, drawn uniformly among those; none when no family can.
std::vector<std::uint32_t> one_family(const Corpus& corpus, Pool pool, const Length& length, Random& random) {
  const auto choices = families_with(corpus, pool, std::max(1U, length.requests_min));
  if (choices.empty()) return {};
  return by_family(corpus, pool)[choices[random.below(choices.size())]];
}

}  // namespace

std::vector<std::uint32_t> families_with(const Corpus& corpus, Pool pool, std::uint32_t texts) {
  const auto families = by_family(corpus, pool);
  std::vector<std::uint32_t> found;
  for (std::uint32_t family = 0; family < families.size(); ++family) {
    UsedTexts seen(corpus);
    std::uint32_t distinct = 0;
    for (const auto row : families[family]) distinct += seen.take(row) ? 1 : 0;
    if (distinct >= texts) found.push_back(family);
  }
  return found;
}

std::optional<ComposedAccount> single(const Corpus& corpus, Pool pool, const HonestOptions& options, Random& random) {
  Walk walk(corpus, one_family(corpus, pool, options.length, random), options, random);
  UsedTexts used(corpus);
  std::vector<std::uint32_t> account;
  while (account.size() < options.length.requests) {
    const auto row = walk.next(used, random);
    if (!row) break;
    account.push_back(*row);
  }
  return finished(account_of("single", std::move(account), false), options.length);
}

std::optional<ComposedAccount> mixed(const Corpus& corpus, Pool pool, const HonestOptions& options, Random& random) {
  const auto main_family = one_family(corpus, pool, options.length, random);
  auto others = shuffled_families(corpus, pool, random);
  std::erase(others, main_family);
  if (main_family.empty() || others.empty()) return std::nullopt;
  Walk main_walk(corpus, main_family, options, random);
  Walk side_walk(corpus, others.front(), options, random);
  UsedTexts used(corpus);
  std::vector<std::uint32_t> account;
  while (account.size() < options.length.requests) {
    const auto row = (random.uniform() < options.major ? main_walk : side_walk).next(used, random);
    if (!row) break;
    account.push_back(*row);
  }
  return finished(account_of("mixed", std::move(account), false), options.length);
}

std::optional<ComposedAccount> power(const Corpus& corpus, Pool pool, const HonestOptions& options, Random& random) {
  auto families = shuffled_families(corpus, pool, random);
  if (families.empty() || families.size() < options.families_min) return std::nullopt;
  const auto most = std::max(options.families_min, options.families_max);
  const auto count = options.families_min + random.below(most - options.families_min + 1);
  if (families.size() > count) families.resize(count);
  auto weights = random.dirichlet(families.size(), options.power_concentration);
  auto rows = runs(corpus, std::move(families), std::move(weights), options.power_run_end, options, random);
  return finished(account_of("power", std::move(rows), false), options.length);
}

std::optional<ComposedAccount> generalist(const Corpus& corpus, Pool pool, const HonestOptions& options,
                                          Random& random) {
  auto families = shuffled_families(corpus, pool, random);
  auto weights = random.dirichlet(families.size(), options.generalist_concentration);
  auto rows = runs(corpus, std::move(families), std::move(weights), options.generalist_run_end, options, random);
  return finished(account_of("generalist", std::move(rows), false), options.length);
}

std::optional<ComposedAccount> batch(const Corpus& corpus, Pool pool, const HonestOptions& options, Random& random) {
  const auto rows = one_family(corpus, pool, options.length, random);
  return finished(account_of("batch", draw(corpus, rows, options.length.requests, random), false), options.length);
}

}  // namespace cms::lab
