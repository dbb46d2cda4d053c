#include "tests/service/lossy_env.hpp"

namespace cms::service {
namespace {

// Only the write-ahead log: RocksDB syncs its tables itself before it counts on them, and reads them back at once.
bool is_log(const std::string& name) { return name.ends_with(".log"); }

class LossyFile final : public rocksdb::WritableFileWrapper {
 public:
  explicit LossyFile(std::unique_ptr<rocksdb::WritableFile> file)
      : rocksdb::WritableFileWrapper(file.get()), file_(std::move(file)) {}

  rocksdb::Status Append(const rocksdb::Slice& data) override {
    held_.append(data.data(), data.size());
    return rocksdb::Status::OK();
  }
  rocksdb::Status Append(const rocksdb::Slice& data, const rocksdb::DataVerificationInfo&) override {
    return Append(data);
  }
  rocksdb::Status Flush() override { return rocksdb::Status::OK(); }
  rocksdb::Status Sync() override {
    auto status = let_go();
    return status.ok() ? file_->Sync() : status;
  }
  rocksdb::Status Fsync() override {
    auto status = let_go();
    return status.ok() ? file_->Fsync() : status;
  }
  rocksdb::Status Close() override {
    auto status = let_go();
    return status.ok() ? file_->Close() : status;
  }
  std::uint64_t GetFileSize() override { return file_->GetFileSize() + held_.size(); }

 private:
  rocksdb::Status let_go() {
    auto status = file_->Append(held_);
    held_.clear();
    return status;
  }

  std::unique_ptr<rocksdb::WritableFile> file_;
  std::string held_;
};

class LossyEnv final : public rocksdb::EnvWrapper {
 public:
  LossyEnv() : rocksdb::EnvWrapper(rocksdb::Env::Default()) {}

  const char* Name() const override { return "lossy"; }
  rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* result,
                                  const rocksdb::EnvOptions& options) override {
    auto status = target()->NewWritableFile(name, result, options);
    if (status.ok() && is_log(name)) *result = std::make_unique<LossyFile>(std::move(*result));
    return status;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> lossy_env() { return std::make_unique<LossyEnv>(); }

}  // namespace cms::service
