#include "lab/fleet_accounts.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "lab/attackers.hpp"
#include "lab/honest.hpp"

namespace cms::lab {
namespace {

using Rows = std::vector<std::uint32_t>;

std::uint32_t log_uniform(std::uint32_t least, std::uint32_t most, Random& random) {
  const double log_ratio = std::log(static_cast<double>(most) / least);
  return static_cast<std::uint32_t>(std::lround(least * std::exp(log_ratio * random.uniform())));
}

// An account of the length drawn, or as many requests as the pool gives.
HonestOptions honest_options(const FleetOptions& options, Random& random) {
  HonestOptions honest;
  honest.length = {log_uniform(options.requests_min, options.requests_max, random), options.requests_min};
  return honest;
}

// The rows of `count` families of the pool, drawn without replacement.
Rows some_families(const Corpus& corpus, Pool pool, std::size_t count, Random& random) {
  auto families = by_family(corpus, pool);
  std::erase_if(families, [](const Rows& rows) { return rows.empty(); });
  random.shuffle(families);
  Rows rows;
  for (std::size_t f = 0; f < std::min(count, families.size()); ++f) {
    rows.insert(rows.end(), families[f].begin(), families[f].end());
  }
  return rows;
}

// The requests of 2 to 7 people of any family, in runs of 4 on average: what one key of a proxy carries.
std::optional<ComposedAccount> carried_people(const Corpus& corpus, Pool people, HonestOptions honest, Random& random) {
  honest.generalist_concentration = 5;
  honest.generalist_run_end = 1.0 / 4;
  const auto carried = some_families(corpus, people, 2 + random.below(6), random);
  return generalist(corpus, carried, honest, random);
}

// A stream without end, in random order or as it is told: it begins anew, in another order, when its texts run out.
class Stream {
 public:
  Stream(Pool rows, Random& random, bool in_order = false) : rows_(rows.begin(), rows.end()), random_(random) {
    if (!in_order) random.shuffle(rows_);
  }

  // The next row whose text the account has not, among as many as the stream is long.
  std::optional<std::uint32_t> next(UsedTexts& used) {
    for (std::size_t tries = 0; tries < rows_.size(); ++tries) {
      if (at_ == rows_.size()) random_.shuffle(rows_), at_ = 0;
      const auto row = rows_[at_++];
      if (used.take(row)) return row;
    }
    return std::nullopt;
  }

