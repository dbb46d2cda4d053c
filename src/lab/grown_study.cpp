#include "lab/grown_study.hpp"

#include <algorithm>

#include "atlas/atlas.hpp"
#include "base/hash.hpp"

namespace cms::lab {

std::vector<std::uint32_t> add_texts(Study& study, ActivationSet& set, const std::string& family,
                                     std::span<const std::string> texts, const SequenceVectors& vectors) {
  auto& corpus = study.corpus;
  const auto found = std::ranges::find(corpus.families, family);
  const auto number = static_cast<std::uint32_t>(found - corpus.families.begin());
  if (found == corpus.families.end()) corpus.families.push_back(family);
  atlas::ProjectScratch scratch;
  std::vector<std::uint32_t> added;
  for (const auto& text : texts) {
    const auto vector = vectors.set.row(vectors.places.at(text));
    CorpusRow row;
    row.family = number;
    row.origin = Origin::distiller;
    row.text_id = corpus.text_count++;
    row.split_key = stable_hash("text\n" + text);
    row.source_row = static_cast<std::uint32_t>(set.count());
    set.values.insert(set.values.end(), vector.begin(), vector.end());
    RowInfo info;
    info.more = {{"family", family}, {"kind", "distill"}, {"text", text}};
    set.rows.push_back(std::move(info));
    added.push_back(static_cast<std::uint32_t>(corpus.rows.size()));
    corpus.rows.push_back(row);
    const auto point = atlas::project_point(study.atlas, vector);
    corpus.points.insert(corpus.points.end(), point.begin(), point.end());
    atlas::project(study.atlas, vector, scratch, study.projected.emplace_back());
    study.text_lengths.push_back(static_cast<double>(text.size()));
  }
  return added;
}

}  // namespace cms::lab
