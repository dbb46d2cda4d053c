#include "serve/library_log.hpp"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <atomic>

namespace cms::serve {
namespace {

std::atomic<Log*> taken{nullptr};

void take(const char* kind, const std::string& text) {
  if (auto* log = taken.load()) log->write(Level::warning, Scope::serve, kind, text);
}

void from_grpc(gpr_log_func_args* said) { take("grpc", said->message); }

void from_protobuf(google::protobuf::LogLevel /*level*/, const char* /*file*/, int /*line*/, const std::string& text) {
  take("protobuf", text);
}

}  // namespace

LibraryLog::LibraryLog(Log& log) {
  taken = &log;
  gpr_set_log_function(&from_grpc);
  google::protobuf::SetLogHandler(&from_protobuf);
}

LibraryLog::~LibraryLog() {
  taken = nullptr;
  gpr_set_log_function(nullptr);  // its own again
}

}  // namespace cms::serve
