// For tests: the whole daemon behind a socket, with the real engine and store, and a client that sends any bytes.
//
// Two tenants, "acme" and "other", and one token for each role and tenant, and for each role and all tenants. The clock
// stands still unless it is set. Threads: those of the parts; the world has one owner.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/files.hpp"
#include "pipeline/model_example.hpp"
#include "serve/api.hpp"
#include "serve/http_server.hpp"

namespace cms::serve {

// An answer as it came. Header names in lower case.
struct Answer {
  unsigned status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  bool whole = false;  // false when the connection ended before
};

// One connection. Reads give up after ten seconds. Throws std::runtime_error where there is no server.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return;
    ::close(socket_);
    throw std::runtime_error("no server");
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Who is cut off in the middle still wants to read why, so errors are left to reading.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void half_close() { ::shutdown(socket_, SHUT_WR); }

  // More bytes into the buffer; false at the end.
  bool receive() {
    std::array<char, 65536> piece{};
    const auto bytes = ::recv(socket_, piece.data(), piece.size(), 0);
    if (bytes > 0) buffer_.append(piece.data(), static_cast<std::size_t>(bytes));
    return bytes > 0;
  }
  // Everything up to and with `mark`; what there is when the connection ends before.
  std::string read_until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = buffer_.find(mark)) == std::string::npos && receive()) {
    }
    return take(at == std::string::npos ? buffer_.size() : at + mark.size());
  }
  // As many bytes; fewer when the connection ends before.
  std::string read_bytes(std::size_t bytes) {
    while (buffer_.size() < bytes && receive()) {
    }
    return take(std::min(bytes, buffer_.size()));
  }
  std::string read_rest() {
    while (receive()) {
    }
    return take(buffer_.size());
  }

  Answer read_answer(bool head = false) {
    Answer answer;
    const auto header = read_until("\r\n\r\n");
    if (!header.ends_with("\r\n\r\n") || header.size() < 12) return answer;
    answer.status = static_cast<unsigned>(std::stoul(header.substr(9, 3)));
    for (std::size_t at = header.find("\r\n") + 2; at + 2 < header.size();) {
      const auto end = header.find("\r\n", at);
      const auto colon = header.find(": ", at);
      std::string name = header.substr(at, colon - at);
      std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
      answer.headers[name] = header.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    answer.whole = true;
    if (head || !answer.headers.contains("content-length")) return answer;
    const std::size_t length = std::stoul(answer.headers["content-length"]);
    answer.body = read_bytes(length);
    answer.whole = answer.body.size() == length;
    return answer;
  }

 private:
  std::string take(std::size_t bytes) {
    auto taken = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return taken;
  }

  int socket_;
  std::string buffer_;
};

// A request as text. `more` are header lines, each with its end.
inline std::string request_text(std::string_view method, std::string_view target, std::string_view more = "",
                                std::string_view body = "") {
  auto text = fmt::format("{} {} HTTP/1.1\r\nHost: cms\r\n{}", method, target, more);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  return text + "\r\n" + std::string(body);
}

class ServeWorld {
 public:
  static constexpr double kNow = 1'800'000'000;
  static constexpr std::string_view kModelHash = "abababababababababababababababababababababababababababababababab";
  // A dashboard of one page and one script; the page comes in no coding.
  static constexpr std::array<StaticFile, 2> kFiles{
      {{"index.html", "text/html; charset=utf-8", "0123", "<p>page</p>", ""},
       {"assets/app-1.js", "text/javascript; charset=utf-8", "4567", "let a = 1;", "packed"}}};

