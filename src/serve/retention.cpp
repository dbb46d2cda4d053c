#include "serve/retention.hpp"

#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

namespace cms::serve {
namespace {

constexpr std::size_t kEnteredTogether = 256;  // erased accounts in an entry of the audit log, twice that at most

// Accounts that are to be erased, and what the audit log calls them.
struct Due {
  std::vector<std::string> accounts;
  nlohmann::json pseudonyms = nlohmann::json::array();
};

class Walk {
 public:
  Walk(const Retention& retention, const TenantConfig& tenant)
      : retention_(retention), tenant_(tenant), before_(retention.now - tenant.retention_days * 86'400) {}

  Result<void> run() {
    std::string cursor;
    for (bool more = true; more;) {
      const auto page = retention_.store.list(tenant_.name, cursor, kEnteredTogether);
      if (page) CMS_CHECK(find(*page));
      cursor = page ? page->cursor : "";
      const std::uint64_t taken = done.erased + due_.accounts.size();
      more = !cursor.empty() && taken < retention_.accounts_max && !retention_.stop.stop_requested();
      // Those before a page that cannot be read go too: else they would be due, and entered, for ever.
      if (!more || due_.accounts.size() >= kEnteredTogether) CMS_CHECK(erase());
      if (!page) return tl::make_unexpected(page.error());
    }
    return {};
  }

  Retained done;

 private:
  // Who is due of a page. One whose rows cannot be read cannot be erased either, and is not entered at each call.
  Result<void> find(const store::Store::Page& page) {
    done.passed_over += page.passed_over;
    for (const auto& listed : page.accounts) {
      if (!listed.unread && (listed.records == 0 || !(listed.time < before_))) continue;
      const store::AccountName name{tenant_.name, listed.account};
      CMS_TRY(pseudonym, retention_.store.pseudonym(name));
      const auto idle = retention_.store.is_idle(name, before_);
      if (!idle) {
        if (done.damaged++ == 0) done.first_damaged = pseudonym;
        continue;
      }
      if (!*idle) continue;
      due_.accounts.push_back(listed.account);
      due_.pseudonyms.push_back(std::move(pseudonym));
    }
    return {};
  }

  // The entry comes first, as for what people do.
  Result<void> erase() {
    if (due_.accounts.empty()) return {};
    const nlohmann::json detail{{"accounts", due_.accounts.size()},
                                {"idle_days", tenant_.retention_days},
                                {"pseudonyms", std::move(due_.pseudonyms)}};
    CMS_CHECK(retention_.store.append_audit({.number = 0, .time = retention_.now, .tenant = tenant_.name,
                                             .actor = "retention", .action = "erase", .detail = detail.dump(),
                                             .hash = ""}));
    CMS_TRY(erased, retention_.engine.erase_idle(tenant_.name, due_.accounts, before_));
    done.erased += erased;
    due_ = {};
    return {};
  }

  const Retention& retention_;
  const TenantConfig& tenant_;
  double before_ = 0;  // seconds since 1970
  Due due_;
};

}  // namespace

Result<Retained> erase_idle(const Retention& retention, const TenantConfig& tenant) {
  Walk walk(retention, tenant);
  const auto walked = walk.run();
  const auto compacted = retention.store.compact_erased();  // also of those that went before an error
  CMS_CHECK(walked);
  CMS_CHECK(compacted);
  return std::move(walk.done);
}

}  // namespace cms::serve
