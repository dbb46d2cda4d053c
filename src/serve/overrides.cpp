#include "serve/overrides.hpp"

#include <chrono>

namespace cms::serve {

std::optional<policy::Override> Overrides::of(const store::AccountName& name) const {
  const bool filled = filled_;  // before the search: what is missing there may be found by fill() a moment later
  if (count_ > 0) {
    const std::shared_lock lock(mutex_);
    if (const auto found = by_account_.find({name.tenant, name.account}); found != by_account_.end()) {
      return found->second;
    }
  }
  if (filled && !in_part_.contains(name.tenant)) return std::nullopt;
  return read(name).value_or(std::nullopt);
}

Result<bool> Overrides::put(const store::AccountName& name, const std::string& document) {
  Found value;
  if (!document.empty()) {
    CMS_TRY(parsed, policy::parse_override(document));
    value = std::move(parsed);
  }
  const std::lock_guard one(changing_);
  auto there = store_.put_document(name, std::string(policy::kOverrideKind), document);
  if (there) {
    set(name, *there ? std::move(value) : std::nullopt);
  } else {
    static_cast<void>(read_again(name));  // it may have been written: where that cannot be read, what was here stays
  }
  return there;
}

void Overrides::forget(const store::AccountName& name, bool erased) {
  const std::lock_guard one(changing_);
  if (erased) return set(name, std::nullopt);
  static_cast<void>(read_again(name));
}

void Overrides::tell(const store::AccountName& name, const std::string& why) const {
  ++unread_;
  {
    // Once for each account: it may be asked about at every request.
    const std::lock_guard one(telling_);
    if (told_.size() >= kToldMax || !told_.emplace(name.tenant, name.account).second) return;
  }
  if (tell_) tell_(name, why);
}

// A document that is damaged counts as none: no later read would be better. Errors: the disk's.
Result<Overrides::Found> Overrides::read(const store::AccountName& name) const {
  auto document = store_.document(name, std::string(policy::kOverrideKind));
  if (!document) {
    tell(name, document.error().message);
    if (document.error().code == ErrorCode::bad_input) return Found();
    return tl::make_unexpected(std::move(document).error());
  }
  if (!*document) return Found();
  const auto parsed = policy::parse_override(**document);
  if (parsed) return Found(*parsed);
  tell(name, parsed.error().message);
  return Found();
}

Result<void> Overrides::read_again(const store::AccountName& name) {
  CMS_TRY(found, read(name));
  set(name, std::move(found));
  return {};
}

void Overrides::set(const store::AccountName& name, Found value) {
  const std::lock_guard lock(mutex_);
  if (value) {
    by_account_.insert_or_assign({name.tenant, name.account}, std::move(*value));
  } else {
    by_account_.erase({name.tenant, name.account});
  }
  count_ = by_account_.size();
}

// An account whose own document the disk does not give is passed over.
void Overrides::read_page(const std::string& tenant, const Result<store::Store::Page>& page) {
  if (page) {
    for (const auto& listed : page->accounts) {
      const std::lock_guard one(changing_);
      if (!read_again({tenant, listed.account})) in_part_.insert(tenant);
    }
    if (page->passed_over == 0) return;
  }
  in_part_.insert(tenant);
  tell({tenant, ""}, page ? "some accounts cannot be listed, restore a snapshot: " + page->why
                          : "the rest of the accounts cannot be listed: " + page.error().message);
}

void Overrides::fill(std::span<const std::string> tenants, const std::stop_token& stop, int tries) {
  for (const auto& tenant : tenants) {
    std::string cursor;
    do {
      const auto began = std::chrono::steady_clock::now();
      const auto page = list_patiently(store_, tenant, cursor, 256, stop, tries);
      if (stop.stop_requested()) return;
      read_page(tenant, page);
      cursor = page ? page->cursor : "";
      if (!cursor.empty() && !rest(stop, std::chrono::steady_clock::now() - began)) return;
    } while (!cursor.empty());
  }
  filled_ = true;
}

}  // namespace cms::serve
