#include "serve/metrics.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "base/files.hpp"

namespace cms::serve {
namespace {

MetricsSnapshot everything() {
  MetricsSnapshot now;
  now.version = "1.2.3";
  now.atlas = "0123456789ab";
  now.started = 1'700'000'000.5;
  now.engine.received = 100;
  now.engine.scored = 90;
  now.engine.shed = 4;
  now.engine.refused = 6;
  now.engine.by_refusal[static_cast<std::size_t>(pipeline::Refusal::not_finite)] = 6;
  now.engine.commits = 12;
  now.engine.commit_failures = 1;
  now.engine.at_rung[2] = 5;
  now.durable = false;
  now.store.disk_bytes = 1ULL << 40;
  now.http.answers[3] = 7;
  now.log.errors = 8;
  now.proxy = ProxyCounters{.requests = 9, .answered = 6, .hung_up = 2};
  now.prompts = PromptReaderCounters{.taken = 5, .dropped = 4};
  now.campaigns = CampaignCounters{.flagged = 2, .members = 24'000, .waiting = 7, .capped = 1};
  now.event_log = EventLogCounters{.written = 20, .lost = 3, .failing = true};
  now.webhooks = {{.target = "https://a.example", .delivered = 2, .attempts = 5, .failures = 3},
                  {.target = "https://a.example", .given_up = 1, .ended = true}};
  return now;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Names of the families, as their TYPE lines give them.
std::set<std::string> names_of(const std::string& text) {
  std::set<std::string> names;
  for (const auto& line : lines_of(text)) {
    std::smatch found;
    if (std::regex_match(line, found, std::regex("# TYPE (\\S+) (counter|gauge|histogram)"))) names.insert(found[1]);
  }
  return names;
}

std::string repository_file(const std::string& path) {
  const char* root = std::getenv("CMS_SOURCE_DIR");
  const auto text = read_text_file(std::filesystem::path(root == nullptr ? "." : root) / path);
  EXPECT_TRUE(text) << path;
  return text.value_or("");
}

TEST(Metrics, every_figure_is_where_it_belongs) {
  const auto text = "\n" + Metrics().text(everything());
  for (const auto* line : {
           R"(cms_build_info{version="1.2.3"} 1)",
           R"(cms_atlas_info{atlas="0123456789ab"} 1)",
           R"(cms_start_time_seconds 1700000000.5)",
           R"(cms_pipeline_received_total 100)",
           R"(cms_pipeline_items_total{result="scored"} 90)",
           R"(cms_pipeline_items_total{result="shed"} 4)",
           R"(cms_pipeline_items_total{result="refused"} 6)",
           R"(cms_pipeline_refusals_total{reason="not_finite"} 6)",
           R"(cms_pipeline_scored_at_rung_total{rung="2"} 5)",
           R"(cms_store_commits_total{result="failed"} 1)",
           R"(cms_store_durable 0)",
           R"(cms_store_disk_bytes 1099511627776)",
           R"(cms_http_answers_total{status="4xx"} 7)",
           R"(cms_log_messages_total{level="error"} 8)",
           R"(cms_proxy_requests_total 9)",
           R"(cms_proxy_results_total{result="hung_up"} 2)",
           R"(cms_tap_bodies_total{result="dropped"} 4)",
           R"(cms_event_log_lines_total{result="lost"} 3)",
           R"(cms_campaign_accounts 24000)",
           R"(cms_fleet_waiting_accounts 7)",
           R"(cms_fleet_capped 1)",
           R"(cms_event_log_failing 1)",
           R"(cms_webhook_events_total{webhook="1",target="https://a.example",result="delivered"} 2)",
           R"(cms_webhook_events_total{webhook="2",target="https://a.example",result="given_up"} 1)",
           R"(cms_webhook_attempts_total{webhook="1",target="https://a.example",result="done"} 2)",
           R"(cms_webhook_failing{webhook="2",target="https://a.example"} 1)",
       }) {
    EXPECT_NE(text.find(std::string("\n") + line + "\n"), std::string::npos) << line << text;
  }
}

TEST(Metrics, observations_are_counted_in_their_buckets_and_what_is_no_time_is_not) {
  Metrics metrics;
  for (const double seconds : {.0004, .0015, .0015, 20.0}) metrics.observe_commit(seconds);
  for (const double none : {-1.0, HUGE_VAL, std::nan("")}) metrics.observe_commit(none);
  metrics.observe_look_up(.00003);
  const auto text = metrics.text(everything());
  for (const auto* line : {
           R"(cms_store_commit_seconds_bucket{le="0.0005"} 1)", R"(cms_store_commit_seconds_bucket{le="0.002"} 3)",
           R"(cms_store_commit_seconds_bucket{le="10"} 3)", R"(cms_store_commit_seconds_bucket{le="+Inf"} 4)",
           R"(cms_store_commit_seconds_count 4)", R"(cms_look_up_seconds_count 1)"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(Metrics, quantiles_are_within_the_bucket_of_the_true_ones) {
  Metrics metrics;
  EXPECT_FALSE(metrics.look_up_s());
  for (int i = 1; i <= 1000; ++i) metrics.observe_look_up(i * 1e-6);
  const auto look_up = metrics.look_up_s();
  ASSERT_TRUE(look_up);
  EXPECT_NEAR(look_up->p50, .0005, .0001);
  EXPECT_NEAR(look_up->p99, .00099, .0005);
  EXPECT_FALSE(metrics.commit_s());
  metrics.observe_commit(1000);
  EXPECT_EQ(metrics.commit_s()->p99, 10);  // the greatest edge
}

TEST(Metrics, the_text_is_what_prometheus_reads_and_no_series_comes_twice) {
  std::set<std::string> series;
  const std::regex sample(R"rx(([a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})?) [0-9.e+-]+)rx");
  for (const auto& line : lines_of(Metrics().text(everything()))) {
    if (line.starts_with("# ")) continue;
    std::smatch found;
    ASSERT_TRUE(std::regex_match(line, found, sample)) << line;
    EXPECT_TRUE(series.insert(found[1]).second) << line;
  }
  EXPECT_GT(series.size(), 60U);
}

TEST(Metrics, names_keep_to_the_conventions_and_no_label_is_an_account_or_a_tenant) {
  const auto text = Metrics().text(everything());
  for (const auto& line : lines_of(text)) {
    std::smatch found;
    if (!std::regex_match(line, found, std::regex("# TYPE (\\S+) (\\S+)"))) continue;
    const std::string name = found[1];
    EXPECT_TRUE(name.starts_with("cms_"));
    EXPECT_EQ(name.ends_with("_total"), found[2] == "counter") << line;
  }
  EXPECT_EQ(text.find("account="), std::string::npos);
  EXPECT_EQ(text.find("tenant="), std::string::npos);
}

TEST(Metrics, what_is_not_configured_is_not_there) {
  auto now = everything();
  now.event_log.reset();
  now.webhooks.clear();
  now.proxy.reset();
  now.prompts.reset();
  now.campaigns.reset();
  const auto text = Metrics().text(now);
  EXPECT_EQ(text.find("cms_event_log"), std::string::npos);
  EXPECT_EQ(text.find("cms_webhook"), std::string::npos);
  EXPECT_EQ(text.find("cms_proxy"), std::string::npos);
  EXPECT_EQ(text.find("cms_fleet"), std::string::npos);
}

TEST(Metrics, the_page_lists_every_metric_and_no_other) {
  const auto page = repository_file("docs/metrics.md");
  std::set<std::string> listed;
  const std::regex row("\\| `(cms_[a-z_]+)");
  for (const auto& line : lines_of(page)) {
    std::smatch found;
    if (std::regex_search(line, found, row, std::regex_constants::match_continuous)) listed.insert(found[1]);
  }
  EXPECT_EQ(listed, names_of(Metrics().text(everything())));
}

TEST(Metrics, alert_rules_name_only_metrics_that_are_there) {
  const auto names = names_of(Metrics().text(everything()));
  const auto rules = repository_file("packaging/prometheus-alerts.yml");
  const std::regex metric("cms_[a-z_]+");
  std::size_t found = 0;
  for (std::sregex_iterator at(rules.begin(), rules.end(), metric), end; at != end; ++at, ++found) {
    auto name = at->str();
    if (name.ends_with("_bucket")) name.resize(name.size() - 7);
    EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_GT(found, 8U);
}

}  // namespace
}  // namespace cms::serve
