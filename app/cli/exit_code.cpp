#include "app/cli/exit_code.h"

#include "app/services/refusal.h"

namespace sealift {

ExitCode exitCodeFor(Outcome outcome) {
  switch (outcome) {
    case Outcome::Succeeded:
      return ExitCode::Success;
    case Outcome::Reverted:
      return ExitCode::Reverted;
    case Outcome::Refused:
      return ExitCode::Refused;
    case Outcome::Failed:
      return ExitCode::Failed;
    case Outcome::Cancelled:
      return ExitCode::Cancelled;
    case Outcome::Unknown:
      break;
  }
  return ExitCode::Unknown;
}

ExitCode exitCodeFor(const Error& error) {
  if (isRefusal(error.code)) {
    return ExitCode::Refused;
  }
  switch (error.code) {
    case ErrorCode::Cancelled:
      return ExitCode::Cancelled;
    case ErrorCode::AuditTampered:
    case ErrorCode::AuditTruncated:
      return ExitCode::Tampered;
    case ErrorCode::UpToDate:
      return ExitCode::UpToDate;
    case ErrorCode::InvalidArgument:
      return ExitCode::Usage;
    default:
      return ExitCode::Error;
  }
}

}  // namespace sealift
