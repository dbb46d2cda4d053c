// What an experiment leaves: words, goal lines and pictures.
//
// Pictures are data (JSON), drawn by suite.js: an experiment says what is to be seen, never how. A picture has `kind`,
// `title`, `says` (one sentence: what it shows) and what its maker below puts in. Threads: pure.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cms::lab {

struct Outcome {
  std::string table;       // for people
  std::string goal_lines;  // one JSON object a line
  nlohmann::json plots = nlohmann::json::array();
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

}  // namespace cms::lab
