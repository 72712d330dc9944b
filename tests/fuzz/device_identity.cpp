// What comes from devices and CAs in DER. The first byte says what it is: 0 a certificate, 1 a request, 2 a list of
// revoked certificates; the rest is that.
#include "keystore/crypto/certificate_request.h"
#include "keystore/crypto/device_certificate.h"
#include "keystore/crypto/pem.h"
#include "keystore/crypto/revocation_list.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const QByteArray bytes = fuzz::toBytes(data, size);
  const QByteArray der = bytes.sliced(1);
  static const QDateTime kAt(QDate(2026, 3, 1), QTime(8, 0), Qt::UTC);
  if (bytes[0] == 0) {
    const auto parsed = DeviceCertificate::parse(der);
    if (parsed) {
      fuzz::require(parsed->der == der, "a certificate is all of its bytes");
      fuzz::require(parsed->name.serialNumber.size() <= 64, "a serial number is no longer than the standard's");
      fuzz::require(!parsed->name.hardwareModule || !parsed->name.hardwareModule->serial.isEmpty(),
                    "a hardware module has a number");
    }
    // It is its own and only anchor: nothing that vouches for itself is a device.
    const auto checked = checkDeviceCertificate(der, {{der}, {der}, {}, false}, {QStringLiteral("SN-1"), {}}, kAt);
    fuzz::require(!checked, "no certificate vouches for itself");
  } else if (bytes[0] == 1) {
    if (const auto request = CertificateRequest::parse(der)) {
      fuzz::require(request->der == der && request->serialNumber.size() <= 64, "a request is all of its bytes");
    }
  } else {
    if (const auto list = RevocationList::parse(der)) {
      fuzz::require(list->thisUpdate.isValid() && list->nextUpdate.isValid(), "a list says how long it holds");
    }
    (void)readPemOrDer(der, kPemRevocationList);
  }
  return 0;
}
