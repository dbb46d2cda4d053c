#include "serve/campaign_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

namespace cms::serve {
namespace {

// As a number; 0 where the store gives none.
std::uint64_t pseudonym_of(const store::Store& store, const store::AccountName& name) {
  std::uint64_t number = 0;
  if (const auto digits = store.pseudonym(name)) {
    std::from_chars(digits->data(), digits->data() + digits->size(), number, 16);
  }
  return number;
}

}  // namespace

bool renumber(const store::Store& store, const std::string& tenant, std::vector<fleet::TrackedCampaign>& campaigns,
              const std::function<void(const std::string&)>& warn) {
  std::unordered_map<std::uint64_t, std::optional<std::uint64_t>> numbers;
  for (const auto& campaign : campaigns) {
    for (const auto member : campaign.members) numbers[member];
  }
  std::string cursor;
  bool whole = true;
  for (bool more = !numbers.empty(); more;) {
    const auto page = store.list(tenant, cursor, 1000);
    if (!page) {
      warn(fmt::format("campaigns of tenant {} are without members whose names cannot be read, and are kept as they "
                       "were for the next start: {}",
                       tenant, page.error().message));
      whole = false;
      break;
    }
    for (const auto& listed : page->accounts) {
      const auto found = numbers.find(pseudonym_of(store, {tenant, listed.account}));
      if (found == numbers.end()) continue;
      const auto number = store.number({tenant, listed.account});
      if (number) found->second = *number;
      whole = whole && number;
    }
    if (page->passed_over > 0) {
      warn(fmt::format("members of campaigns of tenant {} whose rows cannot be read are kept as they were: {}", tenant,
                       page->why));
      whole = false;
    }
    cursor = page->cursor;
    more = !cursor.empty();
  }
  for (auto& campaign : campaigns) {
    std::vector<std::uint64_t> members;
    for (const auto member : campaign.members) {
      if (const auto number = numbers.at(member)) members.push_back(*number);
    }
    std::ranges::sort(members);
    campaign.members = std::move(members);
  }
  return whole;
}

TenantFleet::Names name_members(const store::Store& store, const std::string& tenant,
                                std::vector<fleet::TrackedCampaign>& campaigns,
                                const std::function<void(const std::string&)>& warn) {
  TenantFleet::Names names;
  std::size_t unread = 0;
  std::string why;
  for (auto& campaign : campaigns) {
    std::erase_if(campaign.members, [&](std::uint64_t number) {
      auto account = store.account_of(tenant, number);
      if (!account) {
        ++unread;
        why = account.error().message;
      } else if (*account) {
        names.emplace(number, std::move(**account));
      }
      return account && !*account;
    });
  }
  if (unread > 0) {
    warn(fmt::format("{} members of campaigns of tenant {} cannot be read, and count only when they can: {}", unread,
                     tenant, why));
  }
  return names;
}

}  // namespace cms::serve
