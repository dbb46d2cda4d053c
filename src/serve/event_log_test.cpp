#include "serve/event_log.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <latch>
#include <regex>
#include <thread>

#include "base/files.hpp"
#include "base/random.hpp"
#include "serve/event_example.hpp"
#include "tap/json_lines.hpp"

namespace cms::serve {
namespace {

namespace fs = std::filesystem;

class EventLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cms-event-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    options.path = folder / "events.ndjson";
  }
  void TearDown() override { fs::remove_all(folder); }

  // The counters of the events of all files, oldest first; the counter is in `requests`.
  std::vector<std::uint64_t> numbers(std::uint32_t files = 0) const {
    std::vector<std::uint64_t> result;
    for (std::uint32_t number = files + 1; number-- > 0;) {
      const auto path = number == 0 ? options.path : fs::path(options.path.string() + "." + std::to_string(number));
      if (!fs::exists(path)) continue;
      const auto read = for_each_event(path, [&](Event&& event) -> Result<void> {
        result.push_back(event.requests);
        return {};
      });
      EXPECT_TRUE(read) << read.error().message;
    }
    return result;
  }

  static Event numbered(std::uint64_t number) {
    auto event = example_event();
    event.requests = number;
    return event;
  }

  fs::path folder;
  EventLogOptions options;
};

// A file beyond this size is an error of write(), as on a full disk; part of a write may still succeed.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit full{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> result;
  for (auto i = first; i <= last; ++i) result.push_back(i);
  return result;
}

TEST_F(EventLogTest, events_are_read_back_as_they_were_appended) {
  {
    auto log = EventLog::open(options);
    ASSERT_TRUE(log) << log.error().message;
    for (std::uint64_t i = 1; i <= 500; ++i) EXPECT_TRUE(log->append(numbered(i)));
    EXPECT_TRUE(log->flush());
    EXPECT_EQ(log->counters().written, 500U);
    EXPECT_EQ(log->counters().queued, 0U);
  }
  EXPECT_EQ(numbers(), from_to(1, 500));
}

TEST_F(EventLogTest, closing_writes_what_is_queued) {
  for (std::uint64_t i = 1; i <= 50; ++i) {
    auto log = EventLog::open(options);
    ASSERT_TRUE(log);
    log->append(numbered(i));
  }
  EXPECT_EQ(numbers(), from_to(1, 50));
}

TEST_F(EventLogTest, lines_of_many_threads_are_whole_and_all_there) {
  {
    auto log = EventLog::open(options);
    ASSERT_TRUE(log);
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 1; i <= 500; ++i) log->append(numbered(t * 500 + i));
      });
    }
  }
  auto found = numbers();
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, from_to(1, 2000));
}

TEST_F(EventLogTest, a_full_file_is_rotated_and_only_so_many_old_ones_stay) {
  options.bytes_max = 4096;
  options.files_max = 3;
  auto log = EventLog::open(options);
  ASSERT_TRUE(log);
  for (std::uint64_t i = 1; i <= 300; ++i) {
    log->append(numbered(i));
    if (i % 7 == 0) {
      EXPECT_TRUE(log->flush());
    }
  }
  ASSERT_TRUE(log->flush());
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    ++files;
    EXPECT_LE(entry.file_size(), 4096U);
  }
  EXPECT_EQ(files, 4U);
  const auto found = numbers(3);
  EXPECT_EQ(found, from_to(301 - found.size(), 300));
  EXPECT_GT(found.size(), 30U);
  EXPECT_GT(log->counters().rotations, 10U);
  EXPECT_EQ(log->counters().lost, 0U);
}

TEST_F(EventLogTest, without_old_files_a_full_one_begins_anew) {
  options.bytes_max = 2000;
  options.files_max = 0;
  auto log = EventLog::open(options);
  ASSERT_TRUE(log);
  for (std::uint64_t i = 1; i <= 100; ++i) log->append(numbered(i));
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(numbers().back(), 100U);
  EXPECT_LE(fs::file_size(options.path), 2000U);
  EXPECT_FALSE(fs::exists(options.path.string() + ".1"));
}

TEST_F(EventLogTest, a_part_of_a_line_that_a_kill_left_is_cut_off_and_no_more) {
  const std::string good = event_line(numbered(1)) + event_line(numbered(2));
  const std::string part = event_line(numbered(3));
  for (std::size_t left = 0; left < part.size(); left += 23) {
    ASSERT_TRUE(write_file(options.path, good + part.substr(0, left)));
    {
      auto log = EventLog::open(options);
      ASSERT_TRUE(log);
      log->append(numbered(4));
    }
    EXPECT_EQ(numbers(), (std::vector<std::uint64_t>{1, 2, 4}));
  }
}

