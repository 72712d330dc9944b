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
    case ErrorCode::DeviceChanged:
    case ErrorCode::IdentityNotProven:
    case ErrorCode::ImageMalformed:
    case ErrorCode::ImageHashMismatch:
    case ErrorCode::ImageUnsigned:
    case ErrorCode::ImageSignatureInvalid:
    case ErrorCode::ImageUnknownKey:
    case ErrorCode::ImageFormatRefused:
    case ErrorCode::ImageTooLarge:
    case ErrorCode::TrustMalformed:
    case ErrorCode::TrustThreshold:
    case ErrorCode::TrustRollback:
    case ErrorCode::TrustExpired:
    case ErrorCode::TrustHashMismatch:
    case ErrorCode::TrustLength:
    case ErrorCode::TrustRootChanged:
    case ErrorCode::TrustFingerprint:
    case ErrorCode::PolicyWrongModel:
    case ErrorCode::PolicyWrongRevision:
    case ErrorCode::PolicyVersionLower:
    case ErrorCode::PolicyVersionSame:
    case ErrorCode::PolicySecurityVersion:
    case ErrorCode::PolicyMinimumVersion:
    case ErrorCode::PolicyNoFallback:
    case ErrorCode::PolicySkipped:
    case ErrorCode::PolicyRole:
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
