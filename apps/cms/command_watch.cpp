// cms watch: a set played in the order of its times, its accounts live in the terminal, most machine-like first.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <optional>

#include "base/progress.hpp"
#include "command.hpp"
#include "live_screen.hpp"
#include "pipeline/step.hpp"
#include "policy/policy.hpp"
#include "score_inputs.hpp"
#include "score_table.hpp"
#include "terminal.hpp"

namespace {

using cms::Result;
namespace pipeline = cms::pipeline;
using Clock = std::chrono::steady_clock;

constexpr auto kFrame = std::chrono::milliseconds(100);

struct Words {
  ScoreWords inputs;
  double rate = 100;
};

struct Watched {
  std::string account;
  pipeline::AccountState state;
  cms::Score score;
  std::vector<float> history;  // PoH after each request, once computed
};

// Everything that is played, and how far it is.
struct Play {
  const ScoreInputs& inputs;
  std::vector<Watched> accounts;          // in order of first appearance
  std::vector<std::size_t> account_of;    // by row
  std::vector<std::size_t> order;         // rows by time
  std::size_t played = 0;
  pipeline::Scratch scratch = {};
};

Play make_play(const ScoreInputs& inputs) {
  Play play{.inputs = inputs, .accounts = {}, .account_of = std::vector<std::size_t>(inputs.set.count()), .order = {}};
  for (const auto& [account, rows] : inputs.accounts) {
    for (const auto row : rows) play.account_of[row] = play.accounts.size();
    auto state = pipeline::make_account(inputs.model);
    auto score = pipeline::score_at(inputs.model, state, 0);
    play.accounts.push_back({account, std::move(state), std::move(score), {}});
  }
  play.order.resize(inputs.set.count());
  std::iota(play.order.begin(), play.order.end(), std::size_t{0});
  std::ranges::stable_sort(play.order, {}, [&](std::size_t row) { return inputs.set.rows[row].time; });
  return play;
}

void play_one(Play& play) {
  const auto row = play.order[play.played++];
  auto& watched = play.accounts[play.account_of[row]];
  watched.score = pipeline::step(play.inputs.model, watched.state, play.inputs.set.row(row),
                                 play.inputs.set.rows[row].time, play.scratch);
  if (watched.score.computed) watched.history.push_back(static_cast<float>(watched.score.poh));
}

// Lowest PoH first, what is not computed yet last; otherwise in order of first appearance.
std::vector<const Watched*> ranked(const Play& play) {
  std::vector<const Watched*> result;
  for (const auto& watched : play.accounts) {
    if (watched.score.requests > 0) result.push_back(&watched);
  }
  std::ranges::stable_sort(result, {}, [](const Watched* one) { return one->score.computed ? one->score.poh : 2.0; });
  return result;
}

// Widths of a frame; what does not fit a narrow terminal is left out, the sparkline last.
struct Layout {
  std::size_t account = 0;
  std::size_t spark = 0;
  bool reasons = false;
};

Layout layout_of(const std::vector<const Watched*>& shown, std::size_t columns) {
  constexpr std::size_t kNumbers = 8 + 2 + 8 + 2 + 8 + 2;  // requests, PoH, action and the gaps behind them
  constexpr std::size_t kReasons = 34;
  Layout layout;
  layout.account = 7;
  for (const auto* one : shown) layout.account = std::max(layout.account, width_of(one->account));
  layout.account = std::min(layout.account, std::clamp<std::size_t>(columns / 4, 7, 32));
  std::size_t left = columns - std::min(columns, layout.account + 2 + kNumbers);
  layout.reasons = left >= kReasons + 24;
  if (layout.reasons) left -= kReasons;
  layout.spark = std::min<std::size_t>(left, 64);
  return layout;
}

std::string line_of(const Watched& watched, const Layout& layout, bool colours) {
  const auto& score = watched.score;
  const auto action = cms::policy::decide({}, score);
  const auto in_colour = [&](std::string text) { return paint(std::move(text), action, colours && score.computed); };
  std::string line = fmt::format("{}  {:>8}  {:>8}  {}  {}", column(watched.account, layout.account), score.requests,
                                 poh_text(score), in_colour(fmt::format("{:<8}", score.computed ? name(action) : "-")),
                                 in_colour(sparkline(watched.history, layout.spark)));
  if (layout.reasons) line += "  " + column(score.computed ? reasons_text(score, 2) : why(score), 32);
  return line;
}

std::vector<std::string> frame_of(const Play& play, double elapsed_s, LiveScreen::Size size, bool colours) {
  const auto accounts = ranked(play);
  const double rate = elapsed_s > 0 ? static_cast<double>(play.played) / elapsed_s : 0;
  std::vector<std::string> lines;
  lines.push_back(column(fmt::format("cms watch (q ends)  {} of {} requests, {:.0f}/s, {} accounts", play.played,
                                     play.order.size(), rate, accounts.size()), size.columns));
  const std::size_t room = size.rows > 3 ? size.rows - 3 : 1;
  const std::size_t count = std::min(accounts.size(), room);
  const std::vector<const Watched*> shown(accounts.begin(), accounts.begin() + static_cast<std::ptrdiff_t>(count));
  const auto layout = layout_of(shown, size.columns);
  lines.push_back(column(fmt::format("{}  {:>8}  {:>8}  {:<8}  {}{}", column("account", layout.account), "requests",
                                     "PoH", "action", column("PoH so far, 0 to 1", layout.spark),
                                     layout.reasons ? "  main reasons" : ""), size.columns));
  for (const auto* one : shown) lines.push_back(line_of(*one, layout, colours));
  if (count < accounts.size()) {
    lines.push_back(column(fmt::format("and {} more with a higher PoH", accounts.size() - count), size.columns));
  }
  return lines;
}

// Plays at `rate` requests a second (0 = as fast as it goes) until all is played or somebody asks to leave.
void play_live(Play& play, double rate) {
  LiveScreen screen;
  const bool colours = colours_wanted();
  const auto start = Clock::now();
  const auto elapsed_s = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  while (play.played < play.order.size()) {
    const auto end = Clock::now() + kFrame;
    const double due = rate > 0 ? rate * (elapsed_s() + std::chrono::duration<double>(kFrame).count())
                                : static_cast<double>(play.order.size());
    while (play.played < play.order.size() && static_cast<double>(play.played) < due && Clock::now() < end) {
      play_one(play);
    }
    screen.draw(frame_of(play, elapsed_s(), screen.size(), colours));
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (screen.leave_within(static_cast<int>(std::max<std::int64_t>(0, rest)))) return;
  }
}

void play_silently(Play& play) {
  cms::Progress bar("playing", "requests", play.order.size());
  while (play.played < play.order.size()) {
    play_one(play);
    bar.advance();
  }
}

Result<void> run(const Words& words) {
  CMS_TRY(inputs, read_score_inputs(words.inputs));
  auto play = make_play(inputs);
  if (LiveScreen::possible()) {
    play_live(play, words.rate);
  } else {
    play_silently(play);
  }
  std::vector<AccountScore> scores;
  for (const auto* one : ranked(play)) scores.push_back({one->account, one->score});
  fmt::print("{}", score_table(scores, colours_wanted(), terminal_columns()));
  return {};
}

}  // namespace

void add_watch(CLI::App& app, Run& chosen) {
  auto words = std::make_shared<Words>();
  auto* command = app.add_subcommand("watch", "Play an activation set live in the terminal, lowest PoH first");
  command->add_option("set", words->inputs.set, "Activation set whose rows have \"account\"")->required();
  command->add_option("--atlas", words->inputs.atlas, "Atlas made by `cms fit`")->required();
  command->add_option("--rate", words->rate, "Requests a second; 0 = as fast as the machine goes")
      ->check(finite_range(0.0, 1e6))
      ->capture_default_str();
  command->add_option("--assume-model", words->inputs.assume_model,
                      "NAME or NAME/LAYER/POOLING of a set that has no manifest");
  command->add_option("--trust", words->inputs.trust, "Ed25519 public key (PEM) the atlas must be signed with");
  command->callback([words, &chosen] { chosen = [words] { return run(*words); }; });
}
