// These tests read the model named by CMS_MODEL and are skipped without one.
#include "tap/llama_tap.hpp"

#include <gtest/gtest.h>
#include <llama.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace cms::tap {
namespace {

const std::vector<std::string> kTexts = {
    "What is the capital of Norway?",
    "write a haiku about rain on a tin roof please",
    "Explain how a heat pump works, in three sentences, to somebody who has never seen one.",
    "hi",
    "def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)",
    "My tomatoes have brown spots on the lower leaves. What should I do about them before the weekend?",
    "Translate to German: the early bird catches the worm",
};

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

// |a - b| / |b|.
double difference(std::span<const float> a, std::span<const float> b) {
  double dd = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dd += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    bb += static_cast<double>(b[i]) * b[i];
  }
  return std::sqrt(dd / bb);
}

class Tap : public testing::Test {
 protected:
  void SetUp() override {
    const char* model = std::getenv("CMS_MODEL");
    if (model == nullptr || *model == '\0') GTEST_SKIP() << "CMS_MODEL names no GGUF file";
    model_ = model;
  }

  // All texts, in as many batches as it takes; one matrix for each readout.
  std::vector<std::vector<float>> read_all(const TapOptions& options, const std::vector<std::string>& texts) {
    auto tap = LlamaTap::open(model_, options);
    EXPECT_TRUE(tap) << tap.error().message;
    dimension_ = tap->dimension();
    return read_all(*tap, texts);
  }

  static std::vector<std::vector<float>> read_all(LlamaTap& tap, const std::vector<std::string>& texts) {
    std::vector<std::vector<float>> all(tap.manifests().size());
    for (std::size_t done = 0; done < texts.size();) {
      const auto batch = tap.read(std::span(texts).subspan(done));
      EXPECT_TRUE(batch) << batch.error().message;
      for (std::size_t r = 0; r < all.size(); ++r) {
        all[r].insert(all[r].end(), batch->values[r].begin(), batch->values[r].end());
      }
      done += batch->count;
    }
    return all;
  }

  std::span<const float> row(const std::vector<float>& values, std::size_t i) const {
    return std::span(values).subspan(i * dimension_, dimension_);
  }

  static TapOptions with(std::vector<Readout> readouts) {
    TapOptions options;
    options.readouts = std::move(readouts);
    options.threads = 1;
    return options;
  }

  std::filesystem::path model_;
  std::size_t dimension_ = 0;
};

// llama.cpp's own embedding call over the same packed batch.
std::vector<float> own_embeddings(const std::filesystem::path& path, enum llama_pooling_type pooling) {
  llama_model* model = llama_model_load_from_file(path.c_str(), llama_model_default_params());
  auto parameters = llama_context_default_params();
  parameters.n_ctx = 2048;
  parameters.n_batch = 512;
  parameters.n_ubatch = 512;
  parameters.n_seq_max = 256;
  parameters.n_threads = 1;
  parameters.n_threads_batch = 1;
  parameters.kv_unified = true;
  parameters.embeddings = true;
  parameters.pooling_type = pooling;
  llama_context* context = llama_init_from_model(model, parameters);
  llama_batch batch = llama_batch_init(512, 0, 1);
  batch.n_tokens = 0;
  for (std::size_t text = 0; text < kTexts.size(); ++text) {
    std::vector<llama_token> tokens(kTexts[text].size() + 8);
    const int count = llama_tokenize(llama_model_get_vocab(model), kTexts[text].data(),
                                     static_cast<int>(kTexts[text].size()), tokens.data(),
                                     static_cast<int>(tokens.size()), true, false);
    for (int position = 0; position < count; ++position) {
      const int i = batch.n_tokens++;
      batch.token[i] = tokens[static_cast<std::size_t>(position)];
      batch.pos[i] = position;
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = static_cast<llama_seq_id>(text);
      batch.logits[i] = 1;
    }
  }
  EXPECT_EQ(llama_decode(context, batch), 0);
  std::vector<float> all;
  for (std::size_t text = 0; text < kTexts.size(); ++text) {
    const float* vector = llama_get_embeddings_seq(context, static_cast<llama_seq_id>(text));
    all.insert(all.end(), vector, vector + llama_model_n_embd(model));
  }
  llama_batch_free(batch);
  llama_free(context);
  llama_model_free(model);
  return all;
}

