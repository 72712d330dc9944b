#include "app/cli/exit_code.h"

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
  switch (error.code) {
    case ErrorCode::ConsentMissing:
    case ErrorCode::ConsentPlanChanged:
    case ErrorCode::TrustFingerprint:
    case ErrorCode::PolicySkipped:
      return ExitCode::Refused;
    case ErrorCode::Cancelled:
      return ExitCode::Cancelled;
    case ErrorCode::AuditTampered:
    case ErrorCode::AuditTruncated:
      return ExitCode::Tampered;
    case ErrorCode::InvalidArgument:
      return ExitCode::Usage;
    default:
      return ExitCode::Error;
  }
}

}  // namespace sealift
