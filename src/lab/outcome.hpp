// What an experiment leaves: words, goal lines and pictures.
//
// Pictures are data (JSON), drawn by suite.js: an experiment says what is to be seen, never how. A picture has `kind`,
// `title`, `says` (one sentence: what it shows) and what its maker below puts in. Threads: pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace cms::lab {

struct Outcome {
  std::string table;       // for people; under it which texts served what
  std::string goal_lines;  // one JSON object a line
  nlohmann::json plots = nlohmann::json::array();
  nlohmann::json texts = nlohmann::json::array();  // the same, as texts_used.hpp has it
};

struct Axis {
  std::string label;
  double least = 0;
  double greatest = 1;
  bool logarithmic = false;  // then least > 0
};

struct Curve {
  std::string name;
  std::vector<std::array<double, 2>> points;  // x ascending
  bool honest = false;                        // drawn in the colours of honest accounts
  bool dots = false;                          // each point by itself, in any order
};

struct Caption {
  std::string title;
  std::string says;
};

// Curves over two axes; `kind` is "curves".
nlohmann::json curves_plot(const Caption& caption, const Axis& x, const Axis& y, const std::vector<Curve>& curves);

// A bar for each of `names`, made of `parts` one after another: shares[i][j] is part j of bar i. `kind` is "bars".
nlohmann::json bars_plot(const Caption& caption, const Axis& x, const std::vector<std::string>& names,
                         const std::vector<std::string>& parts, const std::vector<std::vector<double>>& shares);

// Dots at places of their own, some joined by lines. x and y run from 0 to 1, y upwards.
struct GraphDot {
  double x = 0, y = 0;
  std::size_t group = 0;
  double area = 1;  // of the usual dot's
};
struct Graph {
  std::vector<GraphDot> dots;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> links;  // of dots
};
// How the dots of a group look: `attacker`, `honest`, `suspect` (honest, and taken for an attacker), `faint`.
struct GraphGroup {
  std::string name;
  std::string look;
};
// `kind` is "graph"; groups without a dot are left out of the legend.
nlohmann::json graph_plot(const Caption& caption, const std::vector<GraphGroup>& groups, const Graph& graph);

}  // namespace cms::lab
