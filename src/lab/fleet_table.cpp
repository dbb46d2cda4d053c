#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

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
                               {"strictly", &CampaignRow::found_strictly},
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

// What became of each campaign that has a goal, seed by seed.
std::string parts_table(const FleetResult& result) {
  std::string text = fmt::format("{:<44} {:>4} {:>8} {:>6} {:>8}  {}\n", "campaign, seed by seed", "seed", "accounts",
                                 "found", "strictly", "its communities: share of it, purity, Campaign PoH");
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    for (std::size_t s = 0; s < result.campaigns.size(); ++s) {
      const auto& row = result.campaigns[s][c];
      if (!row.goal) continue;
      text += fmt::format("{:<44} {:>4} {:>8} {:>6.3f} {:>8.3f} ", row.name, result.seeds[s], row.accounts, row.found,
                          row.found_strictly);
      for (const auto& part : row.parts) {
        text += fmt::format(" {:.2f} {:.2f} {:.3g};", part.share, part.purity, part.poh);
      }
      text += row.parts.empty() ? " none has a tenth of it\n" : "\n";
    }
  }
  return text;
}

std::string campaign_table(const FleetResult& result) {
  std::string text = fmt::format("{:<52} {:>5} {:>8}", "campaign", "goal", "accounts");
  for (const auto& column : kColumns) text += fmt::format(" {:>9}", column.title);
  text += fmt::format(" {:>9}\n", "fidelity");
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto& row = result.campaigns.front()[c];
    const double accounts = mean_of(result, c, [](const CampaignRow& r) { return r.accounts; });
    text += fmt::format("{:<52} {:>5} {:>8.0f}", row.name, row.goal ? fmt::format("{:.2f}", *row.goal) : "-", accounts);
    for (const auto& column : kColumns) {
      text += fmt::format(" {:>9.3f}", mean_of(result, c, [&](const CampaignRow& r) { return r.*column.figure; }));
    }
    text += fmt::format(" {:>9}\n", row.fidelity ? fmt::format("{:.3f}", fidelity_of(result, c)) : "-");
  }
  return text +
         "accounts: mean over seeds; found: members told of, Campaign PoH <= .01; strictly: at the least level there "
         "is; together: members\nin one campaign; purity: members among those in it; coverage, fidelity "
         "(use-weighted, of a student): of what it extracts; shared:\ntexts of two members; pairs, links: AUC of "
         "member pairs against honest pairs, by distance and by link; suspects: members whose own PoH\nat their last "
         "request is at most .03; account, PRADA, MMD: members flagged one by one\n";
}

}  // namespace

std::string describe(const FleetResult& result) {
  if (result.campaigns.empty()) return {};
  auto text = campaign_table(result) + "\n" + parts_table(result) +
              "\nhonest groups, more than half of whose members are flagged\n";
  for (const auto& [name, rate] : group_rates(result)) {
    text += fmt::format("{:<16} {:>3} of {:>4}, {:.3f}, at most {:.3f} (95%)\n", name, rate.hits, rate.trials,
                        rate.share(), rate_upper_bound(rate.hits, rate.trials, .95));
  }
  text += fmt::format("honest communities {} of {}, strictly {}; honest accounts {} of {}; two honest accounts share "
                      "{:.3f} of their texts; communities that rank:",
                      result.honest_communities_flagged, result.honest_communities, result.honest_communities_strictly,
                      result.honest_accounts_flagged, result.honest_accounts, result.honest_shared_texts);
  for (const auto ranked : result.ranked) text += fmt::format(" {}", ranked);
  text += fmt::format("\nhonest communities followed over {} looks, ever flagged {} of {}, strictly {}", result.looks,
                      result.honest_communities_ever, result.honest_communities_followed,
                      result.honest_communities_ever_strictly);
  text += fmt::format("\none look at a whole fleet {:.2f} s", result.look_seconds);
  if (result.update_accounts > 0) {
    text += fmt::format("; an update of {} changed accounts among {}, links and communities: {:.3f} s",
                        result.update_changed, result.update_accounts, result.update_seconds);
  }
  for (const auto& recall : result.recalls) {
    text += fmt::format("; links proposed of the nearest among {} accounts: {:.3f}, {:.3f} of their weight",
                        recall.accounts, recall.nearest, recall.weight);
  }
  return text + fmt::format("; a signature {} bytes\n", fleet::kSignatureBytes) + describe(result.costs);
}

