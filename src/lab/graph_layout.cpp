#include "lab/graph_layout.hpp"

#include <fmt/format.h>
#include <igraph/igraph.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace cms::lab {
namespace {

constexpr int kRounds = 500;
constexpr std::uint64_t kSeed = 1;

// igraph's values are freed when they go out of scope, whatever went wrong before.
struct Drawing {
  igraph_t graph{};
  igraph_vector_int_t edges{};
  igraph_matrix_t places{};
  bool made = false;

  Drawing(std::size_t links, std::size_t dots) {
    igraph_vector_int_init(&edges, static_cast<igraph_integer_t>(2 * links));
    igraph_matrix_init(&places, static_cast<igraph_integer_t>(dots), 2);
  }
  ~Drawing() {
    if (made) igraph_destroy(&graph);
    igraph_vector_int_destroy(&edges);
    igraph_matrix_destroy(&places);
  }
  Drawing(const Drawing&) = delete;
  Drawing& operator=(const Drawing&) = delete;
};

// From a spiral that fills a disc evenly, so that no two dots begin at one place.
bool draw(Drawing& drawing, std::size_t dots) {
  const auto count = static_cast<igraph_integer_t>(dots);
  if (igraph_create(&drawing.graph, &drawing.edges, count, IGRAPH_UNDIRECTED) != IGRAPH_SUCCESS) return false;
  drawing.made = true;
  const double turn = std::numbers::pi * (3 - std::sqrt(5.0));
  for (igraph_integer_t d = 0; d < count; ++d) {
    const double radius = std::sqrt(static_cast<double>(d) + .5), angle = turn * static_cast<double>(d);
    MATRIX(drawing.places, d, 0) = radius * std::cos(angle);
    MATRIX(drawing.places, d, 1) = radius * std::sin(angle);
  }
  igraph_rng_seed(igraph_rng_default(), kSeed);
  return igraph_layout_fruchterman_reingold(&drawing.graph, &drawing.places, true, kRounds,
                                            std::sqrt(static_cast<double>(dots)), IGRAPH_LAYOUT_NOGRID, nullptr,
                                            nullptr, nullptr, nullptr, nullptr) == IGRAPH_SUCCESS;
}

// The coordinate of every dot, moved and stretched to 0..1.
template <typename Coordinate>
void fill(std::vector<GraphDot>& dots, Coordinate coordinate) {
  const auto less = [&](const auto& a, const auto& b) { return a.*coordinate < b.*coordinate; };
  const auto [least, most] = std::minmax_element(dots.begin(), dots.end(), less);
  const double from = (*least).*coordinate, width = (*most).*coordinate - from;
  for (auto& dot : dots) dot.*coordinate = width > 0 ? (dot.*coordinate - from) / width : .5;
}

}  // namespace

Result<void> lay_out(Graph& graph) {
  if (graph.dots.empty()) return {};
  igraph_set_error_handler(igraph_error_handler_ignore);
  Drawing drawing(graph.links.size(), graph.dots.size());
  for (std::size_t i = 0; i < graph.links.size(); ++i) {
    const auto [a, b] = graph.links[i];
    if (a >= graph.dots.size() || b >= graph.dots.size()) {
      return fail(ErrorCode::bad_input, fmt::format("link {} of a picture names a dot that is not there", i));
    }
    VECTOR(drawing.edges)[static_cast<igraph_integer_t>(2 * i)] = a;
    VECTOR(drawing.edges)[static_cast<igraph_integer_t>(2 * i + 1)] = b;
  }
  if (!draw(drawing, graph.dots.size())) return fail(ErrorCode::failed, "igraph could not lay a picture out");
  for (std::size_t d = 0; d < graph.dots.size(); ++d) {
    graph.dots[d].x = MATRIX(drawing.places, static_cast<igraph_integer_t>(d), 0);
    graph.dots[d].y = MATRIX(drawing.places, static_cast<igraph_integer_t>(d), 1);
  }
  fill(graph.dots, &GraphDot::x);
  fill(graph.dots, &GraphDot::y);
  return {};
}

}  // namespace cms::lab
