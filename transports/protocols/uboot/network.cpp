#include "transports/protocols/uboot/network.h"

#include "transports/protocols/uboot/environment.h"

#include <QRegularExpression>

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kDhcpTime{60'000};
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kAbortTime{15'000};
constexpr quint16 kWellKnownPort = 69;

QByteArray textOf(const QHostAddress& address) {
  return address.toString().toLatin1();
}

}  // namespace

bool UbootNetwork::isHostAddress(const QHostAddress& address) {
  return address.protocol() == QAbstractSocket::IPv4Protocol && !address.isLoopback() && !address.isMulticast() &&
         !address.isBroadcast() && (address.toIPv4Address() >> 24) != 0;
}

Result<std::optional<QHostAddress>> UbootNetwork::address(const CancelToken& cancel) {
  SEALIFT_TRY(const std::optional<QByteArray> text, UbootEnvironment(console_).get("ipaddr", cancel));
  const QHostAddress address(QString::fromLatin1(text.value_or(QByteArray()).trimmed()));
  return isHostAddress(address) ? std::optional(address) : std::nullopt;
}

Status UbootNetwork::setAddress(const QHostAddress& address, int prefixLength, const CancelToken& cancel) {
  const quint32 mask = prefixLength <= 0 ? 0 : 0xFFFFFFFFU << (32 - prefixLength);
  UbootEnvironment environment(console_);
  SEALIFT_CHECK(environment.set("ipaddr", textOf(address), cancel));
  return environment.set("netmask", textOf(QHostAddress(mask)), cancel);
}

Status UbootNetwork::askDhcp(const CancelToken& cancel) {
  // Otherwise U-Boot would load and perhaps start what the DHCP server names.
  SEALIFT_CHECK(UbootEnvironment(console_).set("autoload", "no", cancel));
  auto asked = console_.runOk("dhcp", kDhcpTime, cancel);
  if (!asked && asked.error().code != ErrorCode::LinkLost && asked.error().code != ErrorCode::ProtocolRefused) {
    (void)console_.recover(kAbortTime);
  }
  SEALIFT_CHECK(asked);
  return {};
}

Result<CommandResult> UbootNetwork::runLoad(const UbootTftpLoad& load, const CancelToken& cancel) {
  const Deadline deadline = Deadline::in(load.time, QStringLiteral("U-Boot to load the image by TFTP"));
  SEALIFT_TRY(const QByteArray marker, console_.start("tftpboot 0x" + QByteArray::number(load.address, 16) + " " +
                                                          textOf(load.server) + ":" + load.fileName,
                                                      {}, deadline, cancel));
  for (;;) {
    auto loaded = console_.finish(marker, deadline.sooner(kTick, deadline.name()), cancel);
    load.meanwhile();
    if (loaded || loaded.error().code != ErrorCode::Timeout) {
      return loaded;
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
  }
}

Result<quint64> UbootNetwork::load(const UbootTftpLoad& load, const CancelToken& cancel) {
  UbootEnvironment environment(console_);
  const QList<QPair<QByteArray, QByteArray>> variables = {
      {"autostart", "no"},      // only load
      {"netretry", "no"},       // say so when it fails, instead of trying for ever
      {"tftptimeout", "1000"},  // milliseconds; U-Boot's own 5 s are long on a cable
      {"tftpblocksize", QByteArray::number(load.blockBytes)},
      {"tftpwindowsize", QByteArray::number(load.windowBlocks)},
      {"tftpdstp", load.port == kWellKnownPort ? QByteArray() : QByteArray::number(load.port)},
  };
  for (const auto& [name, value] : variables) {
    SEALIFT_CHECK(environment.set(name, value, cancel));
  }
  auto run = runLoad(load, cancel);
  if (!run && run.error().code != ErrorCode::LinkLost) {
    (void)console_.recover(kAbortTime);
  }
  SEALIFT_TRY(const CommandResult loaded, std::move(run));
  if (loaded.status != 0) {
    return fail(ErrorCode::ProtocolRefused,
                QStringLiteral("U-Boot could not load the image by TFTP: %1.").arg(ubootLastWords(loaded.output)));
  }
  // "Bytes transferred = 43408 (a990 hex)"
  static const QRegularExpression line(QStringLiteral("^Bytes transferred = (\\d{1,15}) \\("),
                                       QRegularExpression::MultilineOption);
  const QRegularExpressionMatch match = line.match(QString::fromLatin1(loaded.output));
  if (!match.hasMatch()) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("U-Boot did not say how much it has received."));
  }
  return match.captured(1).toULongLong();
}

}  // namespace sealift
