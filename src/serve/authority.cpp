#include "serve/authority.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/files.hpp"
#include "serve/credentials.hpp"

namespace cms::serve {
namespace {

constexpr double kFailuresMax = 20, kFailuresPerSecond = 1.0 / 3;
constexpr std::size_t kPeersMax = 4096;

struct Known {
  std::map<std::string, Credential, std::less<>> by_id;
  std::map<std::string, Credential, std::less<>> by_subject;
};

struct Failures {
  double count = 0;  // at `time`
  double time = 0;
};

Result<Known> read_known(const std::filesystem::path& path) {
  Known known;
  if (path.empty()) return known;
  struct ::stat about {};
  if (::stat(path.c_str(), &about) == 0 && (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(ErrorCode::bad_input, fmt::format("{}: others may write it; chmod 600 it", path.string()));
  }
  CMS_TRY(text, read_text_file(path));
  auto credentials = parse_credentials(text);
  if (!credentials) return fail_in(path.string(), credentials.error());
  for (auto& one : *credentials) {
    auto& map = one.subject.empty() ? known.by_id : known.by_subject;
    map.emplace(one.subject.empty() ? one.identity.id : one.subject, one);
  }
  return known;
}

bool valid_at(const Credential& credential, double now) {
  return !credential.expiry || now < *credential.expiry;
}

// One IPv6 host has 2^64 addresses of its own.
std::string network(std::string_view peer) {
  in6_addr address{};
  const std::string text(peer.substr(0, peer.find('%')));
  if (::inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::string(peer);
  if (IN6_IS_ADDR_V4MAPPED(&address)) return text;
  std::memset(address.s6_addr + 8, 0, 8);
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &address, buffer, sizeof(buffer));
  return std::string(buffer) + "/64";
}

}  // namespace

struct Authority::State {
  std::filesystem::path path;
  mutable std::mutex mutex;
  Known known;
  std::map<std::string, Failures> failures;
};

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::open(const std::filesystem::path& tokens_file) {
  auto state = std::make_unique<State>();
  state->path = tokens_file;
  CMS_TRY(known, read_known(tokens_file));
  state->known = std::move(known);
  return Authority(std::move(state));
}

Result<void> Authority::reload() {
  CMS_TRY(known, read_known(state_->path));
  const std::lock_guard lock(state_->mutex);
  state_->known = std::move(known);
  return {};
}

std::optional<Identity> Authority::by_token(std::string_view token, double now) const {
  constexpr std::string_view kPrefix = "cms_";
  const auto ours = token.starts_with(kPrefix) ? token.substr(kPrefix.size()) : std::string_view();
  const auto bar = std::min(ours.find('_'), ours.size());
  const auto secret = ours.substr(std::min(bar + 1, ours.size()));
  // What an unknown ID is compared with: its hash is of no secret.
  Credential found{{}, std::nullopt, std::string(32, '0'), std::string(64, '0'), {}};
  bool is_known = false;
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->known.by_id.find(ours.substr(0, bar));
    is_known = at != state_->known.by_id.end();
    if (is_known) found = at->second;
  }
  const auto hash = secret_hash(found.salt, secret);
  const bool equal =
      hash.size() == found.hash.size() && CRYPTO_memcmp(hash.data(), found.hash.data(), hash.size()) == 0;
  if (!equal || !is_known || !valid_at(found, now)) return std::nullopt;
  return found.identity;
}

std::optional<Identity> Authority::by_subject(std::string_view subject, double now) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->known.by_subject.find(subject);
  if (subject.empty() || found == state_->known.by_subject.end() || !valid_at(found->second, now)) return std::nullopt;
  return found->second.identity;
}

bool Authority::take_failure(std::string_view peer, double now) {
  const std::lock_guard lock(state_->mutex);
  auto& failures = state_->failures;
  const auto key = network(peer);
  if (failures.size() >= kPeersMax && !failures.contains(key)) {
    std::erase_if(failures, [&](const auto& one) {
      return one.second.count <= (now - one.second.time) * kFailuresPerSecond;
    });
    if (failures.size() >= kPeersMax) {
      failures.erase(std::ranges::min_element(failures, {}, [](const auto& one) { return one.second.time; }));
    }
  }
  auto& one = failures[key];
  one.count = std::max(0.0, one.count - std::max(0.0, now - one.time) * kFailuresPerSecond);
  one.time = now;
  if (one.count + 1 > kFailuresMax) return false;
  one.count += 1;
  return true;
}

}  // namespace cms::serve
