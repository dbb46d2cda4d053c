#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/fleet.hpp"
#include "lab/statistics.hpp"

namespace cms::lab {
namespace {

// Mean over seeds of one figure of campaign c.
template <typename Figure>
double mean_of(const FleetResult& result, std::size_t c, const Figure& figure) {
  double sum = 0;
  for (const auto& rows : result.campaigns) sum += figure(rows[c]) / static_cast<double>(result.campaigns.size());
  return sum;
}

constexpr std::uint32_t kSizes[] = {10, 30, 100, 300};  // least accounts of a class of groups

std::string size_class(std::uint32_t accounts) {
  for (std::size_t s = std::size(kSizes); s-- > 1;) {
    if (accounts >= kSizes[s]) return s + 1 < std::size(kSizes) ? fmt::format("{}-{}", kSizes[s], kSizes[s + 1] - 1)
                                                                : fmt::format("{}-1000", kSizes[s]);
  }
  return fmt::format("{}-{}", kSizes[0], kSizes[1] - 1);
}

struct Rate {
  std::uint64_t hits = 0, trials = 0;
  [[nodiscard]] double share() const {
    return trials > 0 ? static_cast<double>(hits) / static_cast<double>(trials) : 0;
  }
};

// Honest groups by kind, by size, and all.
std::map<std::string, Rate> group_rates(const FleetResult& result) {
  std::map<std::string, Rate> rates;
  for (const auto& group : result.groups) {
    for (const auto& name : {group.kind, fmt::format("{} accounts", size_class(group.accounts)), std::string("all")}) {
      rates[name].trials += 1;
      rates[name].hits += group.flagged ? 1 : 0;
    }
  }
  return rates;
}

// Use-weighted, mean over seeds; 0 where none was trained.
double fidelity_of(const FleetResult& result, std::size_t c) {
  return mean_of(result, c, [](const CampaignRow& row) { return row.fidelity.value_or(Fidelity{}).use_weighted; });
}

// What the table says of a campaign, besides its name and goal.
struct Column {
  const char* title;
  double CampaignRow::* figure;
};
constexpr Column kColumns[] = {{"found", &CampaignRow::found},
                               {"precision", &CampaignRow::precision},
                               {"together", &CampaignRow::together},
                               {"purity", &CampaignRow::purity},
                               {"evidence", &CampaignRow::evidence},
                               {"coverage", &CampaignRow::coverage},
                               {"shared", &CampaignRow::shared_texts},
                               {"pairs", &CampaignRow::pairs_area},
                               {"links", &CampaignRow::links_area},
                               {"suspects", &CampaignRow::suspects},
                               {"account", &CampaignRow::best_account},
                               {"PRADA", &CampaignRow::prada},
                               {"MMD", &CampaignRow::mmd}};

// Honest communities that are flagged, at the usual level and at every rank's: of those of the last look, and of those
// followed over all looks at any.
struct HonestRates {
  Rate last, ever;
  std::array<Rate, kRanks> last_at, ever_at;
  std::size_t ranks = 1;  // of different levels: the last is .01 where that many lie below it

  explicit HonestRates(const FleetResult& result)
      : last{result.honest_communities_flagged, result.honest_communities},
        ever{result.honest_communities_ever, result.honest_communities_followed} {
    for (std::size_t r = 0; r < kRanks; ++r) {
      last_at[r] = {result.honest_communities_at[r], result.honest_communities};
      ever_at[r] = {result.honest_communities_ever_at[r], result.honest_communities_followed};
    }
    while (ranks < kRanks && result.levels[ranks] > result.levels[ranks - 1]) ++ranks;
  }

