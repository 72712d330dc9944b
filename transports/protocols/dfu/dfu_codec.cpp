#include "transports/protocols/dfu/dfu_codec.h"

#include "app/base/byte_reader.h"

#include <array>

namespace sealift {

namespace {

constexpr quint8 kFunctionalType = 0x21;     // bDescriptorType of the DFU functional descriptor
constexpr qsizetype kFunctionalBytes10 = 7;  // DFU 1.0: without bcdDFUVersion
constexpr qsizetype kFunctionalBytes11 = 9;

constexpr std::array<const char*, kDfuLastState + 1> kStateNames{
    "appIDLE",        "appDETACH",        "dfuIDLE",     "dfuDNLOAD-SYNC",         "dfuDNBUSY",
    "dfuDNLOAD-IDLE", "dfuMANIFEST-SYNC", "dfuMANIFEST", "dfuMANIFEST-WAIT-RESET", "dfuUPLOAD-IDLE",
    "dfuERROR"};

struct StatusRow {
  const char* name;
  const char* meaning;
  ErrorCode error;
};

constexpr std::array<StatusRow, kDfuLastStatus + 1> kStatusRows{{
    {"OK", "no error", ErrorCode::ProtocolUnexpected},
    {"errTARGET", "the firmware is not for this device", ErrorCode::ImageFormatRefused},
    {"errFILE", "the firmware fails a test of the vendor's", ErrorCode::ImageFormatRefused},
    {"errWRITE", "its memory can't be written", ErrorCode::DeviceWriteFailed},
    {"errERASE", "its memory could not be erased", ErrorCode::DeviceWriteFailed},
    {"errCHECK_ERASED", "its memory is not blank after erasing", ErrorCode::DeviceWriteFailed},
    {"errPROG", "its memory could not be programmed", ErrorCode::DeviceWriteFailed},
    {"errVERIFY", "its memory holds something else than what was programmed", ErrorCode::DeviceVerifyFailed},
    {"errADDRESS", "an address is outside of its memory", ErrorCode::DeviceWriteFailed},
    {"errNOTDONE", "the end came before it had all the data", ErrorCode::DeviceWriteFailed},
    {"errFIRMWARE", "its firmware is damaged and can't run", ErrorCode::ProtocolRefused},
    {"errVENDOR", "an error of the vendor's own", ErrorCode::ProtocolRefused},
    {"errUSBR", "it saw an unexpected reset of the USB", ErrorCode::ProtocolRefused},
    {"errPOR", "it was unexpectedly switched on", ErrorCode::ProtocolRefused},
    {"errUNKNOWN", "something went wrong, it does not know what", ErrorCode::ProtocolRefused},
    {"errSTALLEDPKT", "it refused an unexpected request", ErrorCode::ProtocolRefused},
}};

const StatusRow& rowOf(DfuStatusCode code) {
  return kStatusRows[static_cast<std::size_t>(code) & kDfuLastStatus];
}

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ProtocolMalformed, what);
}

}  // namespace

QString dfuStateName(DfuState state) {
  const auto index = static_cast<std::size_t>(state);
  return index < kStateNames.size() ? QString::fromLatin1(kStateNames[index]) : QString::number(index);
}

QString dfuStatusName(DfuStatusCode code) {
  return QString::fromLatin1(rowOf(code).name);
}

QString dfuStatusMeaning(DfuStatusCode code) {
  return QString::fromLatin1(rowOf(code).meaning);
}

Result<DfuStatus> parseDfuStatus(QByteArrayView bytes) {
  if (bytes.size() != kDfuStatusBytes) {
    return malformed(QStringLiteral("The device's status has %1 bytes instead of 6.").arg(bytes.size()));
  }
  ByteReader reader(bytes);
  const quint8 code = reader.u8();
  const quint32 pollLow = reader.le16();
  const quint32 pollHigh = reader.u8();
  const quint8 state = reader.u8();
  const quint8 text = reader.u8();
  if (code > kDfuLastStatus || state > kDfuLastState) {
    return malformed(
        QStringLiteral("The device tells status %1 in state %2, which DFU does not have.").arg(code).arg(state));
  }
  return DfuStatus{static_cast<DfuStatusCode>(code), std::chrono::milliseconds(pollHigh << 16 | pollLow),
                   static_cast<DfuState>(state), text};
}

Result<DfuState> parseDfuState(QByteArrayView bytes) {
  if (bytes.size() != 1 || static_cast<quint8>(bytes[0]) > kDfuLastState) {
    return malformed(QStringLiteral("The device tells a state that DFU does not have."));
  }
  return static_cast<DfuState>(bytes[0]);
}

Error dfuStatusError(const DfuStatus& status) {
  const StatusRow& row = rowOf(status.code);
  return makeError(row.error, QStringLiteral("The device reports %1 (%2).")
                                  .arg(QString::fromLatin1(row.name), QString::fromLatin1(row.meaning)));
}

std::optional<DfuFunctional> findDfuFunctional(QByteArrayView descriptors) {
  ByteReader reader(descriptors);
  while (reader.remaining() >= 2) {
    const qsizetype length = reader.u8();
    const quint8 type = reader.u8();
    ByteReader body(reader.take(length - 2));
    if (reader.failed()) {
      return std::nullopt;
    }
    if (type != kFunctionalType || length < kFunctionalBytes10) {
      continue;
    }
    DfuFunctional functional;
    const quint8 attributes = body.u8();
    functional.canDownload = (attributes & 0x01U) != 0;
    functional.canUpload = (attributes & 0x02U) != 0;
    functional.manifestationTolerant = (attributes & 0x04U) != 0;
    functional.willDetach = (attributes & 0x08U) != 0;
    functional.detachTimeOut = body.le16();
    functional.transferSize = body.le16();
    if (length >= kFunctionalBytes11) {
      functional.version = body.le16();
    }
    if (functional.transferSize == 0) {
      return std::nullopt;  // nothing could ever be sent
    }
    return functional;
  }
  return std::nullopt;
}

}  // namespace sealift
