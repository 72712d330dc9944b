// Stable error codes. The dotted name of a code never changes once released: it
// stands in audit entries, `--json` output and the help. The remedy is what a
// person can do when the place that failed knows nothing better.
#pragma once

#include <QString>
#include <QStringView>

#include <optional>

// clang-format off
#define SEALIFT_ERROR_CODES(X) \
  X(Cancelled,              "cancelled",                   "Start again when you are ready.") \
  X(Timeout,                "timeout",                     "Check that the device is powered and connected, then try again.") \
  X(InvalidArgument,        "invalid-argument",            "Correct the value and try again.") \
  X(NotFound,               "not-found",                   "Check the name and try again.") \
  X(UpToDate,               "up-to-date",                  "Nothing needs to be done.") \
  X(AlreadyExists,          "already-exists",              "Use another name, or remove the existing one first.") \
  X(NotSupported,           "not-supported",               "Use a device or format that supports this.") \
  X(Internal,               "internal",                    "Please report this with the audit log's last entries.") \
  X(FileRead,               "file.read",                   "Check that the file exists and that you may read it.") \
  X(FileWrite,              "file.write",                  "Check free space and write permission of the folder.") \
  X(FileTooLarge,           "file.too-large",              "Check that this is the right file.") \
  X(LinkAddress,            "link.address",                "Write the address as serial:PORT?baud=N, usb:BUS-PORT, udp:HOST:PORT, tcp:HOST:PORT or https:HOST:PORT.") \
  X(LinkOpen,               "link.open",                   "Check the cable and that no other program uses the port.") \
  X(LinkPermission,         "link.permission",             "Install Sealift's udev rules or join the group that owns the port, then reconnect.") \
  X(LinkLost,               "link.lost",                   "Reconnect the device; Sealift looks at it again before anything else is done.") \
  X(ProtocolMalformed,      "protocol.malformed",          "Check the cable; if it happens again, the device speaks another protocol or is faulty.") \
  X(ProtocolRefused,        "protocol.refused",            "The device refused the request; its own words are in the detail.") \
  X(ProtocolUnexpected,     "protocol.unexpected",         "Restart the device and try again.") \
  X(DeviceNotRecognised,    "device.not-recognised",       "Check that the device's vendor was added and that it is in the expected mode.") \
  X(DeviceChanged,          "device.changed",              "Another device answers at this address. Reconnect the right one and plan again.") \
  X(DeviceBusy,             "device.busy",                 "Wait until the running job on this device has ended.") \
  X(DeviceDidNotReturn,     "device.did-not-return",       "Power the device off and on; Sealift settles the job when it sees the device again.") \
  X(DeviceWriteFailed,      "device.write-failed",         "Nothing was activated. Try again; if it fails again the device's storage may be worn out.") \
  X(DeviceVerifyFailed,     "device.verify-failed",        "Nothing was activated. What the device holds differs from the image; try again.") \
  X(DeviceProtected,        "device.protected",            "Nothing was written. Taking the protection off erases everything on the device; Sealift asks for that apart.") \
  X(IdentityNotProven,      "identity.not-proven",         "Do not install. Ask the vendor whether this device is genuine.") \
  X(IdentityMalformed,      "identity.malformed",          "The certificate, request or list is damaged or of another kind. Make or fetch it again.") \
  X(IdentityRequest,        "identity.request",            "Nothing was issued. Have the device make its request again; if it stays, the device is faulty or not genuine.") \
  X(IdentityChain,          "identity.chain",              "Do not install. Check that the device's vendor was added; otherwise the device is not genuine.") \
  X(IdentityUsage,          "identity.usage",              "Do not install. This certificate was issued for something else; ask the vendor.") \
  X(IdentityExpired,        "identity.expired",            "Check this computer's clock; otherwise the vendor must issue a new certificate.") \
  X(IdentityRevoked,        "identity.revoked",            "The vendor took this identity back: the unit was scrapped or its key is known. Do not use it.") \
  X(IdentityRevocationUnknown, "identity.revocation-unknown", "Refresh the vendor's list of revoked devices; without a current one nothing is installed.") \
  X(IdentityMismatch,       "identity.mismatch",           "The certificate is another unit's. Keep the device aside and tell the vendor: it may be a copy.") \
  X(ImageMalformed,         "image.malformed",             "The file is damaged or of another format. Ask the vendor for a new one.") \
  X(ImageHashMismatch,      "image.hash-mismatch",         "The image is not what its vendor published. Do not use it; tell the vendor.") \
  X(ImageUnsigned,          "image.unsigned",              "The image carries no signature. Only signed images are installed.") \
  X(ImageSignatureInvalid,  "image.signature-invalid",     "The image was not signed by this model's vendor. Do not use it; tell the vendor.") \
  X(ImageUnknownKey,        "image.unknown-key",           "The image was signed with a key that this model does not trust.") \
  X(ImageFormatRefused,     "image.format-refused",        "This model takes another image format.") \
  X(ImageTooLarge,          "image.too-large",             "The image does not fit the device's slot.") \
  X(CryptoKey,              "crypto.key",                  "Check that the key file is complete and of a supported type.") \
  X(KeyPin,                 "key.pin",                     "Enter the right PIN or passphrase; a token locks itself after too many wrong ones.") \
  X(KeyLocked,              "key.locked",                  "Unblock it with its administrator's PIN (PUK, SO PIN), or for a TPM wait or reset its lockout.") \
  X(KeyAbsent,              "key.absent",                  "Insert the token or start what keeps the key, then try again.") \
  X(CryptoFailure,          "crypto.failure",              "Check the installation of OpenSSL 3.") \
  X(TrustMalformed,         "trust.malformed",             "The repository sent damaged metadata. Try again later; tell the vendor if it stays.") \
  X(TrustThreshold,         "trust.threshold",             "Too few valid signatures: this is not what the vendor published. Do not go on; tell the vendor.") \
  X(TrustRollback,          "trust.rollback",              "The repository offers older metadata than was seen before. Someone may be replaying it; tell the vendor.") \
  X(TrustExpired,           "trust.expired",               "The vendor's metadata is out of date. Check this computer's clock; otherwise wait for the vendor.") \
  X(TrustHashMismatch,      "trust.hash-mismatch",         "A file differs from what the vendor's metadata says. Try again later; tell the vendor if it stays.") \
  X(TrustLength,            "trust.length",                "A file is longer than its signed length or the limit. Tell the vendor.") \
  X(TrustRootChanged,       "trust.root-changed",          "Remove the vendor and add it again only after comparing fingerprints with the vendor.") \
  X(TrustFingerprint,       "trust.fingerprint",           "Compare the fingerprint with the vendor's own before you accept it.") \
  X(TrustTargetMissing,     "trust.target-missing",        "The vendor does not publish this file (any more). Refresh and try again.") \
  X(FetchFailed,            "fetch.failed",                "Check the network, the proxy and the vendor's address.") \
  X(FetchNotFound,          "fetch.not-found",             "The repository does not have this file. Check the vendor's address.") \
  X(FetchRefused,           "fetch.refused",               "Ask the vendor for access, or set the right client certificate for this vendor.") \
  X(Offline,                "offline",                     "Switch offline mode off, or bring the files on a drive.") \
  X(FetchTls,               "fetch.tls",                   "The secure connection could not be proven. Check the clock, the address and any TLS interception.") \
  X(CatalogMalformed,       "catalog.malformed",           "The vendor's description is not valid. Tell the vendor.") \
  X(PolicyWrongModel,       "policy.wrong-model",          "This firmware is for another model. Choose the right device.") \
  X(PolicyWrongRevision,    "policy.wrong-revision",       "This firmware is for another hardware revision.") \
  X(PolicyVersionLower,     "policy.version-lower",        "Going back to an older version is a downgrade, which is agreed to apart: sealiftctl update downgrade.") \
  X(PolicyVersionSame,      "policy.version-same",         "The device already runs this version.") \
  X(PolicySecurityVersion,  "policy.security-version",     "The device must not go below its security version. Nothing overrides this.") \
  X(PolicyMinimumVersion,   "policy.minimum-version",      "Install the intermediate release first.") \
  X(PolicyNoFallback,       "policy.no-fallback",          "The device has no slot to fall back to; confirm the running version first.") \
  X(PolicySkipped,          "policy.skipped",              "You chose to skip this version. Undo that on the device's page.") \
  X(PolicyRole,             "policy.role",                 "Ask somebody with the needed role.") \
  X(PolicyPower,            "policy.power",                "Connect the power supply, wait until the battery is charged, then try again.") \
  X(PolicyDeferral,         "policy.deferral",             "Install it before the vendor's date.") \
  X(PolicyBlocked,          "policy.blocked",              "Somebody blocked this release. The check says who, why, and how the block is lifted.") \
  X(PolicyPinned,           "policy.pinned",               "The device is pinned to another release. The check says who, why, and how the pin is lifted.") \
  X(PolicyTriedBefore,      "policy.tried-before",         "Find out why the device went back; then agree apart to trying it again (--again).") \
  X(PolicyReleaseTrouble,   "policy.release-trouble",      "Find out why the release failed on other devices; then resume it: sealiftctl release resume.") \
  X(PolicyDowngrade,        "policy.downgrade",            "Going back to an older version needs the station's policy, a reason and a supervisor.") \
  X(OperatorSignIn,         "operator.sign-in",            "Check the name and the password. Every wrong one is recorded and lengthens the wait.") \
  X(OperatorLocked,         "operator.locked",             "Wait as long as the message says; restarting Sealift or changing the clock does not shorten it.") \
  X(OperatorAltered,        "operator.altered",            "Accounts or rules were changed outside Sealift. Keep the database as evidence and call the auditor.") \
  X(ConsentMissing,         "consent.missing",             "Review the plan and agree to it.") \
  X(ConsentPlanChanged,     "consent.plan-changed",        "Something changed since you agreed. Review the new plan.") \
  X(StoreOpen,              "store.open",                  "Check the data folder's permissions and free space.") \
  X(StoreNewer,             "store.newer",                 "This data was written by a newer Sealift. Update Sealift.") \
  X(StoreDamaged,           "store.damaged",               "The damaged database was set aside, not deleted. Keep the file for the auditor.") \
  X(StoreFailed,            "store.failed",                "Check free space and permissions of the data folder.") \
  X(StoreBusy,              "store.busy",                  "Another Sealift uses this data folder. Close it, or wait.") \
  X(AuditTampered,          "audit.tampered",              "The log was changed outside Sealift. Keep the database as evidence and call the auditor.") \
  X(AuditTruncated,         "audit.truncated",             "Entries that an exported head proves are missing. Keep the database as evidence.")
// clang-format on

namespace sealift {

enum class ErrorCode {
#define X(name, text, remedy) name,
  SEALIFT_ERROR_CODES(X)
#undef X
};

// The stable dotted name, e.g. "image.signature-invalid".
QString errorCodeName(ErrorCode code);
// What a person can do, when nothing better is known. English; translated by the interface.
QString errorCodeRemedy(ErrorCode code);
// The reverse of errorCodeName; nothing for an unknown name.
std::optional<ErrorCode> errorCodeFromName(QStringView name);

}  // namespace sealift
