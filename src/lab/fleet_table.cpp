#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
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
                               {"together", &CampaignRow::together},
                               {"purity", &CampaignRow::purity},
                               {"evidence", &CampaignRow::evidence},
                               {"coverage", &CampaignRow::coverage},
                               {"paid", &CampaignRow::paid},
                               {"shared", &CampaignRow::shared_texts},
                               {"pairs", &CampaignRow::pairs_area},
                               {"links", &CampaignRow::links_area},
                               {"suspects", &CampaignRow::suspects},
                               {"account", &CampaignRow::best_account},
                               {"PRADA", &CampaignRow::prada},
                               {"MMD", &CampaignRow::mmd}};

double told_above(std::span<const Told> told, double bar) {
  double sum = 0;
  for (const auto& one : told) sum += one.evidence > bar ? one.share : 0;
  return sum;
}

// Honest communities that are flagged at Campaign PoH .01 and above a bar, of those of the last look, and of those
// followed over all looks at any.
struct HonestRates {
  Rate last, ever;
  explicit HonestRates(const FleetResult& result, double bar = -std::numeric_limits<double>::infinity())
      : last{count(result.honest_told, bar), result.honest_communities},
        ever{count(result.honest_ever_told, bar), result.honest_communities_followed} {}

 private:
  static std::uint64_t count(std::span<const Told> told, double bar) {
    return static_cast<std::uint64_t>(std::lround(told_above(told, bar)));
  }
};

// The lowest bar that at most `allowed` of them lie above; 0 where that many are not flagged at all.
double bar_for(std::vector<Told> told, double allowed) {
  std::ranges::sort(told, std::greater(), &Told::evidence);
  double above = 0;
  for (const auto& one : told) {
    above += one.share;
    if (above > allowed) return one.evidence;
  }
  return 0;
}

// The evidence above which at most `share` of the honest communities are flagged, at the last look and at any, in nats:
// the operating point of an ROC. Campaign PoH .01 is the lowest.
double bar_within(const FleetResult& result, double share) {
  const auto allowed = [&](std::uint64_t trials) { return share * static_cast<double>(trials) * (1 + 1e-9); };
  return std::max(bar_for(result.honest_told, allowed(result.honest_communities)),
                  bar_for(result.honest_ever_told, allowed(result.honest_communities_followed)));
}

// What is found of campaign c above a bar, mean over seeds.
double found_above(const FleetResult& result, std::size_t c, double bar) {
  return mean_of(result, c, [&](const CampaignRow& row) { return told_above(row.told, bar); });
}