TEST_F(EventLogTest, a_full_disk_loses_no_line_that_fits_the_queue_and_is_told_once) {
  options.retry_s = 0.01;
  std::vector<std::string> told;
  {
    auto log = EventLog::open(options, [&](const std::string& words) { told.push_back(words); });
    ASSERT_TRUE(log);
    log->append(numbered(1));
    ASSERT_TRUE(log->flush());
    {
      const FullDisk full(1000);  // in the middle of the third line
      for (std::uint64_t i = 2; i <= 20; ++i) EXPECT_TRUE(log->append(numbered(i)));
      EXPECT_FALSE(log->flush());
      EXPECT_FALSE(log->flush());
      EXPECT_TRUE(log->counters().failing);
      EXPECT_GE(log->counters().failures, 2U);
    }
    while (!log->flush()) {
    }
    EXPECT_FALSE(log->counters().failing);
    EXPECT_EQ(log->counters().lost, 0U);
  }
  EXPECT_EQ(numbers(), from_to(1, 20));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find(options.path.string()), std::string::npos) << told[0];
  EXPECT_NE(told[1].find("0 lines were lost"), std::string::npos) << told[1];
}

TEST_F(EventLogTest, beyond_the_queue_lines_are_lost_counted_and_told_and_appending_does_not_wait) {
  options.retry_s = 0.01;
  options.queue_lines = 10;
  std::string told;
  {
    auto log = EventLog::open(options, [&](const std::string& words) { told = words; });
    ASSERT_TRUE(log);
    {
      const FullDisk full(100);
      log->append(numbered(1));
      EXPECT_FALSE(log->flush());
      for (std::uint64_t i = 2; i <= 10; ++i) EXPECT_TRUE(log->append(numbered(i)));
      for (std::uint64_t i = 11; i <= 15; ++i) EXPECT_FALSE(log->append(numbered(i)));
    }
    while (!log->flush()) {
    }
    EXPECT_EQ(log->counters().lost, 5U);
    EXPECT_NE(told.find("5 lines were lost"), std::string::npos) << told;
  }
  EXPECT_EQ(numbers(), from_to(1, 10));
}

TEST_F(EventLogTest, a_disk_that_stays_full_does_not_keep_the_log_from_closing) {
  std::string told;
  const FullDisk full(100);
  {
    auto log = EventLog::open(options, [&](const std::string& words) { told = words; });
    ASSERT_TRUE(log);
    for (std::uint64_t i = 1; i <= 3; ++i) log->append(numbered(i));
  }
  EXPECT_NE(told.find("3 lines"), std::string::npos) << told;
  EXPECT_EQ(fs::file_size(options.path), 0U);
}

TEST_F(EventLogTest, a_file_that_was_taken_away_is_made_again_without_holes) {
  options.bytes_max = 1000;
  options.retry_s = 0.01;
  auto log = EventLog::open(options);
  ASSERT_TRUE(log);
  log->append(numbered(1));
  ASSERT_TRUE(log->flush());
  fs::remove(options.path);
  for (std::uint64_t i = 2; i <= 6; ++i) log->append(numbered(i));
  while (!log->flush()) {
  }
  EXPECT_EQ(numbers(5).back(), 6U);
}

TEST_F(EventLogTest, a_folder_or_a_path_that_is_not_there_is_refused_by_name) {
  for (const auto& path : {folder, folder / "missing" / "events.ndjson"}) {
    options.path = path;
    const auto log = EventLog::open(options);
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().message.find(path.string()), std::string::npos);
  }
}

TEST_F(EventLogTest, a_watch_recalls_what_was_announced_over_all_files) {
  options.bytes_max = 2000;
  EventOptions watching;
  ActionWatch watch;
  Random random(5);
  {
    auto log = EventLog::open(options);
    ASSERT_TRUE(log);
    for (std::uint64_t i = 0; i < 30; ++i) {
      auto event = numbered(i);
      event.account = std::to_string(random.below(5));
      event.action = static_cast<Action>(random.below(5));
      event.time = static_cast<double>(i);
      recall(watch, event, watching);
      log->append(event);
    }
  }
  ASSERT_TRUE(fs::exists(options.path.string() + ".2"));
  ActionWatch again;
  ASSERT_TRUE(recall(again, watching, options.path));
  ASSERT_EQ(again.accounts.size(), watch.accounts.size());
  for (const auto& [key, announced] : watch.accounts) EXPECT_EQ(again.accounts[key].action, announced.action);
  EXPECT_TRUE(recall(again, watching, folder / "none"));
}