  // The highest rank where at most `share` are flagged, both ways; none where more are at the first, or there are none.
  [[nodiscard]] std::optional<std::size_t> rank_within(double share) const {
    std::optional<std::size_t> highest;
    for (std::size_t r = 0; r < ranks && last.trials > 0; ++r) {
      if (std::max(last_at[r].share(), ever_at[r].share()) <= share) highest = r;
    }
    return highest;
  }
};

// What is found of campaign c where goals are read, mean over seeds; nothing where every rank flags too many honest
// communities.
std::optional<double> found_within(const FleetResult& result, std::size_t c) {
  const auto rank = HonestRates(result).rank_within(kFlagged);
  if (!rank) return std::nullopt;
  return mean_of(result, c, [&](const CampaignRow& row) { return row.found_at[*rank]; });
}

// Where there is none, a dash: nothing was read, which is not nothing found.
std::string share_text(std::optional<double> share) { return share ? fmt::format("{:.3f}", *share) : "-"; }

// What is found, and taken for a campaign, by rank.
std::string ranks_table(const FleetResult& result) {
  const HonestRates honest(result);
  std::string text = fmt::format("{:<52}", "flagged at the level of rank");
  for (std::size_t r = 0; r < honest.ranks; ++r) text += fmt::format(" {:>5}", r + 1);
  const auto line = [&](const std::string& name, const auto& figure) {
    text += fmt::format("\n{:<52}", name);
    for (std::size_t r = 0; r < honest.ranks; ++r) text += fmt::format(" {:>5.3f}", figure(r));
  };
  line("honest communities", [&](std::size_t r) { return honest.last_at[r].share(); });
  line("honest communities, ever", [&](std::size_t r) { return honest.ever_at[r].share(); });
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto found = [&](std::size_t r) {
      return mean_of(result, c, [&](const CampaignRow& row) { return row.found_at[r]; });
    };
    line(result.campaigns.front()[c].name, found);
  }
  const auto rank = honest.rank_within(kFlagged);
  if (!rank) return text + "\nat each more than .01 of the honest communities are flagged, at the last look or ever\n";
  const auto& ever = honest.ever_at[*rank];
  return text + fmt::format("\ngoals are read at rank {}: {} of {} honest communities ever flagged there, {:.3f}, at "
                            "most {:.3f} (95%)\n",
                            *rank + 1, ever.hits, ever.trials, ever.share(),
                            rate_upper_bound(ever.hits, ever.trials, .95));
}

// What became of each campaign that has a goal, seed by seed.
std::string parts_table(const FleetResult& result) {
  std::string text = fmt::format("{:<44} {:>4} {:>8} {:>6} {:>8}  {}\n", "campaign, seed by seed", "seed", "accounts",
                                 "found", "at 1%", "its communities: share of it, purity, Campaign PoH");
  const auto rank = HonestRates(result).rank_within(kFlagged);
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    for (std::size_t s = 0; s < result.campaigns.size(); ++s) {
      const auto& row = result.campaigns[s][c];
      if (!row.goal) continue;
      text += fmt::format("{:<44} {:>4} {:>8} {:>6.3f} {:>8} ", row.name, result.seeds[s], row.accounts, row.found,
                          share_text(rank ? std::optional(row.found_at[*rank]) : std::nullopt));
      for (const auto& part : row.parts) {
        text += fmt::format(" {:.2f} {:.2f} {:.3g};", part.share, part.purity, part.poh);
      }
      text += row.parts.empty() ? " none has a tenth of it\n" : "\n";
    }
  }
  return text;
}

// What becomes of who is honest beside campaigns: of all, or of one of them; over seeds.
struct Beside {
  Rate communities, groups;
  std::uint64_t told = 0;  // accounts
};

Beside beside_campaigns(const FleetResult& result, std::optional<std::size_t> only = std::nullopt) {
  Beside sum;
  for (const auto& rows : result.campaigns) {
    for (std::size_t c = 0; c < rows.size(); ++c) {
      if (only && *only != c) continue;
      sum.communities.hits += rows[c].honest_communities_flagged;
      sum.communities.trials += rows[c].honest_communities;
      sum.groups.hits += rows[c].honest_groups_flagged;
      sum.groups.trials += rows[c].honest_groups;
      sum.told += rows[c].honest_told;
    }
  }
  return sum;
}

std::string beside_table(const FleetResult& result) {
  auto text = fmt::format("{:<60} {:>7} {:>11} {:>7} {:>6} {:>13}\n",
                          "honest communities and accounts beside a campaign", "flagged", "communities",
                          "flagged", "groups", "accounts told");
  const auto line = [&](const std::string& name, const Beside& one) {
    text += fmt::format("{:<60} {:>7} {:>11} {:>7} {:>6} {:>13}\n", name, one.communities.hits, one.communities.trials,
                        one.groups.hits, one.groups.trials, one.told);
  };
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    line(result.campaigns.front()[c].name, beside_campaigns(result, c));
  }
  line("all", beside_campaigns(result));
  return text;
}