  explicit ServeWorld(std::string_view name, ApiOptions api = {}, HttpOptions http = {},
                      pipeline::EngineOptions engine = {}, rocksdb::Env* environment = nullptr,
                      const FleetOptions& fleet = {})
      : folder_(std::filesystem::temp_directory_path() / fmt::format("cms_serve_{}_{}", name, ::getpid())),
        model_(pipeline::example_model()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    model_.atlas.manifest.model_hash = kModelHash;
    model_.atlas.manifest.model_name = "example";
    model_.atlas.manifest.layer = "l1";
    model_.atlas.manifest.pooling = "mean";
    charts_ = pipeline::chart_map(model_.atlas);
    const auto acme = store::parse_key(std::string(64, '1')).value();
    const auto other = store::parse_key(std::string(64, '2')).value();
    store::Options options;
    options.path = folder_ / "store";
    options.environment = environment;
    options.sync = false;  // what is durable after a crash is the store's own test
    store_.emplace(store::Store::open(options, {{"acme", acme}, {"other", other}}).value());
    engine.shards = 1;
    Campaigns::Hooks watching;
    watching.tell = [this](const std::string& tenant, const CampaignEvent& event) { told.emplace_back(tenant, event); };
    watching.warn = [](const std::string&) {};
    watching.moved = [this](const std::string& tenant, std::span<const std::string> accounts) {
      if (overview_) overview_->judge_anew(tenant, accounts, now.load());
    };
    watching.declared = [this](const std::string& tenant) { return policy::declared(*policy, tenant, now.load()); };
    overrides_.emplace(*store_);
    campaigns_ = Campaigns::recall(fleet, suspicious(), *store_, kTenants, [this] { return now.load(); },
                                   std::move(watching)).value();
    overview_.emplace(kTenants, [this] { return policy; }, now.load(), Overview::kAccountsMax, &*campaigns_);
    pipeline::Engine::Hooks hooks;
    hooks.erased = [this](const store::AccountName& account, bool done) {
      overrides_->forget(account, done);
      overview_->forget(account);
      campaigns_->forget(account);
    };
    engine_.emplace(pipeline::Engine::start(model_, *store_, engine, [this] { return now.load(); },
                                            [this](std::span<const pipeline::Change> changes) {
                                              overview_->take(changes, now.load());
                                              campaigns_->take(changes);
                                            },
                                            hooks)
                        .value());
    gate_.emplace(*engine_, *overrides_, [this] { return policy; }, [this] { return now.load(); }, GateOptions(),
                  &*campaigns_);
    make_tokens();
    authority_.emplace(Authority::open(folder_ / "tokens").value());
    api.tenants = kTenants;
    // Relative, as a configuration that is named by a relative path has it.
    api.snapshots = (folder_ / "snapshots").lexically_proximate(std::filesystem::current_path());
    api_ = std::make_unique<Api>(parts(), api);
    http.listen = "127.0.0.1:0";
    server.emplace(HttpServer::start(http, api_->service()).value());
  }
  ~ServeWorld() {
    events.close();
    server.reset();
    api_.reset();
    gate_.reset();
    engine_.reset();
    campaigns_.reset();
    overrides_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  ServeWorld(const ServeWorld&) = delete;
  ServeWorld& operator=(const ServeWorld&) = delete;

  // "Authorization: Bearer ...\r\n" of a role and a tenant ("*" = all).
  std::string as(Role role, const std::string& tenant = "acme") const {
    return fmt::format("Authorization: Bearer {}\r\n", tokens_.at({role, tenant}));
  }
  const std::string& token(Role role, const std::string& tenant) const { return tokens_.at({role, tenant}); }

  Answer ask(std::string_view method, std::string_view target, std::string_view more = "", std::string_view body = "") {
    Client client(server->port());
    client.send(request_text(method, target, more, body));
    return client.read_answer(method == "HEAD");
  }

  // NDJSON of the first requests of a made-up account.
  std::string lines(const std::string& account, std::size_t requests, std::uint64_t seed = 1) const {
    const auto stream = pipeline::example_stream(model_, seed, requests);
    std::string text;
    for (std::size_t i = 0; i < requests; ++i) {
      const auto row = stream.row(i);
      text += fmt::format("{{\"account\":\"{}\",\"time\":{},\"vector\":[{}]}}\n", account, kNow - 1000 + double(i),
                          fmt::join(row, ","));
    }
    return text;
  }
  std::string tap_headers() const {
    return as(Role::tap) + "Cms-Model: example/l1/mean\r\nContent-Type: application/x-ndjson\r\n";
  }
  Answer ingest(const std::string& account, std::size_t requests, std::uint64_t seed = 1) {
    return ask("POST", "/v1/tenants/acme/activations", tap_headers(), lines(account, requests, seed));
  }

  store::Store& store() { return *store_; }
  Overrides& overrides() { return *overrides_; }
  pipeline::Engine& engine() { return *engine_; }
  Gate& gate() { return *gate_; }
  Overview& overview() { return *overview_; }
  Authority& authority() { return *authority_; }
  Campaigns& campaigns() { return *campaigns_; }

  // Accounts "PREFIX0" to "PREFIX7" of one stream, seen together: a campaign, as suspicious() judges. By themselves
  // they are observed at most: their streams are too short.
  void make_campaign(const std::string& prefix) {
    for (int i = 0; i < 8; ++i) ingest(prefix + std::to_string(i), 27, 3);
    campaigns_->set_filled();
    campaigns_->update(*engine_);
  }
  const pipeline::Model& model() const { return model_; }
  const std::filesystem::path& folder() const { return folder_; }

  std::atomic<double> now{kNow};
  EventRing events{EventRing::Options{.events_max = 64, .subscribers_max = 4, .run = 7}};
  std::function<void(store::AccountName, std::string)> read;  // is given what is for the tap; set before asking
  std::vector<std::string> reviewed;  // what was told of labels and overrides: kind, account, words
  std::shared_ptr<const policy::Policy> policy = std::make_shared<policy::Policy>();
  std::optional<HttpServer> server;
  std::vector<std::pair<std::string, CampaignEvent>> told;  // of campaigns, by tenant

  // A calibration by which every community of five accounts comes to a Campaign PoH of .005.
  static fleet::CampaignCalibration suspicious() {
    fleet::CampaignCalibration made;
    made.options.communities.resolution = 1.1;  // a few accounts alone are one community
    made.rankings[""].assign(199, -1e6);
    return made;
  }

 private:
  inline static const std::vector<std::string> kTenants{"acme", "other"};

  ApiParts parts() {
    ApiParts parts;
    parts.model = &model_;
    parts.store = &*store_;
    parts.engine = &*engine_;
    parts.gate = &*gate_;
    parts.authority = &*authority_;
    parts.events = &events;
    parts.overview = &*overview_;
    parts.overrides = &*overrides_;
    parts.campaigns = &*campaigns_;
    parts.charts = &charts_;
    parts.dashboard = kFiles;
    parts.reviewed = [this](EventKind kind, const store::AccountName& account, const std::string& why) {
      reviewed.push_back(fmt::format("{} {} {}", name(kind), account.account, why));
    };
    parts.read = [this](store::AccountName account, std::string body) {
      if (read) read(std::move(account), std::move(body));
    };
    parts.clock = [this] { return now.load(); };
    parts.policy = [this] { return policy; };
    parts.reload_policy = [](const std::string&) -> Result<void> { return {}; };
    parts.metrics = [] { return std::string("cms_up 1\n"); };
    parts.system = [this] {
      SystemFigures figures;
      figures.now.engine = engine_->counters();
      figures.now.durable = engine_->durable();
      figures.now.store = store_->sizes();
      figures.look_up_s = {.001, .002};
      return figures;
    };
    return parts;
  }

  void make_tokens() {
    for (const auto role : {Role::tap, Role::reader, Role::analyst, Role::admin}) {
      for (const std::string tenant : {"acme", "other", "*"}) {
        const auto made = make_token(role, tenant, std::nullopt).value();
        tokens_[{role, tenant}] = made.token;
        if (!append_credential(folder_ / "tokens", made.credential)) throw std::runtime_error("no tokens file");
      }
    }
  }

  std::filesystem::path folder_;
  pipeline::Model model_;
  pipeline::ChartMap charts_;
  std::optional<store::Store> store_;
  std::optional<Overrides> overrides_;
  std::unique_ptr<Campaigns> campaigns_;
  std::optional<Overview> overview_;
  std::optional<pipeline::Engine> engine_;
  std::optional<Gate> gate_;
  std::optional<Authority> authority_;
  std::unique_ptr<Api> api_;
  std::map<std::pair<Role, std::string>, std::string> tokens_;
};

}  // namespace cms::serve
