// Bytes as the content of an account's record, the first of them choosing which: a whole one, or a step after one. It
// is refused, or makes an account that goes on and is the same through its bytes.
#include "pipeline/record.hpp"

#include "pipeline/model_example.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

constexpr std::uint32_t kStepsMax = 4;

const pipeline::Model& model() {
  static const auto made = pipeline::example_model(
      {.dimension = 6, .rank = 5, .sketch_dimension = 3, .charts = 9, .reference = 20, .knn_k = 2}, 17, 21, 1);
  return made;
}

// A whole record and the three steps after it.
const std::vector<store::Record>& records() {
  static const auto made = [] {
    pipeline::Account account;
    account.state = pipeline::make_account(model());
    pipeline::Scratch scratch;
    const auto stream = pipeline::example_stream(model(), 4, 4 * kStepsMax - 1);
    std::vector<Projected> projected(stream.size());
    atlas::project(model().atlas, stream.values, scratch.project, projected);
    std::vector<store::Record> kept;
    for (std::size_t i = 0; i < projected.size(); ++i) {
      auto record = advance(model(), account, projected[i], static_cast<double>(i), pipeline::Effort::full, kStepsMax,
                            scratch).record;
      if (record.whole) kept.clear();
      kept.push_back(std::move(record));
    }
    return kept;
  }();
  return made;
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (std::size_t r = 0; r < records().size(); ++r) {
    Bytes bytes{static_cast<std::uint8_t>(r)};
    bytes.insert(bytes.end(), records()[r].content.begin(), records()[r].content.end());
    all.push_back(std::move(bytes));
  }
  return all;
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  if (size == 0) return 0;
  const std::size_t which = data[0] % records().size();
  auto some = std::vector(records().begin(), records().begin() + static_cast<std::ptrdiff_t>(which) + 1);
  some.back().content.assign(data + 1, data + size);
  pipeline::Scratch scratch;
  auto account = pipeline::replay(model(), some, kStepsMax, scratch);
  if (!account) return 0;
  ++fuzz::accepted;
  const auto bytes = pipeline::encode(model(), account->state);
  const auto back = pipeline::decode(model(), bytes);
  fuzz::expect(back.has_value(), "an account that was made of records is one through its bytes");
  fuzz::expect(pipeline::encode(model(), *back) == bytes, "and the same");
  Projected next;
  next.point.assign(5, 1);
  next.sketch.assign(3, 1);
  const auto advanced =
      advance(model(), *account, next, account->state.time + 1, pipeline::Effort::full, kStepsMax, scratch);
  fuzz::expect(advanced.score.poh >= 0 && advanced.score.poh <= 1, "PoH lies in [0, 1]");
  return 0;
}