std::string campaign_table(const FleetResult& result) {
  std::string text = fmt::format("{:<52} {:>5} {:>8} {:>9}", "campaign", "goal", "accounts", "at 1%");
  for (const auto& column : kColumns) text += fmt::format(" {:>9}", column.title);
  text += fmt::format(" {:>9}\n", "fidelity");
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto& row = result.campaigns.front()[c];
    const double accounts = mean_of(result, c, [](const CampaignRow& r) { return r.accounts; });
    text += fmt::format("{:<52} {:>5} {:>8.0f} {:>9}", row.name, row.goal ? fmt::format("{:.2f}", *row.goal) : "-",
                        accounts, share_text(found_within(result, c)));
    for (const auto& column : kColumns) {
      text += fmt::format(" {:>9.3f}", mean_of(result, c, [&](const CampaignRow& r) { return r.*column.figure; }));
    }
    text += fmt::format(" {:>9}\n", row.fidelity ? fmt::format("{:.3f}", fidelity_of(result, c)) : "-");
  }
  return text +
         "accounts: mean over seeds; at 1%: members told of where at most .01 of honest communities are flagged, at "
         "the last look and ever;\nfound: at Campaign PoH .01; together: members in one campaign; purity: members "
         "among those in it; coverage, fidelity\n(use-weighted, of a student): of what it extracts; shared: texts of "
         "two members; pairs, links: AUC of member pairs against honest\npairs, by distance and by link; suspects: "
         "members whose own PoH at their last request is at most .03; account, PRADA, MMD:\nmembers flagged one by "
         "one\n";
}

}  // namespace

std::string describe(const FleetResult& result) {
  if (result.campaigns.empty()) return {};
  auto text = campaign_table(result) + "\n" + ranks_table(result) + "\n" + parts_table(result) + "\n" +
              beside_table(result) + "\nhonest groups, more than half of whose members are flagged\n";
  for (const auto& [name, rate] : group_rates(result)) {
    text += fmt::format("{:<16} {:>3} of {:>4}, {:.3f}, at most {:.3f} (95%)\n", name, rate.hits, rate.trials,
                        rate.share(), rate_upper_bound(rate.hits, rate.trials, .95));
  }
  text += fmt::format("honest communities {} of {}; honest accounts {} of {}; two honest accounts share "
                      "{:.3f} of their texts; communities that rank:",
                      result.honest_communities_flagged, result.honest_communities, result.honest_accounts_flagged,
                      result.honest_accounts, result.honest_shared_texts);
  for (const auto ranked : result.ranked) text += fmt::format(" {}", ranked);
  text += fmt::format("\nhonest communities followed over {} looks, ever flagged {} of {}", result.looks,
                      result.honest_communities_ever, result.honest_communities_followed);
  text += fmt::format("\none look at a whole fleet {:.2f} s", result.look_seconds);
  if (result.update_accounts > 0) {
    text += fmt::format("; an update of {} changed accounts among {}, links, communities and judgement: {:.3f} s",
                        result.update_changed, result.update_accounts, result.update_seconds);
  }
  for (const auto& recall : result.recalls) {
    text += fmt::format("; links proposed of the nearest among {} accounts: {:.3f}, {:.3f} of their weight",
                        recall.accounts, recall.nearest, recall.weight);
  }
  return text + fmt::format("; a signature {} bytes\n", fleet::kSignatureBytes) + describe(result.costs);
}