 private:
  Rows rows_;
  std::size_t at_ = 0;
  Random& random_;
};

std::vector<ComposedAccount> accounts_of(const std::string& kind, std::vector<Rows> rows, bool from_attacker) {
  std::vector<ComposedAccount> accounts;
  for (auto& one : rows) {
    if (!one.empty()) accounts.push_back(account_of(kind, std::move(one), from_attacker));
  }
  return accounts;
}

// Deals the stream to `count` accounts, request by request; account a gets lengths[a].
std::vector<Rows> rotate(const Corpus& corpus, Pool pool, std::span<const std::uint32_t> lengths, Random& random) {
  Stream stream(pool, random);
  std::vector<UsedTexts> used(lengths.size(), UsedTexts(corpus));
  std::vector<Rows> dealt(lengths.size());
  const auto longest = lengths.empty() ? 0U : *std::max_element(lengths.begin(), lengths.end());
  for (std::uint32_t request = 0; request < longest; ++request) {
    for (std::size_t a = 0; a < lengths.size(); ++a) {
      if (dealt[a].size() >= lengths[a]) continue;
      if (const auto row = stream.next(used[a])) dealt[a].push_back(*row);
    }
  }
  return dealt;
}

// Somebody whose requests an attacker's hide among: a power user, or as many people as a proxy carries.
std::optional<ComposedAccount> cover_of(const Corpus& corpus, Pool people, const CampaignShape& shape, Random& random) {
  HonestOptions honest;
  honest.length = {shape.requests, shape.requests};
  if (!shape.kind.starts_with("proxied")) return power(corpus, people, honest, random);
  return carried_people(corpus, people, honest, random);
}

// What is dealt to accounts half of which is cover: one stream for all, or one for each as far as texts go.
struct DealtStreams {
  bool shared = false;
  std::vector<Stream> streams;
};

// Half of each account is cover; account a draws the other half from streams[a], from the only one where all share it.
std::vector<ComposedAccount> diluted_campaign(const Corpus& corpus, DealtStreams& dealt, Pool people,
                                              const CampaignShape& shape, Random& random) {
  std::vector<ComposedAccount> accounts;
  for (std::uint32_t a = 0; a < shape.accounts; ++a) {
    const auto honest = cover_of(corpus, people, shape, random);
    if (!honest) continue;
    if (!dealt.shared && a >= dealt.streams.size()) break;  // no texts left for one more
    auto& stream = dealt.streams[dealt.shared ? 0 : a];
    UsedTexts used(corpus);
    ComposedAccount made{shape.kind, {}, {}};
    std::size_t covered = 0;
    while (made.rows.size() < shape.requests) {
      const bool attack = random.uniform() < .5 || covered == honest->rows.size();
      const auto row = attack ? stream.next(used) : std::optional(honest->rows[covered++]);
      if (!row) break;
      if (!attack && !used.take(*row)) continue;
      made.rows.push_back(*row);
      made.from_attacker.push_back(attack);
    }
    accounts.push_back(std::move(made));
  }
  return accounts;
}

// Runs of ten of the stream sorted by topic, to one account after the other.
std::vector<Rows> sticky(const Corpus& corpus, Pool pool, const CampaignShape& shape, Random& random) {
  constexpr std::size_t kRun = 10;
  const auto order = nearest_neighbour_order(corpus, draw(corpus, pool, pool.size(), random));
  std::vector<Rows> dealt(shape.accounts);
  std::vector<UsedTexts> used(shape.accounts, UsedTexts(corpus));
  std::size_t at = 0;
  for (std::size_t run = 0; run * kRun < shape.requests; ++run) {
    for (std::size_t a = 0; a < dealt.size(); ++a) {
      for (std::size_t tries = 0, sent = 0; tries < 4 * kRun && sent < kRun; ++tries) {
        if (dealt[a].size() >= shape.requests) break;
        const auto row = order[at++ % order.size()];
        if (used[a].take(row)) dealt[a].push_back(row), ++sent;
      }
    }
  }
  return dealt;
}

// The texts nearest to centres far from one another.
std::vector<Rows> slices(const Corpus& corpus, Pool pool, const CampaignShape& shape, bool disjoint, Random& random) {
  auto texts = draw(corpus, pool, pool.size(), random);
  const std::size_t fits = disjoint ? texts.size() / shape.requests : shape.accounts;
  const auto centres = farthest_first(corpus, texts, std::min<std::size_t>(shape.accounts, fits));
  UsedTexts taken(corpus);
  std::vector<Rows> dealt;
  for (const auto centre : centres) {
    auto near = nearest_unused(corpus, texts, centre, disjoint ? shape.requests : 2 * shape.requests, taken);
    random.shuffle(near);
    near.resize(std::min<std::size_t>(near.size(), shape.requests));
    for (const auto row : near) {
      if (disjoint) taken.take(row);
    }
    dealt.push_back(std::move(near));
  }
  return dealt;
}

DealtStreams streams_beside_cover(const Corpus& corpus, Pool pool, const CampaignShape& shape, Random& random) {
  DealtStreams dealt;
  auto own = shape;
  // Half of them, and three standard deviations more, as chance may want.
  own.requests = shape.requests / 2 + static_cast<std::uint32_t>(std::ceil(1.5 * std::sqrt(shape.requests)));
  if (shape.kind.ends_with("sticky")) {
    for (const auto& rows : sticky(corpus, pool, own, random)) dealt.streams.emplace_back(rows, random, true);
  } else if (shape.kind.ends_with("slices")) {
    for (const auto& rows : slices(corpus, pool, own, true, random)) dealt.streams.emplace_back(rows, random);
  } else if (shape.kind.ends_with("overlapping")) {
    for (const auto& rows : slices(corpus, pool, shape, false, random)) dealt.streams.emplace_back(rows, random);
  } else {
    dealt.shared = true;
    dealt.streams.emplace_back(pool, random);
  }
  return dealt;
}

}  // namespace

HonestGroup honest_group(const Corpus& corpus, Pool people, const std::string& kind, std::uint32_t accounts,
                         const FleetOptions& options, Random& random) {
  HonestGroup group{kind, {}};
  if (kind == "job") {
    const auto families = families_with(corpus, people, options.requests_min);
    if (families.empty()) return group;
    const auto rows = by_family(corpus, people)[families[random.below(families.size())]];
    const std::vector<std::uint32_t> lengths(accounts, log_uniform(options.requests_min, options.requests_max, random));
    group.accounts = accounts_of("job", rotate(corpus, rows, lengths, random), false);
    std::erase_if(group.accounts, [&](const auto& one) { return one.rows.size() < options.requests_min; });
    return group;
  }
  const std::size_t families = kind == "team" ? 1 + random.below(3) : 3 + random.below(6);
  const auto shared = some_families(corpus, people, families, random);
  group.accounts = compose_many(accounts, [&] {
    auto honest = honest_options(options, random);
    if (kind == "proxy") return carried_people(corpus, people, honest, random);
    honest.generalist_concentration = kind == "team" ? 2 : 5;
    honest.generalist_run_end = kind == "team" ? 1.0 / 8 : 1.0 / 4;
    return generalist(corpus, shared, honest, random);
  });
  for (auto& account : group.accounts) account.kind = kind;
  return group;
}

std::vector<std::string> ComposedFleet::kinds_of_accounts() const {
  std::vector<std::string> of;
  for (const auto group : groups) of.push_back(group == kNoGroup ? std::string() : kinds[group]);
  return of;
}

ComposedFleet honest_fleet(const Corpus& corpus, Pool people, const FleetOptions& options, Random& random) {
  ComposedFleet fleet;
  const auto grouped = static_cast<std::size_t>(options.grouped * options.accounts);
  const std::size_t kinds = std::size(kGroupKinds) - (options.jobs_declared ? 1 : 0);  // the last are jobs
  std::size_t empty = 0;  // in a row: families can be too small for jobs and large enough for teams
  for (std::size_t g = 0; fleet.accounts.size() + options.group_min <= grouped && empty < kinds; ++g) {
    const std::string kind = kGroupKinds[g % kinds];
    const auto left = static_cast<std::uint32_t>(grouped - fleet.accounts.size());
    const auto size = std::min(left, log_uniform(options.group_min, options.group_max, random));
    auto group = honest_group(corpus, people, kind, size, options, random);
    empty = group.accounts.empty() ? empty + 1 : 0;
    if (group.accounts.empty()) continue;
    fleet.groups.insert(fleet.groups.end(), group.accounts.size(), static_cast<std::uint32_t>(fleet.kinds.size()));
    std::move(group.accounts.begin(), group.accounts.end(), std::back_inserter(fleet.accounts));
    fleet.kinds.push_back(kind);
  }
  const std::string_view round = options.jobs_declared ? "ssssmmmmpppggg" : "ssssmmmmpppgggb";
  std::size_t drawn = 0;
  auto alone = compose_many(options.accounts - fleet.accounts.size(), [&] {
    const char kind = round[drawn++ % round.size()];
    const auto compose = kind == 's'   ? single
                         : kind == 'm' ? mixed
                         : kind == 'p' ? power
                         : kind == 'g' ? generalist
                                       : batch;
    return compose(corpus, people, honest_options(options, random), random);
  });
  fleet.groups.insert(fleet.groups.end(), alone.size(), kNoGroup);
  std::move(alone.begin(), alone.end(), std::back_inserter(fleet.accounts));
  return fleet;
}

std::vector<ComposedAccount> campaign(const Corpus& corpus, const CampaignPools& pools, const CampaignShape& shape,
                                      Random& random) {
  if (pools.stream.empty()) return {};
  if (shape.kind.starts_with("diluted") || shape.kind.starts_with("proxied")) {
    auto dealt = streams_beside_cover(corpus, pools.stream, shape, random);
    return diluted_campaign(corpus, dealt, pools.cover, shape, random);
  }
  std::vector<Rows> rows;
  if (shape.kind == "sticky") {
    rows = sticky(corpus, pools.stream, shape, random);
  } else if (shape.kind == "slices" || shape.kind == "overlapping") {
    rows = slices(corpus, pools.stream, shape, shape.kind == "slices", random);
  } else {
    std::vector<std::uint32_t> lengths(shape.accounts, shape.requests);
    const std::uint32_t least = std::min(16U, shape.requests);
    for (auto& length : lengths) {
      if (shape.kind == "staggered") length = least + static_cast<std::uint32_t>(random.below(length - least + 1));
    }
    rows = rotate(corpus, pools.stream, lengths, random);
  }
  return accounts_of(shape.kind, std::move(rows), true);
}

double shared_texts(const Corpus& corpus, std::span<const ComposedAccount> accounts, std::uint32_t pairs,
                    Random& random) {
  if (accounts.size() < 2 || pairs == 0) return 0;
  double sum = 0;
  for (std::uint32_t p = 0; p < pairs; ++p) {
    const auto a = random.below(accounts.size());
    const auto b = (a + 1 + random.below(accounts.size() - 1)) % accounts.size();
    std::set<std::uint32_t> texts;
    for (const auto row : accounts[a].rows) texts.insert(corpus.rows[row].text_id);
    double both = 0;
    for (const auto row : accounts[b].rows) both += texts.contains(corpus.rows[row].text_id) ? 1 : 0;
    sum += both / static_cast<double>(std::min(accounts[a].rows.size(), accounts[b].rows.size()));
  }
  return sum / pairs;
}

}  // namespace cms::lab
