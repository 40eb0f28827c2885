// Errors of the engine: a stable kind and code and a message that says what was wanted and what was got. The addon turns them
// into LossmithError (common/errors.ts). The engine never aborts the process on bad input.
#pragma once

#include <stdexcept>
#include <string>

namespace lossmith {

enum class ErrorKind { Config, Refused, Transient, Broken };

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string code, const std::string& message) : std::runtime_error(message), kind_(kind), code_(std::move(code)) {}
  ErrorKind kind() const { return kind_; }
  const std::string& code() const { return code_; }

 private:
  ErrorKind kind_;
  std::string code_;
};

inline Error configError(std::string code, const std::string& message) { return {ErrorKind::Config, std::move(code), message}; }
inline Error transientError(std::string code, const std::string& message) { return {ErrorKind::Transient, std::move(code), message}; }
inline Error brokenError(std::string code, const std::string& message) { return {ErrorKind::Broken, std::move(code), message}; }

}  // namespace lossmith
