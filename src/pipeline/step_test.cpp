#include "pipeline/step.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/files.hpp"
#include "base/random.hpp"
#include "pipeline/fit.hpp"

namespace cms::pipeline {
namespace {

constexpr std::uint32_t kDimension = 40;
constexpr std::size_t kTopics = 30;

// A made-up world: topics are directions; people stay near a few of them, an extractor roams over all.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    Random fixed(7);
    for (auto& value : centres_) value = static_cast<float>(fixed.normal());
  }

  std::vector<float> near(std::size_t topic) {
    std::vector<float> row(kDimension);
    for (std::size_t j = 0; j < kDimension; ++j) {
      row[j] = 5 + centres_[topic * kDimension + j] + 0.3F * static_cast<float>(random_.normal());
    }
    return row;
  }
  std::vector<std::vector<float>> person(std::size_t requests) {
    std::vector<std::vector<float>> rows;
    const std::size_t home = random_.below(kTopics);
    for (std::size_t i = 0; i < requests; ++i) rows.push_back(near((home + random_.below(3)) % kTopics));
    return rows;
  }
  std::vector<std::vector<float>> extractor(std::size_t requests) {
    std::vector<std::vector<float>> rows;
    for (std::size_t i = 0; i < requests; ++i) rows.push_back(near(random_.below(kTopics)));
    return rows;
  }

 private:
  Random random_;
  std::array<float, kTopics * kDimension> centres_{};
};

void append(ActivationSet& set, const std::vector<std::vector<float>>& rows, const std::string& account) {
  set.manifest = {"hash", "tiny", "final", "output_norm", "mean", "none", 0, 0, kDimension, "test"};
  for (const auto& row : rows) {
    set.values.insert(set.values.end(), row.begin(), row.end());
    set.rows.push_back({account, static_cast<double>(set.rows.size()), 0, 0, {}});
  }
}

constexpr std::uint32_t kRequests = 48;

// Made for this test with `openssl genpkey -algorithm ed25519`; they protect nothing.
constexpr const char* kPrivateKey =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHAnVeyLdJRzx7PTuTD6WYU9ACfVNRD8iuOkueQlYvv1\n-----END PRIVATE "
    "KEY-----\n";
constexpr const char* kPublicKey =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAWZDVjhfBSejHcIAShkAEMYUhAc6lUoEYX419J7L/SYA=\n-----END PUBLIC "
    "KEY-----\n";

const Fitted& fitted() {
  static const Fitted result = [] {
    World world(1);
    ActivationSet manifold, calibrate;
    append(manifold, world.extractor(1200), "");
    for (int i = 0; i < 160; ++i) append(calibrate, world.person(kRequests), fmt::format("honest-{}", i));
    FitOptions options;
    options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
    options.score.stride = 2;
    options.window_length = 32;
    options.threads = 2;
    return *fit({&manifold, 1}, {&manifold, 1}, {&calibrate, 1}, options, {});
  }();
  return result;
}

Score last_score(const std::vector<std::vector<float>>& rows) {
  auto state = make_account(fitted().model);
  Scratch scratch;
  Score score;
  for (std::size_t i = 0; i < rows.size(); ++i)
    score = step(fitted().model, state, rows[i], static_cast<double>(i), scratch);
  return score;
}

TEST(Fit, learns_a_horizon_and_keeps_its_promise_on_accounts_kept_back) {
  EXPECT_EQ(fitted().model.calibration.horizon, kRequests);
  EXPECT_EQ(fitted().calibration_accounts, 160u);
  EXPECT_GT(fitted().held_back.accounts, 100u);
  for (const auto& level : fitted().held_back.levels) {
    EXPECT_LE(level.share, level.a + 4 * std::sqrt(level.a / fitted().held_back.accounts)) << level.a;
  }
  EXPECT_FALSE(fitted().warnings.empty()) << "fewer than 99 ranking accounts deserve a warning";
}

TEST(Fit, refuses_an_account_in_two_sets_and_a_group_that_is_no_word) {
  World world(9);
  ActivationSet manifold, calibrate;
  append(manifold, world.extractor(900), "");
  for (int i = 0; i < 60; ++i) append(calibrate, world.person(20), fmt::format("a{}", i));
  const ActivationSet twice[] = {calibrate, calibrate};
  const auto doubled = fit({&manifold, 1}, {&manifold, 1}, twice, {}, {});
  ASSERT_FALSE(doubled);
  EXPECT_NE(doubled.error().message.find("a0"), std::string::npos);
  calibrate.rows[25].more = {{"group", 5}};
  const auto grouped = fit({&manifold, 1}, {&manifold, 1}, {&calibrate, 1}, {}, {});
  ASSERT_FALSE(grouped);
  EXPECT_EQ(grouped.error().code, ErrorCode::bad_input);
}

TEST(Fit, any_number_of_threads_gives_the_same_bytes) {
  World world(3);
  ActivationSet manifold, calibrate;
  append(manifold, world.extractor(900), "");
  for (int i = 0; i < 130; ++i) append(calibrate, world.person(32), fmt::format("a{}", i));
  Bytes first;
  for (const unsigned threads : {1U, 3U}) {
    FitOptions options;
    options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
    options.score.stride = 4;
    options.window_length = 16;
    options.threads = threads;
    const auto result = fit({&manifold, 1}, {&manifold, 1}, {&calibrate, 1}, options, {});
    ASSERT_TRUE(result) << result.error().message;
    ByteWriter out;
    atlas::encode(result->model.atlas, out);
    score::encode(result->model.calibration, out);
    if (first.empty()) first = out.bytes();
    EXPECT_EQ(out.bytes(), first);
  }
}

