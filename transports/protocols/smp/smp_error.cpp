#include "transports/protocols/smp/smp_error.h"

#include "transports/protocols/smp/smp_cbor.h"
#include "transports/protocols/smp/smp_commands.h"

#include <QCborValue>

#include <span>

namespace sealift {

namespace {

struct Words {
  const char* name;
  const char* text;
};

// The index is the code. Names as in Zephyr's headers, so that a firmware developer finds them.
constexpr Words kSmpWords[] = {
    {"MGMT_ERR_EOK", "no error"},
    {"MGMT_ERR_EUNKNOWN", "unknown error"},
    {"MGMT_ERR_ENOMEM", "insufficient memory"},
    {"MGMT_ERR_EINVAL", "error in input value"},
    {"MGMT_ERR_ETIMEOUT", "operation timed out"},
    {"MGMT_ERR_ENOENT", "no such file or entry"},
    {"MGMT_ERR_EBADSTATE", "current state disallows the command"},
    {"MGMT_ERR_EMSGSIZE", "response too large"},
    {"MGMT_ERR_ENOTSUP", "command not supported"},
    {"MGMT_ERR_ECORRUPT", "corrupt"},
    {"MGMT_ERR_EBUSY", "command blocked by processing of another command"},
    {"MGMT_ERR_EACCESSDENIED", "access denied"},
    {"MGMT_ERR_UNSUPPORTED_TOO_OLD", "protocol version not supported (too old)"},
    {"MGMT_ERR_UNSUPPORTED_TOO_NEW", "protocol version not supported (too new)"},
};

constexpr Words kOsWords[] = {
    {"OS_MGMT_ERR_OK", "no error"},
    {"OS_MGMT_ERR_UNKNOWN", "unknown error"},
    {"OS_MGMT_ERR_INVALID_FORMAT", "the format value is not valid"},
    {"OS_MGMT_ERR_QUERY_YIELDS_NO_ANSWER", "the query was not recognised"},
    {"OS_MGMT_ERR_RTC_NOT_SET", "the clock is not set"},
    {"OS_MGMT_ERR_RTC_COMMAND_FAILED", "the clock command failed"},
    {"OS_MGMT_ERR_QUERY_RESPONSE_VALUE_NOT_VALID", "the query has no valid value to answer with"},
    {"OS_MGMT_ERR_HEAP_STATS_FETCH_FAILED", "heap statistics could not be fetched"},
};

constexpr Words kImageWords[] = {
    {"IMG_MGMT_ERR_OK", "no error"},
    {"IMG_MGMT_ERR_UNKNOWN", "unknown error"},
    {"IMG_MGMT_ERR_FLASH_CONFIG_QUERY_FAIL", "the flash configuration could not be queried"},
    {"IMG_MGMT_ERR_NO_IMAGE", "there is no image in the slot"},
    {"IMG_MGMT_ERR_NO_TLVS", "the image in the slot has no TLVs"},
    {"IMG_MGMT_ERR_INVALID_TLV", "the image in the slot has an invalid TLV"},
    {"IMG_MGMT_ERR_TLV_MULTIPLE_HASHES_FOUND", "the image in the slot has several hash TLVs"},
    {"IMG_MGMT_ERR_TLV_INVALID_SIZE", "the image in the slot has a TLV of invalid size"},
    {"IMG_MGMT_ERR_HASH_NOT_FOUND", "no image with this hash, or the image has no hash TLV"},
    {"IMG_MGMT_ERR_NO_FREE_SLOT", "there is no free slot to place the image"},
    {"IMG_MGMT_ERR_FLASH_OPEN_FAILED", "the flash area could not be opened"},
    {"IMG_MGMT_ERR_FLASH_READ_FAILED", "reading the flash failed"},
    {"IMG_MGMT_ERR_FLASH_WRITE_FAILED", "writing the flash failed"},
    {"IMG_MGMT_ERR_FLASH_ERASE_FAILED", "erasing the flash failed"},
    {"IMG_MGMT_ERR_INVALID_SLOT", "the slot is not valid"},
    {"IMG_MGMT_ERR_NO_FREE_MEMORY", "insufficient heap memory"},
    {"IMG_MGMT_ERR_FLASH_CONTEXT_ALREADY_SET", "the flash context is already set"},
    {"IMG_MGMT_ERR_FLASH_CONTEXT_NOT_SET", "the flash context is not set"},
    {"IMG_MGMT_ERR_FLASH_AREA_DEVICE_NULL", "the flash area has no device"},
    {"IMG_MGMT_ERR_INVALID_PAGE_OFFSET", "a page's offset is invalid"},
    {"IMG_MGMT_ERR_INVALID_OFFSET", "the offset is missing"},
    {"IMG_MGMT_ERR_INVALID_LENGTH", "the length is missing"},
    {"IMG_MGMT_ERR_INVALID_IMAGE_HEADER", "the image is smaller than its header"},
    {"IMG_MGMT_ERR_INVALID_IMAGE_HEADER_MAGIC", "the image header's magic value is wrong"},
    {"IMG_MGMT_ERR_INVALID_HASH", "the hash is not valid"},
    {"IMG_MGMT_ERR_INVALID_FLASH_ADDRESS", "the image's load address does not match the flash area"},
    {"IMG_MGMT_ERR_VERSION_GET_FAILED", "the running version could not be read"},
    {"IMG_MGMT_ERR_CURRENT_VERSION_IS_NEWER", "the running application is newer than the uploaded one"},
    {"IMG_MGMT_ERR_IMAGE_ALREADY_PENDING", "an image operation is already pending"},
    {"IMG_MGMT_ERR_INVALID_IMAGE_VECTOR_TABLE", "the image's vector table is invalid"},
    {"IMG_MGMT_ERR_INVALID_IMAGE_TOO_LARGE", "the image is too large to fit"},
    {"IMG_MGMT_ERR_INVALID_IMAGE_DATA_OVERRUN", "more data was sent than the image's length"},
    {"IMG_MGMT_ERR_IMAGE_CONFIRMATION_DENIED", "confirming the image was denied"},
    {"IMG_MGMT_ERR_IMAGE_SETTING_TEST_TO_ACTIVE_DENIED", "the active slot can't be set to test"},
    {"IMG_MGMT_ERR_ACTIVE_SLOT_NOT_KNOWN", "the active slot can't be determined"},
};

constexpr Words kSettingsWords[] = {
    {"SETTINGS_MGMT_ERR_OK", "no error"},
    {"SETTINGS_MGMT_ERR_UNKNOWN", "unknown error"},
    {"SETTINGS_MGMT_ERR_KEY_TOO_LONG", "the key name is too long"},
    {"SETTINGS_MGMT_ERR_KEY_NOT_FOUND", "the key does not exist"},
    {"SETTINGS_MGMT_ERR_READ_NOT_SUPPORTED", "the key can't be read"},
    {"SETTINGS_MGMT_ERR_ROOT_KEY_NOT_FOUND", "the root key does not exist"},
    {"SETTINGS_MGMT_ERR_WRITE_NOT_SUPPORTED", "the key can't be written"},
    {"SETTINGS_MGMT_ERR_DELETE_NOT_SUPPORTED", "the key can't be deleted"},
};

constexpr Words kIdentityWords[] = {
    {"IDENTITY_ERR_OK", "no error"},
    {"IDENTITY_ERR_UNKNOWN", "unknown error"},
    {"IDENTITY_ERR_ALGORITHM", "the device can't make keys of this algorithm"},
    {"IDENTITY_ERR_NO_KEY", "the device has no key"},
    {"IDENTITY_ERR_KEY_EXISTS", "the device has a key of another algorithm"},
    {"IDENTITY_ERR_OTHER_KEY", "the device has another key than the one named"},
    {"IDENTITY_ERR_NO_CERTIFICATE", "the device has no certificate"},
    {"IDENTITY_ERR_CERTIFICATE", "the certificate can't be read or is not for the device's key"},
    {"IDENTITY_ERR_TOO_LARGE", "there is no room for as much"},
    {"IDENTITY_ERR_OFFSET", "nothing is being read or stored there; begin at 0"},
    {"IDENTITY_ERR_DIGEST", "what arrived has another digest than announced"},
    {"IDENTITY_ERR_LOCKED", "the device's identity is locked"},
    {"IDENTITY_ERR_NOT_READY", "the device has no key with a certificate to lock"},
    {"IDENTITY_ERR_COUNTER", "the counter can't go down, nor above that of the running image"},
    {"IDENTITY_ERR_PRESENCE", "a person must hold the device's button, since its identity is locked"},
    {"IDENTITY_ERR_STORAGE", "the device's storage failed"},
};

std::span<const Words> wordsOf(const std::optional<std::uint16_t>& group) {
  if (!group) {
    return kSmpWords;
  }
  switch (*group) {
    case 0:
      return kOsWords;
    case 1:
      return kImageWords;
    case 3:
      return kSettingsWords;
    case smp::kIdentityGroup:
      return kIdentityWords;
    default:
      return {};
  }
}

constexpr qsizetype kMaxReason = 200;

// A device's own words go into errors and logs: control characters must not.
QString printable(const QString& text) {
  QString result = text.left(kMaxReason);
  for (QChar& c : result) {
    if (!c.isPrint()) {
      c = QLatin1Char('?');
    }
  }
  return result;
}

}  // namespace

QString SmpRefusal::text() const {
  const std::span<const Words> table = wordsOf(group);
  QString words;
  if (code >= 0 && static_cast<std::uint64_t>(code) < table.size()) {
    const Words& entry = table[static_cast<std::size_t>(code)];
    words = QStringLiteral("%1 (%2)").arg(QLatin1String(entry.text), QLatin1String(entry.name));
  } else if (group) {
    words = QStringLiteral("error %1 of group %2").arg(code).arg(*group);
  } else {
    words = QStringLiteral("error %1").arg(code);
  }
  return reason.isEmpty() ? words : QStringLiteral("%1, \"%2\"").arg(words, reason);
}

std::optional<SmpRefusal> smpRefusal(const QCborMap& body) {
  SmpRefusal refusal;
  refusal.reason = printable(smpText(body, QLatin1String("rsn")).value_or(QString()));
  const QCborValue err = body.value(QLatin1String("err"));
  if (err.isMap()) {
    const QCborMap map = err.toMap();
    const auto group = smpInteger(map, QLatin1String("group"));
    refusal.code = smpInteger(map, QLatin1String("rc")).value_or(static_cast<std::int64_t>(SmpStatus::Unknown));
    if (refusal.code != 0) {
      refusal.group = group && *group >= 0 && *group <= 0xffff ? static_cast<std::uint16_t>(*group) : 0xffff;
      return refusal;
    }
  }
  const QCborValue rc = body.value(QLatin1String("rc"));
  if (rc.isUndefined()) {
    return std::nullopt;
  }
  // An "rc" that is no integer says that something is wrong, not that all is well.
  refusal.code = rc.toInteger(static_cast<std::int64_t>(SmpStatus::Unknown));
  return refusal.code == 0 ? std::nullopt : std::optional(refusal);
}

Error smpRefusalError(const SmpRefusal& refusal, const QString& request) {
  const ErrorCode code = refusal.is(SmpStatus::NotSupported) ? ErrorCode::NotSupported : ErrorCode::ProtocolRefused;
  return makeError(code, QStringLiteral("The device refused '%1': %2.").arg(request, refusal.text()));
}

}  // namespace sealift