namespace {

// Honest communities that are flagged: at the last look, and at any; at the usual level and at the least.
struct HonestRates {
  Rate last, last_strictly, ever, ever_strictly;

  explicit HonestRates(const FleetResult& result)
      : last{result.honest_communities_flagged, result.honest_communities},
        last_strictly{result.honest_communities_strictly, result.honest_communities},
        ever{result.honest_communities_ever, result.honest_communities_followed},
        ever_strictly{result.honest_communities_ever_strictly, result.honest_communities_followed} {}
  [[nodiscard]] double usual() const { return std::max(last.share(), ever.share()); }
  [[nodiscard]] double least() const { return std::max(last_strictly.share(), ever_strictly.share()); }
};

}  // namespace

std::string goal_lines(const FleetResult& result) {
  std::string text;
  const auto line = [&](const std::string& what, const nlohmann::json& figure, const std::string& goal,
                        const nlohmann::json& holds) {
    text += nlohmann::json({{"what", what}, {"figure", figure}, {"goal", goal}, {"holds", holds}}).dump() + "\n";
  };
  if (result.campaigns.empty()) return text;
  // Goals are of what is found where at most .01 of honest communities are ever flagged, not where that is promised.
  const HonestRates honest(result);
  const auto held_at = honest.usual() <= .01 ? &CampaignRow::found : &CampaignRow::found_strictly;
  const bool possible = honest.last.trials > 0 && std::min(honest.usual(), honest.least()) <= .01;
  for (std::size_t c = 0; c < result.campaigns.front().size(); ++c) {
    const auto& row = result.campaigns.front()[c];
    const double found = mean_of(result, c, [&](const CampaignRow& r) { return r.*held_at; });
    line("fleet: members found where at most .01 of honest communities are ever flagged, " + row.name,
         possible ? nlohmann::json(found) : nlohmann::json(),
         row.goal ? fmt::format(">= {:.2f}", *row.goal) : "-",
         row.goal ? nlohmann::json(possible && found >= *row.goal) : nlohmann::json());
    const auto beside = [&](const std::string& what, double CampaignRow::* figure) {
      line("fleet: " + what + ", " + row.name, mean_of(result, c, [&](const CampaignRow& r) { return r.*figure; }), "-",
           nullptr);
    };
    beside("members found at Campaign PoH .01", &CampaignRow::found);
    beside("members found at the least level", &CampaignRow::found_strictly);
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
  for (const auto& [name, rate] : group_rates(result)) {
    const bool all = name == "all";
    line("fleet: honest groups flagged, " + name, rate.share(), all ? "<= 0.01" : "-",
         all ? nlohmann::json(rate.share() <= .01) : nlohmann::json());
  }
  line("fleet: honest communities flagged", honest.last.share(), "<= 0.01", honest.last.share() <= .01);
  line("fleet: honest communities flagged at the least level", honest.last_strictly.share(), "-", nullptr);
  line("fleet: honest communities ever flagged, looks: " + std::to_string(result.looks), honest.ever.share(),
       "<= 0.01", honest.ever.share() <= .01);
  line("fleet: honest communities ever flagged at the least level", honest.ever_strictly.share(), "-", nullptr);
  line("fleet: bytes of a signature", static_cast<double>(fleet::kSignatureBytes), "<= 1024",
       fleet::kSignatureBytes <= 1'024);
  for (const auto& recall : result.recalls) {
    line(fmt::format("fleet: links proposed of the nearest among {} accounts", recall.accounts), recall.nearest, "-",
         nullptr);
  }
  if (result.update_accounts > 0) {
    const bool asked = result.update_accounts == 1'000'000;
    line(fmt::format("fleet: seconds of an update of {} changed accounts among {}", result.update_changed,
                     result.update_accounts),
         result.update_seconds, asked ? "<= 1" : "-",
         asked ? nlohmann::json(result.update_seconds <= 1) : nlohmann::json());
  }
  return text + goal_lines(result.costs);
}

}  // namespace cms::lab
