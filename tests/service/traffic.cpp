#include "tests/service/traffic.hpp"

#include <fmt/format.h>

#include "base/random.hpp"

namespace cms::service {

Traffic::Traffic(const TrafficOptions& options) : options_(options) {
  Random random(options.seed);
  vectors_.resize(std::size_t{options.vectors} * options.dimension);
  for (float& value : vectors_) value = static_cast<float>(random.normal());
}

pipeline::Batch Traffic::batch(const std::string& tenant, const std::string& producer, std::uint64_t sequence) const {
  pipeline::Batch batch{tenant, {producer, 1, sequence}, {}};
  Random random(options_.seed * 1'000'003 + sequence);
  const std::size_t dimension = options_.dimension;
  for (std::uint32_t i = 0; i < options_.batch; ++i) {
    const auto account = random.below(options_.accounts);
    const auto reach = 2 + account % (options_.vectors - 1);
    const auto* main = vectors_.data() + (account * 7 + random.below(reach)) % options_.vectors * dimension;
    const auto* other = vectors_.data() + random.below(options_.vectors) * dimension;
    pipeline::Item item;
    item.account = fmt::format("{}-account-{}", producer, account);
    // A thousand batches a second of traffic, so that a long run stays behind the daemon's clock.
    item.time = options_.start_time + static_cast<double>(sequence) / 1000;
    item.activation.resize(dimension);
    for (std::size_t j = 0; j < dimension; ++j) item.activation[j] = main[j] + 0.1F * other[j];
    batch.items.push_back(std::move(item));
  }
  return batch;
}

}  // namespace cms::service
