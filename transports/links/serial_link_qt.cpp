#include "transports/links/serial_link.h"

#include <QFileInfo>
#include <QSerialPort>

namespace sealift {
namespace {

class QtSerialLink final : public ByteLink {
 public:
  Status open(const QString& port, int baud);

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override;
  QString description() const override;

 private:
  Status checkStillThere();

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

Status QtSerialLink::open(const QString& port, int baud) {
  name_ = port;
  port_.setPortName(port);
  if (!port_.open(QIODevice::ReadWrite)) {
    return openError(port_, name_);
  }
  const bool set = port_.setBaudRate(baud) && port_.setDataBits(QSerialPort::Data8) &&
                   port_.setParity(QSerialPort::NoParity) && port_.setStopBits(QSerialPort::OneStop) &&
                   port_.setFlowControl(QSerialPort::NoFlowControl);
  if (!set) {
    return fail(ErrorCode::LinkOpen,
                QStringLiteral("%1 can't be set to %2 baud: %3.").arg(port).arg(baud).arg(port_.errorString()));
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
  return QStringLiteral("serial %1, %2 baud").arg(name_).arg(port_.baudRate());
}

}  // namespace

Result<std::unique_ptr<ByteLink>> openSerialLink(const QString& port, int baud) {
  auto link = std::make_unique<QtSerialLink>();
  SEALIFT_CHECK(link->open(port, baud));
  return std::unique_ptr<ByteLink>(std::move(link));
}

}  // namespace sealift
