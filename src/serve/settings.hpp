// The table of all settings: what reads the configuration, prints it with its defaults and documents it.
//
// A setting is a row: where its value goes, what it may be, what it does. Its default is what lies at that place before
// anything is read. Tables that may occur several times ([tenants.NAME], [[webhooks]], [[policy.allow]]) are read one
// after the other into the draft's one place for each.
// Threads: plain values. Cost: none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/config.hpp"

namespace cms::serve {

// What is being read.
struct Draft {
  Config config;
  std::filesystem::path jitter_key_file;
  policy::Allowance allowance;
  TenantConfig tenant;
  WebhookConfig webhook;
};

// A moment, written as TOML date (midnight UTC) or date-time with offset, kept as seconds since 1970.
struct Moment {
  double* seconds;
};

using Place = std::variant<std::string*, std::filesystem::path*, bool*, std::uint32_t*, std::uint64_t*, double*,
                           std::vector<std::string>*, Action*, Moment>;

struct Setting {
  std::string_view section;  // "serve", "tenants.NAME", "policy.allow", ...
  std::string_view key;
  Place (*place)(Draft&);
  std::string_view what;     // what it does, one line
  std::string_view unit = {};
  double least = 0;          // of numbers, as written
  double most = 0;
  bool above = false;        // `least` itself is too little
  double scale = 1;          // what is kept over what is written: bytes of a MiB
  std::string_view choices = {};                                      // of texts: these words alone, a space between
  std::optional<std::string> (*wrong)(std::string_view) = nullptr;  // of texts: what is wrong with one, if anything
  std::string_view example = {};  // as TOML, of one that has no default
  bool needed = false;            // has to be there
};

// In the order of the file.
std::span<const Setting> settings();

// A section, what it is about, and how its head is written.
struct Section {
  std::string_view name;
  std::string_view head;
  bool optional;  // only there where the user wants one
  std::string_view what;
};
std::span<const Section> sections();

// "whole number", "1 to 65536", "64": as the table of docs/operate.md has them.
std::string type_text(const Setting& setting);
std::string range_text(const Setting& setting);
// As TOML; empty for a setting that has none.
std::string default_text(const Setting& setting);

// A whole configuration with every setting explained, all but those that have to be there as comments. It can be read.
std::string default_config();

// The table of docs/operate.md, as Markdown.
std::string settings_page();

}  // namespace cms::serve