TEST_F(Tap, final_vectors_equal_those_of_llama_cpps_own_embedding_call) {
  const auto ours =
      read_all(with({{.block = {}, .pooling = Pooling::mean}, {.block = {}, .pooling = Pooling::last}}), kTexts);
  const auto mean = own_embeddings(model_, LLAMA_POOLING_TYPE_MEAN);
  const auto last = own_embeddings(model_, LLAMA_POOLING_TYPE_LAST);

  ASSERT_EQ(ours[0].size(), mean.size());
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    // The mean is summed in another order; the last token is copied.
    EXPECT_LT(difference(row(ours[0], i), row(mean, i)), 1e-5) << kTexts[i];
    EXPECT_LT(difference(row(ours[1], i), row(last, i)), 1e-6) << kTexts[i];
  }
}

TEST_F(Tap, one_pass_over_many_readouts_gives_what_each_gives_alone) {
  const std::vector<Readout> readouts = {{.block = 3, .pooling = Pooling::mean},
                                         {.block = {}, .pooling = Pooling::mean},
                                         {.block = 3, .pooling = Pooling::last},
                                         {.block = 12, .pooling = Pooling::mean}};
  const auto together = read_all(with(readouts), kTexts);
  for (std::size_t r = 0; r < readouts.size(); ++r) {
    const auto alone = read_all(with({readouts[r]}), kTexts);
    EXPECT_EQ(together[r], alone[0]) << readouts[r].suffix();
  }
}

TEST_F(Tap, layers_and_poolings_differ_and_have_the_models_dimension) {
  const auto all = read_all(with({{.block = {}, .pooling = Pooling::mean},
                                  {.block = {}, .pooling = Pooling::last},
                                  {.block = 12, .pooling = Pooling::mean},
                                  {.block = 13, .pooling = Pooling::mean}}), kTexts);
  for (const auto& values : all) ASSERT_EQ(values.size(), kTexts.size() * dimension_);
  for (std::size_t a = 0; a < all.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) EXPECT_GT(difference(row(all[a], 0), row(all[b], 0)), 1e-3) << a << b;
  }
}

TEST_F(Tap, the_last_block_keeps_the_rows_of_all_tokens) {
  ASSERT_TRUE(LlamaTap::open(model_, {}));
  llama_model* model = llama_model_load_from_file(model_.c_str(), llama_model_default_params());
  const auto blocks = static_cast<std::uint32_t>(llama_model_n_layer(model));
  llama_model_free(model);
  const auto all = read_all(with({{.block = blocks - 1, .pooling = Pooling::mean}}), kTexts);
  EXPECT_EQ(all[0].size(), kTexts.size() * dimension_);

  const auto beyond = LlamaTap::open(model_, with({{.block = blocks, .pooling = Pooling::mean}}));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::usage);
}

TEST_F(Tap, the_last_pooling_is_the_mean_of_a_text_of_one_token) {
  const auto all =
      read_all(with({{.block = 5, .pooling = Pooling::mean}, {.block = 5, .pooling = Pooling::last}}), {"hi"});
  EXPECT_EQ(all[0], all[1]);
}

TEST_F(Tap, what_else_is_in_the_batch_changes_vectors_by_noise_only) {
  const auto packed = read_all(with({Readout{}}), kTexts);
  const auto again = read_all(with({Readout{}}), kTexts);
  EXPECT_EQ(packed[0], again[0]);
  TapOptions small = with({Readout{}});
  small.batch_tokens = 32;
  const auto split = read_all(small, kTexts);
  auto one = LlamaTap::open(model_, with({Readout{}}));
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    const auto alone = read_all(*one, {kTexts[i]});
    EXPECT_GT(cosine(row(alone[0], 0), row(packed[0], i)), 0.998) << kTexts[i];
    EXPECT_GT(cosine(row(split[0], i), row(packed[0], i)), 0.998) << kTexts[i];
    // Another text is much further away than that.
    EXPECT_LT(cosine(row(alone[0], 0), row(packed[0], (i + 1) % kTexts.size())), 0.99) << kTexts[i];
  }
}

