// Operating errors are values: every fallible function returns Result<T>.
//
// An ErrorCode says what the caller should do, and is the exit code of the program (docs/formats/exit-codes.md
// lists them): fix the words of the command, fix the input, use another atlas. Assertions are for bugs only;
// outside data never reaches one.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace cms {

// The numbers are the exit codes of `cms`; never renumber.
enum class ErrorCode {
  failed = 1,     // the machine said no: disk, memory, a library
  usage = 2,      // the words of the call are wrong
  bad_input = 3,  // a file or a field of it is wrong
  refused = 4,    // well-formed, but of another model, layer or signature
};

// What went wrong, in one sentence that names the file, line or field and says what to do.
struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

// Builds the error side of any Result.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::make_unexpected(Error{code, std::move(message)});
}

// Passes an error on, with what was being done put before it: "reading a.npy: file ends early".
[[nodiscard]] inline tl::unexpected<Error> fail_in(const std::string& context, Error error) {
  error.message = context + ": " + error.message;
  return tl::make_unexpected(std::move(error));
}

}  // namespace cms

// Evaluates `expr` (a Result), returns its error from the enclosing function or binds its value to `name`.
#define CMS_TRY(name, expr)                                                         \
  auto name##_result = (expr);                                                      \
  if (!name##_result) return tl::make_unexpected(std::move(name##_result).error()); \
  [[maybe_unused]] auto&& name = *name##_result

// The same for Result<void>.
#define CMS_CHECK(expr) \
  if (auto check_result = (expr); !check_result) return tl::make_unexpected(std::move(check_result).error())
