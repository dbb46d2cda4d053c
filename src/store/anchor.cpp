#include "store/anchor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "store/state.hpp"

namespace cms::store {
namespace {

constexpr std::string_view kLetters = "CMSn";
constexpr std::size_t kAnchorBytes = 20;

// Letters, number, and the first 8 bytes of SHA-256 of both.
Bytes encode(std::uint64_t commits) {
  ByteWriter out;
  out.put_letters(kLetters);
  out.put(commits);
  Bytes bytes = out.take();
  const Digest digest = sha256(bytes);
  bytes.insert(bytes.end(), digest.begin(), digest.begin() + 8);
  return bytes;
}

}  // namespace

Result<std::optional<std::uint64_t>> read_anchor(rocksdb::Env& environment, const std::filesystem::path& folder) {
  const std::string path = folder / kAnchorName;
  const auto there = environment.FileExists(path);
  if (there.IsNotFound()) return std::optional<std::uint64_t>{};
  CMS_CHECK(told(there, "looking for the store's anchor"));
  std::unique_ptr<rocksdb::SequentialFile> file;
  CMS_CHECK(told(environment.NewSequentialFile(path, &file, {}), "opening the store's anchor"));
  // One byte more than there should be tells a longer file.
  std::string buffer(kAnchorBytes + 1, '\0');
  rocksdb::Slice read;
  CMS_CHECK(told(file->Read(buffer.size(), &read, buffer.data()), "reading the store's anchor"));
  // Made and never written: of a store that had no commit yet.
  if (read.empty()) return std::optional<std::uint64_t>{};
  const Bytes bytes(read.data(), read.data() + read.size());
  ByteReader in(std::span<const std::uint8_t>(bytes).subspan(std::min(kLetters.size(), bytes.size())));
  const auto commits = in.get<std::uint64_t>();
  if (bytes != encode(commits)) {
    return fail(ErrorCode::bad_input, fmt::format("{} is damaged: `cms store verify` tells whether the rest is whole; "
                                                  "without the file the store opens as it is",
                                                  path));
  }
  return std::optional(commits);
}

Result<Anchor> Anchor::open(rocksdb::Env& environment, const std::filesystem::path& folder) {
  const std::string path = folder / kAnchorName;
  const auto there = environment.FileExists(path);
  if (there.IsNotFound()) {
    std::unique_ptr<rocksdb::WritableFile> made;
    CMS_CHECK(told(environment.NewWritableFile(path, &made, {}), "making the store's anchor"));
    CMS_CHECK(told(made->Close(), "making the store's anchor"));
  } else {
    CMS_CHECK(told(there, "looking for the store's anchor"));
  }
  std::unique_ptr<rocksdb::RandomRWFile> file;
  CMS_CHECK(told(environment.NewRandomRWFile(path, &file, {}), "opening the store's anchor"));
  return Anchor(std::move(file));
}

Result<void> Anchor::write(std::uint64_t commits) {
  const Bytes bytes = encode(commits);
  const rocksdb::Slice slice(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CMS_CHECK(told(file_->Write(0, slice), "writing the store's anchor"));
  if (commits % kAnchorSyncEvery == 0) return sync();
  return {};
}

Result<void> Anchor::sync() { return told(file_->Sync(), "syncing the store's anchor"); }

}  // namespace cms::store