// Mean over the seeds that have one; nothing where none has.
std::optional<double> mean_of_any(const FleetResult& result, std::size_t c,
                                  std::optional<double> CampaignRow::* figure) {
  double sum = 0, count = 0;
  for (const auto& rows : result.campaigns) {
    if (!(rows[c].*figure)) continue;
    sum += *(rows[c].*figure);
    count += 1;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::string share_text(std::optional<double> share) { return share ? fmt::format("{:.3f}", *share) : "-"; }

// What is found, and taken for a campaign, where so many of the honest communities are.
std::string roc_table(const FleetResult& result) {
  constexpr std::array kShares = {.0025, .005, kFlagged, .02, 1.};
  std::array<double, kShares.size()> bars{};
  std::string text = fmt::format("{:<60}", "where at most so many honest communities are flagged");
  for (std::size_t s = 0; s < kShares.size(); ++s) {
    bars[s] = bar_within(result, kShares[s]);
    text += fmt::format(" {:>8}", kShares[s] < 1 ? fmt::format("{:g}", kShares[s]) : "PoH .01");
  }
  const auto line = [&](const std::string& name, const auto& figure) {
    text += fmt::format("\n{:<60}", name);
    for (const auto bar : bars) text += fmt::format(" {:>8.3f}", figure(bar));
  };
  line("evidence above, nats", [](double bar) { return bar; });
  line("honest communities", [&](double bar) { return HonestRates(result, bar).last.share(); });
  line("honest communities, ever", [&](double bar) { return HonestRates(result, bar).ever.share(); });
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    line(result.campaigns.front()[c].name, [&](double bar) { return found_above(result, c, bar); });
  }
  const auto ever = HonestRates(result, bars[2]).ever;
  return text + fmt::format("\ngoals are read above {:.2f} nats: {} of {} honest communities ever flagged there, at "
                            "most {:.3f} (95%)\n",
                            bars[2], ever.hits, ever.trials, rate_upper_bound(ever.hits, ever.trials, .95));
}

// What became of each campaign that has a goal, seed by seed.
std::string parts_table(const FleetResult& result) {
  std::string text = fmt::format("{:<44} {:>4} {:>8} {:>6} {:>8}  {}\n", "campaign, seed by seed", "seed", "accounts",
                                 "found", "at 1%", "its communities: share of it, purity, nats, Campaign PoH");
  const double bar = bar_within(result, kFlagged);
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    for (std::size_t s = 0; s < result.campaigns.size(); ++s) {
      const auto& row = result.campaigns[s][c];
      if (!row.goal) continue;
      text += fmt::format("{:<44} {:>4} {:>8} {:>6.3f} {:>8.3f} ", row.name, result.seeds[s], row.accounts, row.found,
                          told_above(row.told, bar));
      for (const auto& part : row.parts) {
        text += fmt::format(" {:.2f} {:.2f} {:.1f} {:.3g};", part.share, part.purity, part.evidence, part.poh);
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
  // Above the bar of evidence that goals are read above.
  Rate communities_above;
  std::uint64_t members_above = 0, told_above = 0;  // accounts told of: the campaign's, honest ones
};

std::uint64_t honest_above(std::span<const Told> told, double bar) {
  std::uint64_t sum = 0;
  for (const auto& one : told) sum += one.evidence > bar ? one.honest : 0;
  return sum;
}

std::uint64_t members_above(const CampaignRow& row, double bar) {
  return static_cast<std::uint64_t>(std::lround(told_above(row.told, bar) * row.accounts));
}

// Of accounts told of above a bar, those that are members of campaign c: mean over the seeds where any is.
std::optional<double> precision_above(const FleetResult& result, std::size_t c, double bar) {
  double sum = 0, count = 0;
  for (const auto& rows : result.campaigns) {
    const auto members = members_above(rows[c], bar), honest = honest_above(rows[c].told, bar);
    if (members + honest == 0) continue;
    sum += static_cast<double>(members) / static_cast<double>(members + honest);
    count += 1;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

Beside beside_campaigns(const FleetResult& result, std::optional<std::size_t> only = std::nullopt) {
  Beside sum;
  const double bar = bar_within(result, kFlagged);
  for (const auto& rows : result.campaigns) {
    for (std::size_t c = 0; c < rows.size(); ++c) {
      if (only && *only != c) continue;
      sum.communities.hits += rows[c].honest_communities_flagged;
      sum.communities.trials += rows[c].honest_communities;
      sum.groups.hits += rows[c].honest_groups_flagged;
      sum.groups.trials += rows[c].honest_groups;
      sum.told += rows[c].honest_told;
      sum.communities_above.hits +=
          static_cast<std::uint64_t>(std::lround(told_above(rows[c].honest_communities_told, bar)));
      sum.communities_above.trials += rows[c].honest_communities;
      sum.members_above += members_above(rows[c], bar);
      sum.told_above += honest_above(rows[c].told, bar);
    }
  }
  return sum;
}

std::string beside_table(const FleetResult& result) {
  auto text = fmt::format("{:<60} {:>7} {:>11} {:>7} {:>6} {:>13} {:>11} {:>13} {:>13}\n",
                          "honest communities and accounts beside a campaign", "flagged", "communities",
                          "flagged", "groups", "accounts told", "above bar", "members told", "accounts told");
  const auto line = [&](const std::string& name, const Beside& one) {
    text += fmt::format("{:<60} {:>7} {:>11} {:>7} {:>6} {:>13} {:>11} {:>13} {:>13}\n", name, one.communities.hits,
                        one.communities.trials, one.groups.hits, one.groups.trials, one.told,
                        one.communities_above.hits, one.members_above, one.told_above);
  };
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    line(result.campaigns.front()[c].name, beside_campaigns(result, c));
  }
  line("all", beside_campaigns(result));
  return text + fmt::format("the last three columns: honest communities flagged, gathered ones too, members and honest "
                            "accounts told above {:.2f} nats\n", bar_within(result, kFlagged));
}

std::string campaign_table(const FleetResult& result) {
  std::string text = fmt::format("{:<52} {:>5} {:>8} {:>9}", "campaign", "goal", "accounts", "at 1%");
  for (const auto& column : kColumns) text += fmt::format(" {:>9}", column.title);
  text += fmt::format(" {:>9} {:>9}\n", "precision", "fidelity");
  const double bar = bar_within(result, kFlagged);
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto& row = result.campaigns.front()[c];
    const double accounts = mean_of(result, c, [](const CampaignRow& r) { return r.accounts; });
    text += fmt::format("{:<52} {:>5} {:>8.0f} {:>9}", row.name, row.goal ? fmt::format("{:.2f}", *row.goal) : "-",
                        accounts, share_text(found_above(result, c, bar)));
    for (const auto& column : kColumns) {
      text += fmt::format(" {:>9.3f}", mean_of(result, c, [&](const CampaignRow& r) { return r.*column.figure; }));
    }
    text += fmt::format(" {:>9} {:>9}\n", share_text(mean_of_any(result, c, &CampaignRow::precision)),
                        row.fidelity ? fmt::format("{:.3f}", fidelity_of(result, c)) : "-");
  }
  return text +
         "accounts: mean over seeds; at 1%: members told of where at most .01 of honest communities are flagged, at "
         "the last look and ever;\nfound: at Campaign PoH .01; together: members in one campaign; purity: members "
         "among those in it; coverage, fidelity\n(use-weighted, of a student): of what it extracts; paid: for one "
         "request, each account for itself; shared: texts of two members;\npairs, links: AUC of member pairs against "
         "honest pairs, by distance and by link; suspects: members whose own PoH at their last\nrequest is at most "
         ".03; account, PRADA, MMD: members flagged one by one; precision: members among accounts told of, over the\n"
         "seeds where any is\n";
}

}  // namespace

std::string describe(const FleetResult& result) {
  if (result.campaigns.empty()) return {};
  auto text = campaign_table(result) + "\n" + roc_table(result) + "\n" + parts_table(result) + "\n" +
              beside_table(result) + "\nhonest groups, more than half of whose members are flagged\n";
  for (const auto& [name, rate] : group_rates(result)) {
    text += fmt::format("{:<16} {:>3} of {:>4}, {:.3f}, at most {:.3f} (95%)\n", name, rate.hits, rate.trials,
                        rate.share(), rate_upper_bound(rate.hits, rate.trials, .95));
  }
  const HonestRates honest(result);
  text += fmt::format("honest communities {} of {}; honest accounts {} of {}; two honest accounts share "
                      "{:.3f} of their texts; communities that rank:",
                      honest.last.hits, honest.last.trials, result.honest_accounts_flagged, result.honest_accounts,
                      result.honest_shared_texts);
  for (const auto ranked : result.ranked) text += fmt::format(" {}", ranked);
  text += fmt::format("\nhonest communities followed over {} looks, ever flagged {} of {}", result.looks,
                      honest.ever.hits, honest.ever.trials);
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
  for (const auto& [name, rate] : group_rates(result)) {
    const bool all = name == "all";  // a class has some hundred: none shows .01 by itself
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
  line("fleet: honest communities flagged beside campaigns where goals are read", beside.communities_above.share(), "-",
       nullptr);
  const double bar = bar_within(result, kFlagged);
  line("fleet: evidence above which goals are read, nats", bar, "-", nullptr);
  line("fleet: honest communities ever flagged there", HonestRates(result, bar).ever.share(), "-", nullptr);
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
  const double bar = bar_within(result, kFlagged);
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto& row = result.campaigns.front()[c];
    const auto found = found_above(result, c, bar);
    line("fleet: members found where at most .01 of honest communities are ever flagged, " + row.name, found,
         row.goal ? fmt::format(">= {:.2f}", *row.goal) : "-",
         row.goal ? nlohmann::json(found >= *row.goal) : nlohmann::json());
    const auto beside = [&](const std::string& what, double CampaignRow::* figure) {
      line("fleet: " + what + ", " + row.name, mean_of(result, c, [&](const CampaignRow& r) { return r.*figure; }), "-",
           nullptr);
    };
    beside("members found at Campaign PoH .01", &CampaignRow::found);
    const auto precision = mean_of_any(result, c, &CampaignRow::precision);
    line("fleet: precision at Campaign PoH .01 where any account is told of, " + row.name,
         precision ? nlohmann::json(*precision) : nlohmann::json(), "-", nullptr);
    const auto there = precision_above(result, c, bar);
    line("fleet: precision where at most .01 of honest communities are ever flagged, " + row.name,
         there ? nlohmann::json(*there) : nlohmann::json(), "-", nullptr);
    beside("members the best account score flags", &CampaignRow::best_account);
    beside("members PRADA flags", &CampaignRow::prada);
    beside("members benign MMD flags", &CampaignRow::mmd);
    beside("coverage of what it extracts", &CampaignRow::coverage);
    beside("price of a request, each account for itself", &CampaignRow::paid);
    if (row.fidelity) line("fleet: fidelity of its student, " + row.name, fidelity_of(result, c), "-", nullptr);
    if (!row.found_young) continue;
    line(fmt::format("fleet: newcomers of fewer than {} requests found at Campaign PoH .01, {}", kYoungRequests,
                     row.name),
         *mean_of_any(result, c, &CampaignRow::found_young), "-", nullptr);
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
