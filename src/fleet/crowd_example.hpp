// Synthetic accounts, for how fast fleets are: each asks in 1 to 24 of 512 subjects, 24 to 60 requests; one in a
// thousand, at least 20, draw from one broad stream.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "fleet/campaign.hpp"
#include "fleet/signature_example.hpp"

namespace cms::fleet {

inline constexpr std::size_t kSubjects = 512, kTexts = 16;  // texts of a subject

// Texts made once: drawing is then as cheap as looking up.
struct Texts {
  std::vector<std::vector<float>> centres;
  std::vector<Projected> texts;

  explicit Texts(Random& random) {
    for (std::size_t s = 0; s < kSubjects; ++s) centres.push_back(ExampleWorld::direction(random));
    for (std::size_t t = 0; t < kSubjects * kTexts; ++t) {
      Projected made;
      made.chart = static_cast<std::uint16_t>(t / kTexts / 2);
      for (const float value : centres[t / kTexts]) {
        const double moved = 60.0 * (4 * static_cast<double>(value) + random.normal() / 2);
        made.point.push_back(static_cast<std::int8_t>(std::lround(std::clamp(moved, -127.0, 127.0))));
      }
      texts.push_back(std::move(made));
    }
  }
  void give(Signature& account, std::size_t subject, Random& random) const {
    take(account, texts[subject * kTexts + random.below(kTexts)], centres[subject], {});
  }
};

struct Crowd {
  std::vector<Signature> accounts;
  std::vector<std::vector<std::uint16_t>> subjects;
};

inline Crowd make_crowd(const Texts& texts, std::size_t count, Random& random) {
  Crowd crowd{std::vector<Signature>(count), std::vector<std::vector<std::uint16_t>>(count)};
  const auto members = std::max<std::size_t>(20, count / 1'000);
  for (std::size_t i = 0; i < count; ++i) {
    auto& subjects = crowd.subjects[i];
    const auto wide = i < members ? kSubjects : 1 + random.below(24);
    for (std::size_t s = 0; s < wide; ++s) {
      subjects.push_back(static_cast<std::uint16_t>(i < members ? s : random.below(kSubjects)));
    }
    const auto requests = 24 + random.below(37);
    for (std::size_t r = 0; r < requests; ++r) {
      texts.give(crowd.accounts[i], subjects[random.below(subjects.size())], random);
    }
  }
  return crowd;
}

// Of so many fleets of so many others each, none of the broad stream.
inline Result<CampaignCalibration> calibration_of_crowd(const Texts& texts, std::size_t count, std::size_t accounts,
                                                        const CampaignOptions& options = {}) {
  Random random(2);
  std::vector<HonestFleet> fleets(count);
  for (auto& one : fleets) {
    one.accounts = make_crowd(texts, accounts + accounts / 900 + 20, random).accounts;  // the broad ones come first
    one.accounts.erase(one.accounts.begin(), one.accounts.end() - static_cast<std::ptrdiff_t>(accounts));
    one.kinds.resize(accounts);
  }
  return calibrate(fleets, options);
}

}  // namespace cms::fleet
