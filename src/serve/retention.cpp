#include "serve/retention.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <utility>

namespace cms::serve {
namespace {

constexpr std::size_t kEnteredTogether = 256;  // erased accounts in an entry of the audit log, twice that at most

// Enters who was last heard of before that time. Returns whom erase_before() may take. Requests go on.
Result<std::set<std::string>> enter_idle(const Retention& retention, const TenantConfig& tenant, double before) {
  std::set<std::string> idle;
  std::string cursor;
  auto pseudonyms = nlohmann::json::array();
  bool more = true;
  while (more) {
    CMS_TRY(page, retention.store.list(tenant.name, cursor, kEnteredTogether));
    cursor = page.cursor;
    for (const auto& listed : page.accounts) {
      if (listed.records == 0 || !(listed.time < before)) continue;
      CMS_TRY(pseudonym, retention.store.pseudonym({tenant.name, listed.account}));
      pseudonyms.push_back(std::move(pseudonym));
      idle.insert(listed.account);
    }
    more = !cursor.empty() && idle.size() < retention.accounts_max;
    if (pseudonyms.empty() || (more && pseudonyms.size() < kEnteredTogether)) continue;
    const nlohmann::json detail{
        {"accounts", pseudonyms.size()}, {"idle_days", tenant.retention_days}, {"pseudonyms", pseudonyms}};
    CMS_CHECK(retention.store.append_audit({.number = 0, .time = retention.now, .tenant = tenant.name,
                                            .actor = "retention", .action = "erase", .detail = detail.dump(),
                                            .hash = ""}));
    pseudonyms.clear();
  }
  return idle;
}

}  // namespace

// Entries come first, as for what people do. Who came since with times of before is not among those that were entered:
// the next call enters it.
Result<std::uint64_t> erase_idle(const Retention& retention, const TenantConfig& tenant) {
  const double before = retention.now - tenant.retention_days * 86'400;
  CMS_TRY(idle, enter_idle(retention, tenant, before));
  if (idle.empty()) return 0;
  return retention.engine.erase_before(tenant.name, before, idle);
}

}  // namespace cms::serve
