#include "devices/drivers/uboot_tftp.h"

#include "transports/links/udp_port.h"
#include "transports/protocols/uboot/network.h"

#include <QRandomGenerator>

namespace sealift {
namespace {

// U-Boot gives up by itself after ten silences of a second; this is for a device that goes on for ever.
constexpr std::chrono::seconds kBaseTime{60};
constexpr qint64 kSlowestBytesPerSecond = 64 * 1024;

// 128 bits that nobody can guess: only whom the console told asks for it.
QByteArray newFileName() {
  QRandomGenerator* random = QRandomGenerator::system();
  const auto part = [random] { return QByteArray::number(random->generate64(), 16).rightJustified(16, '0'); };
  return "sealift-" + part() + part();
}

}  // namespace

tl::unexpected<Error> otherBytesArrived(const QString& what) {
  return fail(ErrorCode::DeviceWriteFailed, what,
              QStringLiteral("Nothing was written to storage. Somebody else may have answered in the device's network; "
                             "look into that before you try again."));
}

Result<QHostAddress> UbootTftp::deviceAddress(const CancelToken& cancel) {
  using AddressFrom = UbootTftpSettings::AddressFrom;
  UbootNetwork network(console_);
  if (tftp_.addressFrom == AddressFrom::Model) {
    SEALIFT_CHECK(network.setAddress(tftp_.address, tftp_.prefixLength, cancel));
  } else if (tftp_.addressFrom == AddressFrom::Dhcp) {
    SEALIFT_CHECK(network.askDhcp(cancel));
  }
  SEALIFT_TRY(const std::optional<QHostAddress> address, network.address(cancel));
  if (!address) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The device has no network address."),
                QStringLiteral("Connect the device's network; a DHCP server, or ipaddr in U-Boot's environment, gives "
                               "it an address."));
  }
  return *address;
}

Result<std::unique_ptr<TftpService>> UbootTftp::serve(const Image& image, const QHostAddress& device,
                                                      const QHostAddress& own, const QByteArray& fileName,
                                                      const CancelToken& cancel) {
  const LinkAddress peer{LinkKind::Udp, device.toString(), tftp_.port, {}};
  return TftpService::start([this, peer, own, cancel] { return links_.openPort(peer, own, tftp_.port, cancel); },
                            [this, peer, own, cancel] { return links_.openPort(peer, own, 0, cancel); },
                            TftpOffer{fileName, image.bytes, device});
}

Status UbootTftp::send(const Image& image, StepContext& step) {
  SEALIFT_TRY(const QHostAddress device, deviceAddress(step.cancel));
  QHostAddress own = tftp_.server;
  if (own.isNull()) {
    SEALIFT_TRY(own, ownAddressTowards(device));
  }
  const QByteArray fileName = newFileName();
  SEALIFT_TRY(const auto service, serve(image, device, own, fileName, step.cancel));
  step.note(QStringLiteral("The device at %1 takes the image by TFTP from %2.").arg(device.toString(), own.toString()));

  const TftpCounters& counters = service->counters();
  UbootTftpLoad load;
  load.server = own;
  load.port = tftp_.port;
  load.fileName = fileName;
  load.address = settings_.imageAddress;
  load.blockBytes = tftp_.blockBytes;
  load.windowBlocks = tftp_.windowBlocks;
  load.time = kBaseTime + std::chrono::seconds(image.bytes.size() / kSlowestBytesPerSecond);
  load.meanwhile = [&] { step.progress.setBytes(counters.acknowledgedBytes, image.bytes.size()); };
  const Result<quint64> loaded = UbootNetwork(console_).load(load, step.cancel);
  if (const int others = counters.strangers; others > 0) {
    step.note(QStringLiteral("%1 packets of others came to the TFTP server and were not answered.").arg(others));
  }
  if (!loaded && counters.requests == 0 && loaded.error().code == ErrorCode::ProtocolRefused) {
    Error error =
        makeError(ErrorCode::Timeout, QStringLiteral("No request for the image came from %1.").arg(device.toString()),
                  QStringLiteral("Check the network cable, and that this computer's firewall lets UDP port %1 "
                                 "in for Sealift.")
                      .arg(tftp_.port));
    error.cause = std::make_shared<const Error>(loaded.error());
    return fail(std::move(error));
  }
  if (!loaded) {
    const std::optional<Error> failure = service->failure();
    return failure ? fail(*failure) : tl::unexpected<Error>(loaded.error());
  }
  // U-Boot takes what anybody sends who answers first. This much is seen at once; the rest the loader proves.
  if (counters.requests == 0) {
    return fail(ErrorCode::DeviceWriteFailed,
                QStringLiteral("The device received a file, but not from this computer: another TFTP server answered."),
                QStringLiteral("Nothing was written to storage. Find out who answers for %1 in the device's network.")
                    .arg(own.toString()));
  }
  if (*loaded != static_cast<quint64>(image.bytes.size())) {
    return otherBytesArrived(
        QStringLiteral("The device received %1 bytes; the image has %2.").arg(*loaded).arg(image.bytes.size()));
  }
  return {};
}

}  // namespace sealift
