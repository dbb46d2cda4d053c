#include "fleet/communities.hpp"

#include <fmt/format.h>
#include <igraph/igraph.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

namespace cms::fleet {
namespace {

constexpr double kRandomness = .01;  // beta of the refinement, the authors' own

// igraph's values are freed when they go out of scope, whatever went wrong before.
struct Graph {
  igraph_t graph{};
  igraph_vector_int_t edges{}, membership{};
  igraph_vector_t weights{}, strengths{};
  bool made = false;

  Graph() = default;
  // False where there is no memory for it.
  bool reserve(std::size_t links, std::uint32_t count) {
    const auto length = static_cast<igraph_integer_t>(links);
    return igraph_vector_int_init(&edges, 2 * length) == IGRAPH_SUCCESS &&
           igraph_vector_int_init(&membership, 0) == IGRAPH_SUCCESS &&
           igraph_vector_init(&weights, length) == IGRAPH_SUCCESS &&
           igraph_vector_init(&strengths, count) == IGRAPH_SUCCESS;
  }
  ~Graph() {
    if (made) igraph_destroy(&graph);
    igraph_vector_int_destroy(&edges);
    igraph_vector_int_destroy(&membership);
    igraph_vector_destroy(&weights);
    igraph_vector_destroy(&strengths);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
};

// igraph asks from the thread that it works on, and hands nothing on.
thread_local const Stop* asked = nullptr;

igraph_error_t ask(void* /*reserved*/) {
  if (asked == nullptr || !stopped(*asked)) return IGRAPH_SUCCESS;
  IGRAPH_FINALLY_FREE();  // what igraph holds: its callers return at once
  return IGRAPH_INTERRUPTED;
}

bool cluster(Graph& graph, std::uint32_t count, double total, const CommunityOptions& options) {
  if (igraph_create(&graph.graph, &graph.edges, count, IGRAPH_UNDIRECTED) != IGRAPH_SUCCESS) return false;
  graph.made = true;
  igraph_rng_seed(igraph_rng_default(), options.seed);
  return igraph_community_leiden(&graph.graph, &graph.weights, &graph.strengths, options.resolution / (2 * total),
                                 kRandomness, false, static_cast<igraph_integer_t>(options.iterations),
                                 &graph.membership, nullptr, nullptr) == IGRAPH_SUCCESS;
}

// Of accounts 0 .. count - 1, the weight of their links. Requires links among them.
std::vector<double> strengths_of(std::size_t count, std::span<const Link> links) {
  std::vector<double> strengths(count);
  for (const auto& link : links) {
    strengths[link.a] += link.weight;
    strengths[link.b] += link.weight;
  }
  return strengths;
}

}  // namespace

double counted(double strength, const NullModel& null) {
  if (null.mean == 0 || strength <= null.strength) return strength;
  return null.strength * std::sqrt(std::sqrt(strength / null.strength));
}

std::int64_t presence(double strength, const NullModel& null) {
  if (strength <= 0) return 0;
  if (null.mean == 0 || strength <= null.strength) return kPresent;
  // However strong they are, a fleet of links has a whole.
  return std::max(1LL, std::llround(static_cast<double>(kPresent) * null.strength / strength));
}

double whole_of(const NullModel& null, std::int64_t presence) {
  return null.mean * static_cast<double>(presence) / static_cast<double>(2 * kPresent);
}

NullModel fit_null(std::span<const std::vector<Link>> fleets) {
  std::vector<double> strengths;
  for (const auto& links : fleets) {
    std::size_t count = 0;
    for (const auto& link : links) count = std::max<std::size_t>(count, std::max(link.a, link.b) + 1);
    std::ranges::copy_if(strengths_of(count, links), std::back_inserter(strengths), [](double one) { return one > 0; });
  }
  if (strengths.empty()) return {};
  const auto at = static_cast<std::ptrdiff_t>(kStrengthShare * static_cast<double>(strengths.size() - 1));
  std::ranges::nth_element(strengths, strengths.begin() + at);
  NullModel null{1, strengths[static_cast<std::size_t>(at)]};
  double all = 0;
  std::int64_t present = 0;
  for (const double strength : strengths) {
    all += strength;
    present += presence(strength, null);
  }
  null.mean = all / 2 / whole_of(null, present);
  return null;
}

Result<std::vector<Members>> find_communities(std::uint32_t count, std::span<const Link> links,
                                              const CommunityOptions& options, const Stop& stop) {
  igraph_set_error_handler(igraph_error_handler_ignore);
  igraph_set_interruption_handler(ask);
  Graph graph;
  if (!graph.reserve(links.size(), count)) return fail(ErrorCode::failed, "no memory for a graph of all links");
  double total = 0;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const auto& link = links[i];
    if (link.a >= count || link.b >= count || link.a == link.b || !(link.weight > 0) || !std::isfinite(link.weight)) {
      return fail(ErrorCode::bad_input, fmt::format("link {} names no two accounts, or weighs nothing", i));
    }
    const auto at = static_cast<igraph_integer_t>(i);
    VECTOR(graph.edges)[2 * at] = link.a;
    VECTOR(graph.edges)[2 * at + 1] = link.b;
    VECTOR(graph.weights)[at] = link.weight;
    VECTOR(graph.strengths)[link.a] += link.weight;
    VECTOR(graph.strengths)[link.b] += link.weight;
    total += link.weight;
  }
  std::vector<Members> communities;
  if (links.empty()) {
    for (std::uint32_t account = 0; account < count; ++account) communities.push_back({account});
    return communities;
  }
  std::int64_t present = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& strength = VECTOR(graph.strengths)[i];
    present += presence(strength, options.null);
    strength = counted(strength, options.null);
  }
  if (options.null.mean > 0) total = whole_of(options.null, present);
  asked = &stop;
  const bool done = cluster(graph, count, total, options);
  asked = nullptr;
  if (!done) return fail(ErrorCode::failed, "igraph could not find communities, or was told to stop");
  std::map<igraph_integer_t, std::size_t> numbers;
  for (std::uint32_t account = 0; account < count; ++account) {
    const auto [known, fresh] = numbers.try_emplace(VECTOR(graph.membership)[account], communities.size());
    if (fresh) communities.emplace_back();
    communities[known->second].push_back(account);
  }
  return communities;
}

double modularity(std::uint32_t count, std::span<const Link> links, std::span<const Members> communities,
                  double resolution, const NullModel& null) {
  std::vector<std::size_t> of(count);
  for (std::size_t c = 0; c < communities.size(); ++c) {
    for (const auto account : communities[c]) of[account] = c;
  }
  const auto strengths = strengths_of(count, links);
  std::vector<double> counts(communities.size());
  double inside = 0, total = 0;
  for (const auto& link : links) {
    total += link.weight;
    if (of[link.a] == of[link.b]) inside += link.weight;
  }
  std::int64_t present = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    counts[of[i]] += counted(strengths[i], null);
    present += presence(strengths[i], null);
  }
  const double whole = null.mean > 0 ? whole_of(null, present) : total;
  double expected = 0;
  for (const double one : counts) expected += one * one / (4 * whole * whole);
  return whole > 0 ? inside / whole - resolution * expected : 0;
}

}  // namespace cms::fleet
