#include "lab/theft_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/progress.hpp"
#include "lab/first_study_cells.hpp"
#include "lab/grown_study.hpp"
#include "lab/packed_tap.hpp"
#include "lab/packed_vectors.hpp"
#include "lab/theft_prompts.hpp"
#include "pipeline/parallel.hpp"

namespace cms::lab {

Result<TheftStreams> TheftStreams::open(const TheftOptions& options, std::uint64_t seed, TextsUsed& texts) {
  TheftStreams streams;
  streams.texts_ = &texts;
  streams.options_ = options;
  streams.seed_ = seed;
  if (streams.options_.threads == 0) streams.options_.threads = pipeline::default_threads();
  CMS_TRY(set, read_ground(options.data, options.families));
  streams.set_ = std::move(set);
  if (!options.model.empty()) CMS_CHECK(check_model(streams.set_.manifest, options.model));
  GroundOptions standing;
  standing.score = options.score;
  standing.ranking_accounts = options.ranking_accounts;
  standing.families = options.families;
  standing.threads = streams.options_.threads;
  CMS_TRY(ground, make_ground(streams.set_, standing, seed, texts));
  streams.ground_ = std::move(ground);
  const auto& study = streams.ground_.study;
  streams.corpus_rows_.resize(streams.set_.count());
  for (std::uint32_t row = 0; row < study.corpus.rows.size(); ++row) {
    streams.corpus_rows_[study.corpus.rows[row].source_row] = row;
  }
  auto pool = instruction_sets(study);
  const auto people = of_origin(study.corpus, study.split.test, Origin::people);
  pool.insert(pool.end(), people.begin(), people.end());
  streams.askable_.resize(streams.set_.count());
  std::vector<bool> taken(study.corpus.text_count);
  for (const auto row : pool) {
    const auto& one = study.corpus.rows[row];
    if (!taken[one.text_id]) streams.askable_[one.source_row] = true;
    taken[one.text_id] = true;
  }
  streams.compose_honest();
  if (streams.honest_.empty()) {
    return fail(ErrorCode::bad_input, "the data's texts fill no honest account of one family, and one is compared");
  }
  return streams;
}

std::vector<std::uint32_t> TheftStreams::corpus_rows(std::span<const std::size_t> rows) const {
  std::vector<std::uint32_t> found;
  for (const auto row : rows) found.push_back(corpus_rows_[row]);
  return found;
}

void TheftStreams::compose_honest() {
  Random random(seed_ + 1);
  for (const auto& cell : honest_cells(ground_.study, ground_.options, seed_, random)) {
    if (cell.name != "single") continue;
    for (std::size_t a = 0; a < std::min<std::size_t>(options_.accounts, cell.accounts.size()); ++a) {
      auto rows = cell.accounts[a].rows;
      rows.resize(std::min(rows.size(), kHonestRequests));
      honest_.push_back(std::move(rows));
    }
  }
}

std::vector<std::string> TheftStreams::honest_texts() const {
  std::vector<std::string> texts;
  for (const auto row : honest_.front()) {
    const auto& info = set_.rows[ground_.study.corpus.rows[row].source_row];
    texts.push_back(tap::cut_text(info.more.value("text", std::string()), kSegment));
  }
  return texts;
}

Result<std::vector<StreamCell>> TheftStreams::judge() {
  std::vector<StreamCell> cells;
  CMS_CHECK(judge_equations(cells));
  if (!options_.model.empty()) CMS_CHECK(judge_prompts(cells));
  cells.push_back(judge_rows("an honest account", honest_, 1));
  cells.back().attack = false;
  return cells;
}

Result<void> TheftStreams::judge_equations(std::vector<StreamCell>& cells) const {
  std::vector<std::vector<std::uint32_t>> accounts;
  for (std::uint32_t a = 0; a < options_.accounts; ++a) {
    CMS_TRY(queries, equation_queries(set_, options_, account_seed(seed_, a), askable_));
    queries.resize(queries.size() / 2);  // as many as there are unknowns
    accounts.push_back(corpus_rows(queries));
  }
  cells.push_back(judge_rows("equation solving", accounts, 1));
  return {};
}

Result<void> TheftStreams::judge_prompts(std::vector<StreamCell>& cells) {
  CMS_TRY(oracle, tap::LlamaLogits::open(options_.model, 1));
  std::vector<std::vector<std::string>> texts(options_.accounts);
  std::vector<std::string> all;
  for (std::uint32_t a = 0; a < options_.accounts; ++a) {
    Random random(account_seed(seed_, a));
    for (auto& prompt : draw_theft_prompts(oracle, options_.prompts, random)) {
      texts[a].push_back(prompt.text);
      all.push_back(std::move(prompt.text));
    }
  }
  CMS_TRY(vectors, open_sequences(set_, options_.work));
  CMS_CHECK(read_missing(vectors, all, options_.model, options_.work, options_.threads));
  std::vector<std::vector<std::uint32_t>> accounts;
  for (const auto& one : texts) {
    accounts.push_back(add_texts(ground_.study, set_, "random tokens", one, vectors));
  }
  cells.push_back(judge_rows("full logits", accounts, 1));
  const auto lifted = kTheftTop - 1;  // logits that a query gives beside the reference's
  cells.push_back(judge_rows("logit bias", accounts, (options_.tokens + lifted - 1) / lifted));
  return {};
}

StreamCell TheftStreams::judge_rows(const std::string& name, const std::vector<std::vector<std::uint32_t>>& accounts,
                                    std::size_t times) const {
  StreamCell cell{name, true, accounts.front().size() * times, accounts.front().size(),
                  std::vector<double>(accounts.size(), 1), std::vector<std::uint32_t>(accounts.size())};
  for (const auto& rows : accounts) texts_->add("stream: " + name, ground_.study, rows);
  Progress progress(fmt::format("accounts of {}", name), "accounts", accounts.size());
  pipeline::parallel_for(accounts.size(), options_.threads, [&](unsigned, std::size_t a) {
    std::vector<std::uint32_t> sent;
    for (const auto row : accounts[a]) sent.insert(sent.end(), times, row);
    const auto standing = standing_of(ground_, sent);
    cell.poh_min[a] = standing.poh_min;
    cell.first_flags[a] = standing.first_flag;
    progress.advance(1);
  });
  return cell;
}

}  // namespace cms::lab
