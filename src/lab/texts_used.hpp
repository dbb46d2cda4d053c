// Which texts serve what: noted where an experiment takes them, so that what it says is what it did.
//
// Every experiment fills one in. A use has a name ("atlas", "attackers") and the rows that were taken for it. Told of
// it are its distinct texts, by the part of the split that they lie in, and their families. Texts of each seed are
// counted apart, and the mean is told.
// Threads: one owner. Cost: some comparisons a row.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lab/corpus.hpp"

namespace cms::lab {

struct ComposedAccount;
struct Split;
struct Study;

class TextsUsed {
 public:
  struct Text {
    std::uint32_t id = 0;  // equal texts under one seed share it
    std::string part;      // "fit", "calibrate", "test", or "outside": of none, as what is made up
    std::string family;
    Origin origin = Origin::people;
  };
  // In any order; what is added again counts once.
  void add(const std::string& what, std::uint64_t seed, const Text& text);
  // Rows of a corpus. Requires the corpus that was split.
  void add(const std::string& what, const Corpus& corpus, const Split& split, Pool rows);
  void add(const std::string& what, const Study& study, Pool rows);
  // What accounts send. Honest requests of accounts that attack too are a use of their own.
  void add(const std::string& what, const Study& study, std::span<const ComposedAccount> accounts);
  // All uses of another, `prefix` before their names.
  void add_all(const std::string& prefix, const TextsUsed& other);

  // A use an element, by first appearance: `what`; `texts`, a number for each part; `people` and `distillers`, names of
  // their families.
  [[nodiscard]] nlohmann::json as_json() const;
  // The same for people, a line a use.
  [[nodiscard]] std::string describe() const;

 private:
  struct Use {
    std::string what;
    std::map<std::uint64_t, std::map<std::uint32_t, std::string>> parts;  // by seed and text
    std::set<std::string> people, distillers;
  };
  Use& use_of(const std::string& what);
  static std::map<std::string, long> counts(const Use& use);  // by part, mean over seeds

  std::vector<Use> uses_;
};

}  // namespace cms::lab