TEST_F(Tap, a_text_longer_than_a_batch_goes_in_several_passes) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += kTexts[static_cast<std::size_t>(i) % kTexts.size()] + " ";
  TapOptions whole = with({Readout{}, {.block = 4, .pooling = Pooling::last}});
  whole.batch_tokens = 1024;
  TapOptions parts = whole;
  parts.batch_tokens = 100;
  const auto expected = read_all(whole, {text});
  const auto actual = read_all(parts, {text});
  for (std::size_t r = 0; r < 2; ++r) EXPECT_GT(cosine(actual[r], expected[r]), 0.998);
}

TEST_F(Tap, limits_and_context_cut_the_text_and_the_counts_say_so) {
  TapOptions options = with({Readout{}});
  options.limits.words_max = 3;
  auto tap = LlamaTap::open(model_, options);
  auto batch = tap->read(std::span(kTexts).first(1));
  EXPECT_LT(batch->tokens_seen[0], batch->tokens_total[0]);
  EXPECT_EQ(batch->values[0], read_all(with({Readout{}}), {"What is the"})[0]);
  EXPECT_EQ(tap->manifests()[0].words_max, 3U);

  options = with({Readout{}});
  options.context_tokens = 4;
  tap = LlamaTap::open(model_, options);
  batch = tap->read(std::span(kTexts).first(1));
  EXPECT_EQ(batch->tokens_seen[0], 4U);
  EXPECT_GT(batch->tokens_total[0], 4U);
}

TEST_F(Tap, reads_what_comes_after_an_endless_word_and_counts_the_whole_only_where_asked) {
  TapOptions options = with({Readout{}});
  options.context_tokens = 64;
  auto tap = LlamaTap::open(model_, options);
  const std::string word(1 << 20, 'x'), most(kRunCharsMax, 'x');
  const auto total = [&](const std::string& text) { return tap->read(std::vector{text})->tokens_total[0]; };
  EXPECT_EQ(total(word + " is what?"), total(most + " is what?"));
  EXPECT_EQ(total(word + " is what?"), total(most) + 3);

  options.count_whole = false;
  tap = LlamaTap::open(model_, options);
  const auto batch = tap->read(std::span(kTexts).first(1));
  EXPECT_EQ(batch->tokens_total[0], 0U);
  EXPECT_GT(batch->tokens_seen[0], 0U);
}

TEST_F(Tap, the_chat_template_adds_tokens) {
  TapOptions options = with({Readout{}});
  options.chat_template = true;
  auto tap = LlamaTap::open(model_, options);
  if (!tap) GTEST_SKIP() << tap.error().message;
  const auto chat = tap->read(std::span(kTexts).first(1));
  const auto plain = LlamaTap::open(model_, with({Readout{}}))->read(std::span(kTexts).first(1));
  EXPECT_GT(chat->tokens_seen[0], plain->tokens_seen[0]);
  EXPECT_EQ(tap->manifests()[0].template_name, "chat");
}

TEST_F(Tap, an_empty_text_is_named) {
  auto tap = LlamaTap::open(model_, with({Readout{}}));
  const std::vector<std::string> texts = {"fine", ""};
  const auto batch = tap->read(texts);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().message, "text 1: the text is empty");
}

TEST(TapWithoutModel, a_file_that_is_no_model_is_bad_input) {
  const auto tap = LlamaTap::open("/dev/null", {});
  ASSERT_FALSE(tap);
  EXPECT_EQ(tap.error().code, ErrorCode::bad_input);
  EXPECT_EQ(LlamaTap::open("/no/such/file.gguf", {}).error().code, ErrorCode::bad_input);
}

}  // namespace
}  // namespace cms::tap