// What of JSON Schema the schema of events uses; an unknown keyword fails, so that none is passed over.
std::string against(const nlohmann::json& schema, const nlohmann::json& value);

bool is_of_type(const nlohmann::json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return type == value.type_name();
}

std::string keyword_against(const std::string& key, const nlohmann::json& rule, const nlohmann::json& schema,
                            const nlohmann::json& value) {
  const auto any = [&](const nlohmann::json& list, const auto& holds) {
    return list.is_array() ? std::any_of(list.begin(), list.end(), holds) : holds(list);
  };
  bool holds = true;
  if (key == "$schema" || key == "title") {
  } else if (key == "type") {
    holds = any(rule, [&](const auto& type) { return is_of_type(value, type); });
  } else if (key == "enum") {
    holds = any(rule, [&](const auto& one) { return one == value; });
  } else if (key == "pattern") {
    holds = std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
  } else if (key == "minimum") {
    holds = !value.is_number() || value >= rule;
  } else if (key == "maximum") {
    holds = !value.is_number() || value <= rule;
  } else if (key == "required") {
    for (const auto& name : rule) holds &= value.contains(name);
  } else if (key == "properties") {
    for (const auto& [name, inner] : rule.items()) {
      const auto wrong = value.contains(name) ? against(inner, value[name]) : "";
      if (!wrong.empty()) return name + "/" + wrong;
    }
  } else if (key == "additionalProperties") {
    for (const auto& [name, inner] : value.items()) holds &= schema["properties"].contains(name);
  } else if (key == "items") {
    for (const auto& entry : value) {
      if (const auto wrong = against(rule, entry); !wrong.empty()) return wrong;
    }
  } else {
    holds = false;
  }
  return holds ? "" : key;
}

std::string against(const nlohmann::json& schema, const nlohmann::json& value) {
  for (const auto& [key, rule] : schema.items()) {
    if (const auto wrong = keyword_against(key, rule, schema, value); !wrong.empty()) return wrong;
  }
  return "";
}

nlohmann::json schema() {
  const char* root = std::getenv("CMS_SOURCE_DIR");
  std::ifstream file(fs::path(root == nullptr ? "." : root) / "docs/formats/event.schema.json");
  return nlohmann::json::parse(file, nullptr, false);
}

TEST_F(EventLogTest, every_line_of_the_log_keeps_to_the_schema) {
  {
    auto log = EventLog::open(options);
    ASSERT_TRUE(log);
    for (int kind = 0; kind <= static_cast<int>(EventKind::campaign); ++kind) {
      for (const bool bare : {false, true}) {
        auto event = bare ? bare_event() : example_event();
        event.kind = static_cast<EventKind>(kind);
        event.name = kind % 2 == 0 ? "anna" : "";
        if (event.kind == EventKind::campaign) {
          const auto change = bare ? fleet::CampaignChange::released : fleet::CampaignChange::grown;
          event.campaign = Event::Campaign{"0123456789abcdef", change, 24'000};
        }
        for (std::size_t c = 0; c < kChannelCount; ++c) event.reasons.push_back({static_cast<Channel>(c), 0.1});
        log->append(event);
      }
    }
  }
  const auto rules = schema();
  ASSERT_TRUE(rules.is_object());
  std::size_t lines = 0;
  const auto read = tap::for_each_object(options.path, [&](nlohmann::json&& object, std::size_t) -> Result<void> {
    EXPECT_EQ(against(rules, object), "") << object;
    ++lines;
    return {};
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(lines, 22U);
}

TEST_F(EventLogTest, the_schema_refuses_what_is_no_event) {
  const auto rules = schema();
  const auto good = nlohmann::json::parse(event_line(example_event()));
  EXPECT_EQ(against(rules, good), "");
  for (const auto& [key, value] : std::vector<std::pair<std::string, nlohmann::json>>{
           {"id", "short"}, {"time", "now"}, {"kind", "made_up"}, {"poh", 1.5}, {"action", "block"},
           {"reasons", {{{"channel", "luck"}, {"share", 1}}}}, {"requests", -1}, {"prompt", "hello"}}) {
    auto object = good;
    object[key] = value;
    EXPECT_NE(against(rules, object), "") << key;
  }
  for (const auto& [key, value] : good.items()) {
    auto object = good;
    object.erase(key);
    EXPECT_EQ(against(rules, object), "required") << key;
  }
}

}  // namespace
}  // namespace cms::serve
