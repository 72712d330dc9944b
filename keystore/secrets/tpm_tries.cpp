#include "keystore/secrets/tpm_tries.h"

#include <QByteArray>
#include <QtEndian>

#include <array>
#include <map>
#include <memory>
#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tctildr.h>

namespace sealift {

namespace {

// TPM 2.0 Library, Part 2, 6.9 (TPM_ST), 6.5.2 (TPM_CC), 6.12 (TPM_CAP), 6.13 (TPM_PT).
constexpr quint16 kTagNoSessions = 0x8001;
constexpr quint32 kGetCapability = 0x0000017A;
constexpr quint32 kCapTpmProperties = 0x00000006;
constexpr quint32 kLockoutCounter = 0x0000020E;
constexpr quint32 kMaxAuthFail = 0x0000020F;
constexpr quint32 kLockoutInterval = 0x00000210;
constexpr quint32 kPropertyCount = 3;
constexpr std::size_t kHeaderBytes = 10;
constexpr std::size_t kMostResponseBytes = 4096;  // what ESYS uses, too (TSS2_MAX_RESPONSE_SIZE)

template <class T>
void append(QByteArray& command, T value) {
  const T bigEndian = qToBigEndian(value);
  command.append(reinterpret_cast<const char*>(&bigEndian), sizeof bigEndian);
}

// Part 3, 30.2 TPM2_GetCapability.
QByteArray propertiesCommand() {
  QByteArray command;
  append(command, kTagNoSessions);
  append(command, static_cast<quint32>(kHeaderBytes + 3 * sizeof(quint32)));
  append(command, kGetCapability);
  append(command, kCapTpmProperties);
  append(command, kLockoutCounter);
  append(command, kPropertyCount);
  return command;
}

// Header, moreData (1), capability (4), count (4), then pairs of property and value.
std::map<quint32, quint32> parseProperties(const std::array<quint8, kMostResponseBytes>& response, std::size_t size) {
  constexpr std::size_t kCountAt = kHeaderBytes + 1 + 4;
  std::map<quint32, quint32> properties;
  const auto word = [&](std::size_t at) { return qFromBigEndian<quint32>(response.data() + at); };
  if (size < kCountAt + 4 || size > response.size() || word(6) != 0) {
    return properties;
  }
  const quint32 count = word(kCountAt);
  for (std::size_t i = 0, at = kCountAt + 4; i < count && at + 8 <= size; ++i, at += 8) {
    properties[word(at)] = word(at + 4);
  }
  return properties;
}

struct TctiEnd {
  void operator()(TSS2_TCTI_CONTEXT* tcti) const { Tss2_TctiLdr_Finalize(&tcti); }
};

}  // namespace

std::optional<TpmTries> readTpmTries(const QString& tcti) {
  const QByteArray fromEnvironment = qgetenv("TPM2OPENSSL_TCTI");
  const QByteArray configuration = tcti.isEmpty() ? fromEnvironment : tcti.toUtf8();
  TSS2_TCTI_CONTEXT* opened = nullptr;
  if (Tss2_TctiLdr_Initialize(configuration.isEmpty() ? nullptr : configuration.constData(), &opened) !=
      TSS2_RC_SUCCESS) {
    return std::nullopt;
  }
  const std::unique_ptr<TSS2_TCTI_CONTEXT, TctiEnd> connection(opened);
  const QByteArray command = propertiesCommand();
  std::array<quint8, kMostResponseBytes> response{};
  std::size_t size = response.size();
  if (Tss2_Tcti_Transmit(connection.get(), static_cast<std::size_t>(command.size()),
                         reinterpret_cast<const quint8*>(command.constData())) != TSS2_RC_SUCCESS ||
      Tss2_Tcti_Receive(connection.get(), &size, response.data(), TSS2_TCTI_TIMEOUT_BLOCK) != TSS2_RC_SUCCESS) {
    return std::nullopt;
  }
  const std::map<quint32, quint32> properties = parseProperties(response, size);
  const auto counter = properties.find(kLockoutCounter);
  const auto most = properties.find(kMaxAuthFail);
  const auto interval = properties.find(kLockoutInterval);
  if (counter == properties.end() || most == properties.end() || interval == properties.end()) {
    return std::nullopt;
  }
  const quint32 left = counter->second >= most->second ? 0 : std::min(most->second - counter->second, 1'000'000U);
  return TpmTries{static_cast<int>(left), std::chrono::seconds(interval->second)};
}

}  // namespace sealift