namespace {

// What becomes of honest groups and communities.
template <typename Line>
void honest_lines(const FleetResult& result, const Line& line) {
  const HonestRates honest(result);
  const auto rank = honest.rank_within(kFlagged);
  for (const auto& [name, rate] : group_rates(result)) {
    const bool all = name == "all";
    line("fleet: honest groups flagged, " + name, rate.share(), all ? "<= 0.01" : "-",
         all ? nlohmann::json(rate.share() <= .01) : nlohmann::json());
  }
  line("fleet: honest communities flagged", honest.last.share(), "<= 0.01", honest.last.share() <= .01);
  line("fleet: honest communities ever flagged, looks: " + std::to_string(result.looks), honest.ever.share(),
       "<= 0.01", honest.ever.share() <= .01);
  const auto beside = beside_campaigns(result);
  const auto communities = beside.communities.share(), groups = beside.groups.share();
  line("fleet: honest communities flagged beside campaigns", communities, "<= 0.01", communities <= .01);
  line("fleet: honest groups flagged beside campaigns", groups, "<= 0.01", groups <= .01);
  line("fleet: the rank where goals are read", rank ? nlohmann::json(*rank + 1) : nlohmann::json(), "-", nullptr);
  for (std::size_t r = 0; r < honest.ranks; ++r) {
    line(fmt::format("fleet: honest communities ever flagged at rank {}", r + 1), honest.ever_at[r].share(), "-",
         nullptr);
  }
}

}  // namespace

std::string goal_lines(const FleetResult& result) {
  std::string text;
  const auto line = [&](const std::string& what, const nlohmann::json& figure, const std::string& goal,
                        const nlohmann::json& holds) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", holds}}).dump() + "\n";
  };
  if (result.campaigns.empty()) return text;
  // Goals are of what is found where at most .01 of honest communities are ever flagged, not where that is promised.
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto& row = result.campaigns.front()[c];
    const auto found = found_within(result, c);
    line("fleet: members found where at most .01 of honest communities are ever flagged, " + row.name,
         found ? nlohmann::json(*found) : nlohmann::json(),
         row.goal ? fmt::format(">= {:.2f}", *row.goal) : "-",
         row.goal ? nlohmann::json(found && *found >= *row.goal) : nlohmann::json());
    const auto beside = [&](const std::string& what, double CampaignRow::* figure) {
      line("fleet: " + what + ", " + row.name, mean_of(result, c, [&](const CampaignRow& r) { return r.*figure; }), "-",
           nullptr);
    };
    beside("members found at Campaign PoH .01", &CampaignRow::found);
    line("fleet: members found at the first rank, " + row.name,
         mean_of(result, c, [](const CampaignRow& r) { return r.found_at[0]; }), "-", nullptr);
    beside("precision at Campaign PoH .01", &CampaignRow::precision);
    beside("members the best account score flags", &CampaignRow::best_account);
    beside("members PRADA flags", &CampaignRow::prada);
    beside("members benign MMD flags", &CampaignRow::mmd);
    beside("coverage of what it extracts", &CampaignRow::coverage);
    if (row.fidelity) line("fleet: fidelity of its student, " + row.name, fidelity_of(result, c), "-", nullptr);
    if (!row.found_young) continue;
    line(fmt::format("fleet: newcomers of fewer than {} requests found at Campaign PoH .01, {}", kYoungRequests,
                     row.name),
         mean_of(result, c, [](const CampaignRow& r) { return r.found_young.value_or(0); }), "-", nullptr);
  }
  honest_lines(result, line);
  line("fleet: bytes of a signature", static_cast<double>(fleet::kSignatureBytes), "<= 1024",
       fleet::kSignatureBytes <= 1'024);
  for (const auto& recall : result.recalls) {
    line(fmt::format("fleet: links proposed of the nearest among {} accounts", recall.accounts), recall.nearest, "-",
         nullptr);
  }
  // Where it was not measured the goal's line says so.
  const bool measured = result.update_accounts > 0;
  const auto accounts = measured ? result.update_accounts : 1'000'000U;
  const auto changed = measured ? result.update_changed : 1'000U;
  const bool asked = accounts == 1'000'000;
  line(fmt::format("fleet: seconds of an update of {} changed accounts among {}", changed, accounts),
       measured ? nlohmann::json(result.update_seconds) : nlohmann::json(), asked ? "<= 1" : "-",
       asked && measured ? nlohmann::json(result.update_seconds <= 1) : nlohmann::json());
  return text + goal_lines(result.costs);
}

}  // namespace cms::lab