TEST(Step, an_extractor_falls_and_a_person_does_not) {
  World world(2);
  EXPECT_LE(last_score(world.extractor(kRequests)).poh, kFlagged);
  int flagged = 0;
  for (int i = 0; i < 20; ++i) flagged += last_score(world.person(kRequests)).poh_min <= kFlagged ? 1 : 0;
  EXPECT_LE(flagged, 2);
}

TEST(Step, is_a_pure_function_of_bytes) {
  World world(4);
  const auto& model = fitted().model;
  auto state = make_account(model);
  Scratch scratch, other_scratch;
  const auto rows = world.person(80);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // Through its bytes and a fresh scratch the account goes on exactly as without.
    auto copy = decode(model, encode(model, state));
    ASSERT_TRUE(copy) << copy.error().message;
    const auto time = static_cast<double>(i * 60);
    const auto a = step(model, state, rows[i], time, scratch);
    Scratch fresh;
    const auto b = step(model, *copy, rows[i], time, fresh);
    EXPECT_EQ(a.poh, b.poh);
    EXPECT_EQ(a.evidence, b.evidence);
    ASSERT_EQ(encode(model, state), encode(model, *copy)) << i;
  }
}

TEST(Step, padding_with_repeats_neither_hides_an_extractor_nor_makes_a_person_one) {
  World world(5);
  const auto& model = fitted().model;
  Scratch scratch;
  // Every channel but repetition stands where it would without the repeats.
  const auto all_but_repetition = [](const AccountState& state) {
    auto sums = state.score.sums;
    sums[static_cast<std::size_t>(Channel::repetition)] = 0;
    return sums;
  };
  for (const auto& rows : {world.extractor(kRequests), world.person(kRequests), world.person(kRequests)}) {
    auto plain = make_account(model), padded = make_account(model);
    for (const auto& row : rows) {
      step(model, plain, row, 0, scratch);
      for (int i = 0; i < 4; ++i) step(model, padded, row, 0, scratch);
      ASSERT_EQ(all_but_repetition(padded), all_but_repetition(plain));
    }
  }
  auto extractor = make_account(model);
  for (const auto& row : world.extractor(kRequests)) {
    for (int i = 0; i < 4; ++i) step(model, extractor, row, 0, scratch);
  }
  EXPECT_LE(score_at(model, extractor, 0).poh_min, kFlagged);
}

TEST(Step, says_not_computed_for_a_young_account) {
  World world(6);
  const auto score = last_score(world.extractor(10));
  EXPECT_FALSE(score.computed);
  EXPECT_EQ(score.requests, 10u);
  EXPECT_EQ(why(score), "needs 16 requests, has 10");
}

TEST(State, of_another_atlas_is_refused_and_damage_is_noticed) {
  World world(7);
  auto model = fitted().model;
  model.name = "one";
  auto state = make_account(model);
  Scratch scratch;
  for (const auto& row : world.person(20)) step(model, state, row, 0, scratch);
  const auto bytes = encode(model, state);
  for (std::size_t size = 0; size < bytes.size(); size += 37) {
    EXPECT_FALSE(decode(model, std::span<const std::uint8_t>(bytes).first(size)));
  }
  model.name = "two";
  EXPECT_EQ(decode(model, bytes).error().code, ErrorCode::refused);
}

TEST(ModelFile, is_read_back_to_the_same_scores_and_damage_is_refused) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("cms_step_test_{}.cms", ::getpid());
  auto model = fitted().model;
  ASSERT_TRUE(write_model(path, model));
  const auto back = read_model(path);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->name, model.name);
  World world(8);
  Scratch scratch;
  auto a = make_account(model), b = make_account(*back);
  for (const auto& row : world.person(60)) {
    EXPECT_EQ(step(model, a, row, 0, scratch).poh, step(*back, b, row, 0, scratch).poh);
  }
  auto content = *read_file(path);
  content[content.size() / 2] ^= 1;
  ASSERT_TRUE(write_file(path, content));
  EXPECT_EQ(read_model(path).error().code, ErrorCode::bad_input);
  std::filesystem::remove(path);
}

TEST(ModelFile, is_accepted_under_the_key_it_was_signed_with_and_refused_unsigned) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("cms_signed_test_{}", ::getpid());
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(write_file(folder / "private", std::string_view(kPrivateKey)));
  ASSERT_TRUE(write_file(folder / "public", std::string_view(kPublicKey)));
  auto model = fitted().model;
  ASSERT_TRUE(write_model(folder / "plain.cms", model));
  ASSERT_TRUE(write_model(folder / "signed.cms", model, folder / "private"));
  EXPECT_TRUE(read_model(folder / "signed.cms"));
  const auto trusted = read_model(folder / "signed.cms", folder / "public");
  ASSERT_TRUE(trusted) << trusted.error().message;
  EXPECT_TRUE(trusted->signature_checked);
  EXPECT_EQ(read_model(folder / "plain.cms", folder / "public").error().code, ErrorCode::refused);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cms::pipeline
