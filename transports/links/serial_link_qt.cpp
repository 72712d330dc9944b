#include "transports/links/modem_lines.h"
#include "transports/links/serial_link.h"

#include <QFileInfo>
#include <QSerialPort>

namespace sealift {
namespace {

class QtSerialLink final : public ByteLink, public ModemLines {
 public:
  Status open(const QString& port, int baud, SerialParity parity);

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override;
  QString description() const override;
  ModemLines* modemLines() override { return this; }
  Status setDtr(bool on) override { return lineSet(port_.setDataTerminalReady(on), "DTR"); }
  Status setRts(bool on) override { return lineSet(port_.setRequestToSend(on), "RTS"); }

 private:
  Status checkStillThere();
  Status lineSet(bool done, const char* line);

  QSerialPort port_;
  QString name_;  // as given: the port itself forgets the folder
};

tl::unexpected<Error> openError(const QSerialPort& port, const QString& name) {
  // The error does not tell "no right to open it" from "somebody else has it": both are PermissionError.
  const QFileInfo node(name.startsWith(QLatin1Char('/')) ? name : QStringLiteral("/dev/") + name);
  if (port.error() == QSerialPort::PermissionError && node.exists() && !(node.isReadable() && node.isWritable())) {
    const QString group = node.group();
    const QString what =
        QStringLiteral("You may not open %1: it belongs to user %2 and group %3.").arg(name, node.owner(), group);
    // Joining root's own group would give far more than one port.
    if (group.isEmpty() || group == QLatin1String("root")) {
      return fail(ErrorCode::LinkPermission, what,
                  QStringLiteral("Install Sealift's udev rules (70-sealift.rules), then unplug the device and plug it "
                                 "in again."));
    }
    return fail(ErrorCode::LinkPermission, what,
                QStringLiteral("Run \"sudo usermod -aG %1 $USER\" and sign in again, or install Sealift's udev rules "
                               "(70-sealift.rules) and reconnect the device.")
                    .arg(group));
  }
  if (port.error() == QSerialPort::PermissionError) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("%1 is in use by another program.").arg(name),
                QStringLiteral("Close the other program (a terminal, ModemManager, another Sealift) and try again."));
  }
  if (port.error() == QSerialPort::DeviceNotFoundError) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("There is no serial port %1.").arg(name));
  }
  return fail(ErrorCode::LinkOpen, QStringLiteral("%1 could not be opened: %2.").arg(name, port.errorString()));
}

QSerialPort::Parity parityOf(SerialParity parity) {
  switch (parity) {
    case SerialParity::Even:
      return QSerialPort::EvenParity;
    case SerialParity::Odd:
      return QSerialPort::OddParity;
    case SerialParity::None:
      break;
  }
  return QSerialPort::NoParity;
}

const char* parityWords(QSerialPort::Parity parity) {
  return parity == QSerialPort::EvenParity ? ", even parity" : parity == QSerialPort::OddParity ? ", odd parity" : "";
}

// What emulators and relays offer in place of a port. It carries whole bytes, and Linux refuses to set parity on it.
bool isPseudoTerminal(const QString& port) {
  return QFileInfo(port).canonicalFilePath().startsWith(QLatin1String("/dev/pts/"));
}

Status QtSerialLink::open(const QString& port, int baud, SerialParity parity) {
  name_ = port;
  port_.setPortName(port);
  if (!port_.open(QIODevice::ReadWrite)) {
    return openError(port_, name_);
  }
  if (isPseudoTerminal(port)) {
    parity = SerialParity::None;
  }
  const bool set = port_.setBaudRate(baud) && port_.setDataBits(QSerialPort::Data8) &&
                   port_.setParity(parityOf(parity)) && port_.setStopBits(QSerialPort::OneStop) &&
                   port_.setFlowControl(QSerialPort::NoFlowControl);
  if (!set) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("%1 can't be set to %2 baud%3: %4.")
                                         .arg(port)
                                         .arg(baud)
                                         .arg(QLatin1String(parityWords(parityOf(parity))), port_.errorString()));
  }
  return {};
}

// A wait that ran out of time is the only error after which the port still works.
Status QtSerialLink::checkStillThere() {
  const QSerialPort::SerialPortError error = port_.error();
  if (port_.isOpen() && (error == QSerialPort::NoError || error == QSerialPort::TimeoutError)) {
    port_.clearError();
    return {};
  }
  return fail(ErrorCode::LinkLost, QStringLiteral("The serial port %1 went away.").arg(name_));
}

Result<QByteArray> QtSerialLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    if (port_.bytesAvailable() > 0) {
      return port_.read(maxBytes);
    }
    if (!port_.waitForReadyRead(deadline.sliceMs())) {
      SEALIFT_CHECK(checkStillThere());
      if (deadline.passed()) {
        return deadline.timeout();
      }
    }
  }
}

Status QtSerialLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  if (port_.write(bytes.data(), bytes.size()) != bytes.size()) {
    return fail(ErrorCode::LinkLost, QStringLiteral("The serial port %1 takes no more bytes.").arg(name_));
  }
  while (port_.bytesToWrite() > 0) {
    if (port_.waitForBytesWritten(deadline.sliceMs())) {
      continue;
    }
    SEALIFT_CHECK(checkStillThere());
    // What was not sent by now must not come out in front of a later command.
    if (cancel.isCancelled() || deadline.passed()) {
      port_.clear(QSerialPort::Output);
      return cancel.isCancelled() ? cancel.check() : Status(deadline.timeout());
    }
  }
  return {};
}

Status QtSerialLink::discardInput() {
  if (!port_.clear(QSerialPort::Input)) {
    return fail(ErrorCode::LinkLost, QStringLiteral("The serial port %1 went away.").arg(name_));
  }
  return {};
}

QString QtSerialLink::description() const {
  return QStringLiteral("serial %1, %2 baud%3")
      .arg(name_)
      .arg(port_.baudRate())
      .arg(QLatin1String(parityWords(port_.parity())));
}

Status QtSerialLink::lineSet(bool done, const char* line) {
  if (done) {
    return {};
  }
  const QSerialPort::SerialPortError error = port_.error();
  const QString reason = port_.errorString();
  port_.clearError();
  if (error == QSerialPort::ResourceError) {
    return fail(ErrorCode::LinkLost, QStringLiteral("The serial port %1 went away.").arg(name_));
  }
  return fail(ErrorCode::NotSupported,
              QStringLiteral("The line %1 of %2 can't be set: %3.").arg(QLatin1String(line), name_, reason),
              QStringLiteral("Use an adapter with this line, or start the device's bootloader by hand."));
}

}  // namespace

Result<std::unique_ptr<ByteLink>> openSerialLink(const QString& port, int baud, SerialParity parity) {
  auto link = std::make_unique<QtSerialLink>();
  SEALIFT_CHECK(link->open(port, baud, parity));
  return std::unique_ptr<ByteLink>(std::move(link));
}

}  // namespace sealift
