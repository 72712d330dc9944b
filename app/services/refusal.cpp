#include "app/services/refusal.h"

namespace sealift {

bool isRefusal(ErrorCode code) {
  switch (code) {
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
    case ErrorCode::PolicyPower:
    case ErrorCode::PolicyDeferral:
    case ErrorCode::PolicyBlocked:
    case ErrorCode::PolicyPinned:
    case ErrorCode::PolicyTriedBefore:
    case ErrorCode::PolicyReleaseTrouble:
    case ErrorCode::PolicyDowngrade:
    case ErrorCode::OperatorSignIn:
    case ErrorCode::OperatorLocked:
    case ErrorCode::OperatorAltered:
      return true;
    default:
      return false;
  }
}

}  // namespace sealift
