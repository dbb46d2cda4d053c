#include "serve/policy_record.hpp"

#include <nlohmann/json.hpp>

#include "base/hash.hpp"

namespace cms::serve {
namespace {

constexpr const char* kDocument = "policy";

// How many tenants have had it, and how many another.
struct Had {
  std::size_t it = 0, another = 0;
};

Result<Had> had(const store::Store& store, const std::vector<std::string>& tenants, const std::string& digest) {
  Had count;
  for (const auto& tenant : tenants) {
    CMS_TRY(kept, store.tenant_document(tenant, kDocument));
    if (!kept) continue;
    ++(std::string(kept->begin(), kept->end()) == digest ? count.it : count.another);
  }
  return count;
}

Result<void> remember(store::Store& store, const std::vector<std::string>& tenants, const std::string& digest) {
  for (const auto& tenant : tenants) CMS_CHECK(store.put_tenant_document(tenant, kDocument, digest));
  return {};
}

}  // namespace

std::string policy_digest(const policy::Policy& policy) {
  auto allowances = nlohmann::json::array();
  for (const auto& one : policy.allowances) {
    allowances.push_back({one.tenant, one.account, one.until, name(one.at_most), one.why});
  }
  const auto& ladder = policy.ladder;
  const nlohmann::json all = {{"ladder", {ladder.observe, ladder.price, ladder.limit, ladder.review}},
                              {"campaign_at_most", name(policy.campaign_at_most)},
                              {"shadow", policy.shadow},
                              {"jitter", policy.jitter},
                              {"jitter_key", policy.jitter_key ? nlohmann::json(*policy.jitter_key) : nullptr},
                              {"allowances", allowances}};
  const auto text = all.dump();
  return to_hex(sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

Result<bool> record_policy(store::Store& store, const std::vector<std::string>& tenants, const policy::Policy& policy,
                           const std::string& by, double time) {
  const auto digest = policy_digest(policy);
  CMS_TRY(count, had(store, tenants, digest));
  if (count.it == tenants.size()) return false;
  if (count.it == 0) {  // else a tenant is another, not the policy
    const nlohmann::json detail = {{"by", by}, {"digest", digest}};
    CMS_CHECK(store.append_audit({.number = 0, .time = time, .tenant = "*", .actor = "cms", .action = "policy",
                                  .detail = detail.dump(), .hash = ""}));
  }
  CMS_CHECK(remember(store, tenants, digest));
  return count.it == 0 && count.another > 0;
}

}  // namespace cms::serve
