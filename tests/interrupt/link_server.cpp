#include "tests/interrupt/link_server.h"

#include "transports/links/modem_lines.h"

#include <QThread>

#include <algorithm>
#include <csignal>

namespace sealift::test {

namespace {

Deadline deadlineIn(QDataStream& arguments) {
  qint64 ms = 0;
  QString name;
  arguments >> ms >> name;
  return Deadline::in(std::chrono::milliseconds(ms), name);
}

template <class... Values>
QByteArray packed(const Values&... values) {
  QByteArray bytes;
  QDataStream stream(&bytes, QIODevice::WriteOnly);
  (void)(stream << ... << values);
  return bytes;
}

Result<QByteArray> nothingFor(const Status& done) {
  return done ? Result<QByteArray>(QByteArray()) : Result<QByteArray>(tl::unexpected<Error>(done.error()));
}

QByteArray answerOf(const Result<QByteArray>& result) {
  return result ? packed(true, *result)
                : packed(false, static_cast<qint32>(result.error().code), result.error().what, result.error().remedy);
}

bool isOperation(LinkCall what) {
  return what < LinkCall::Close;
}

bool isStep(LinkCall what) {
  return what == LinkCall::Entering || what == LinkCall::Leaving;
}

}  // namespace

LinkLog LinkServer::serve(int socket, pid_t program) {
  QByteArray message;
  while (readMessage(socket, message)) {
    QDataStream stream(message);
    quint8 number = 0;
    stream >> number >> log_.audited;
    const auto what = static_cast<LinkCall>(number);
    if (what == LinkCall::Ended) {
      stream >> log_.report;
      (void)writeMessage(socket, answerOf(QByteArray()));
      continue;
    }
    const bool strikes = isNow(what, stream);
    Result<QByteArray> result = QByteArray();
    if (!isStep(what)) {
      const bool arrives = !isOut_ && (!strikes || mishap_.reachesDevice);
      result = arrives ? carryOut(what, stream) : withoutCable(what);
    }
    if (strikes && strike(program)) {
      break;
    }
    if (strikes && !isStep(what)) {
      result = withoutCable(what);
    }
    if (!writeMessage(socket, answerOf(result))) {
      break;
    }
  }
  open_.clear();  // as the system does when a program ends
  return log_;
}

bool LinkServer::isNow(LinkCall what, QDataStream& arguments) {
  log_.operations += isOperation(what) ? 1 : 0;
  if (mishap_.kind == LinkMishap::Kind::None || hasStruck_) {
    return false;
  }
  if (mishap_.step.isEmpty()) {
    return isOperation(what) && log_.operations == mishap_.at;
  }
  if (what != (mishap_.reachesDevice ? LinkCall::Leaving : LinkCall::Entering)) {
    return false;
  }
  QString step;
  arguments >> step;
  return step == mishap_.step;
}

// Whether it was the program's end.
bool LinkServer::strike(pid_t program) {
  hasStruck_ = true;
  const auto kind = mishap_.kind;
  const bool kills = kind == LinkMishap::Kind::ProgramKilled || kind == LinkMishap::Kind::PowerCutAndProgramKilled;
  if (kills) {
    (void)::kill(program, SIGKILL);
  }
  if (kind == LinkMishap::Kind::PowerCut || kind == LinkMishap::Kind::PowerCutAndProgramKilled) {
    mishap_.powerCycle();
  }
  isOut_ = kind == LinkMishap::Kind::CableOut;
  if (isOut_) {
    open_.clear();
  }
  return kills;
}

// A device whose cable is out is not on the bus.
Result<QByteArray> LinkServer::withoutCable(LinkCall what) {
  switch (what) {
    case LinkCall::UsbDevices:
      return packed(quint32(0));
    case LinkCall::OpenBytes:
    case LinkCall::OpenDatagrams:
    case LinkCall::OpenUsb:
      return fail(ErrorCode::LinkOpen, QStringLiteral("The cable is not plugged in."));
    case LinkCall::Close:
      return QByteArray();
    default:
      return fail(ErrorCode::LinkLost, QStringLiteral("The cable was pulled."));
  }
}

Result<QByteArray> LinkServer::carryOut(LinkCall what, QDataStream& arguments) {
  if (what == LinkCall::UsbDevices) {
    SEALIFT_TRY(const QList<UsbDeviceInfo> devices, opener_.usbDevices());
    QByteArray told;
    QDataStream stream(&told, QIODevice::WriteOnly);
    stream << quint32(devices.size());
    for (const UsbDeviceInfo& device : devices) {
      stream << device;
    }
    return told;
  }
  if (what == LinkCall::OpenBytes || what == LinkCall::OpenDatagrams || what == LinkCall::OpenUsb) {
    return open(what, arguments);
  }
  quint32 number = 0;
  arguments >> number;
  if (what == LinkCall::Close) {
    open_.erase(number);
    return QByteArray();
  }
  const auto found = open_.find(number);
  if (found == open_.end()) {
    return withoutCable(what);
  }
  Open& link = found->second;
  return link.usb     ? onUsb(what, *link.usb, arguments)
         : link.bytes ? onBytes(what, *link.bytes, arguments)
                      : onDatagrams(what, *link.datagrams, arguments);
}

Result<QByteArray> LinkServer::open(LinkCall what, QDataStream& arguments) {
  QString text;
  arguments >> text;
  SEALIFT_TRY(const LinkAddress address, LinkAddress::parse(text));
  const quint32 number = ++lastNumber_;
  const CancelToken never;
  if (what == LinkCall::OpenUsb) {
    SEALIFT_TRY(std::unique_ptr<UsbLink> link, opener_.openUsb(address, never));
    const UsbDeviceInfo info = link->device();
    open_[number].usb = std::move(link);
    return packed(number, info);
  }
  if (what == LinkCall::OpenBytes) {
    SEALIFT_TRY(std::unique_ptr<ByteLink> link, opener_.openBytes(address, never));
    const bool hasLines = link->modemLines() != nullptr;
    open_[number].bytes = std::move(link);
    return packed(number, hasLines);
  }
  SEALIFT_TRY(std::unique_ptr<DatagramLink> link, opener_.openDatagrams(address, never));
  const qint64 maxBytes = link->maxDatagram();
  open_[number].datagrams = std::move(link);
  return packed(number, maxBytes);
}

Result<QByteArray> LinkServer::onUsb(LinkCall what, UsbLink& link, QDataStream& arguments) {
  const CancelToken never;
  if (what == LinkCall::Claim) {
    qint32 interfaceNumber = 0;
    qint32 alternate = 0;
    arguments >> interfaceNumber >> alternate;
    return nothingFor(link.claim(interfaceNumber, alternate, never));
  }
  if (what == LinkCall::ControlIn || what == LinkCall::ControlOut) {
    UsbRequest request;
    arguments >> request.requestType >> request.request >> request.value >> request.index;
    if (what == LinkCall::ControlIn) {
      quint16 maxBytes = 0;
      arguments >> maxBytes;
      return link.controlIn(request, maxBytes, deadlineIn(arguments), never);
    }
    QByteArray data;
    arguments >> data;
    return nothingFor(link.controlOut(request, data, deadlineIn(arguments), never));
  }
  if (what == LinkCall::UsbReset) {
    return nothingFor(link.reset(never));
  }
  quint8 endpoint = 0;
  arguments >> endpoint;
  if (what == LinkCall::BulkIn) {
    qint64 maxBytes = 0;
    arguments >> maxBytes;
    return link.bulkIn(endpoint, maxBytes, deadlineIn(arguments), never);
  }
  QByteArray data;
  arguments >> data;
  return nothingFor(link.bulkOut(endpoint, data, deadlineIn(arguments), never));
}

Result<QByteArray> LinkServer::onBytes(LinkCall what, ByteLink& link, QDataStream& arguments) {
  const CancelToken never;
  if (what == LinkCall::Read) {
    qint64 maxBytes = 0;
    arguments >> maxBytes;
    const Deadline deadline = deadlineIn(arguments);
    Result<QByteArray> came = link.read(maxBytes, deadline, never);
    if (!came && came.error().code == ErrorCode::Timeout) {  // a line within the program does not wait
      QThread::msleep(static_cast<unsigned long>(std::max<qint64>(deadline.remaining().count(), 0)));
    }
    return came;
  }
  if (what == LinkCall::Write) {
    QByteArray bytes;
    arguments >> bytes;
    return nothingFor(link.write(bytes, deadlineIn(arguments), never));
  }
  if (what == LinkCall::Discard) {
    return nothingFor(link.discardInput());
  }
  bool on = false;
  arguments >> on;
  return nothingFor(what == LinkCall::SetDtr ? link.modemLines()->setDtr(on) : link.modemLines()->setRts(on));
}

Result<QByteArray> LinkServer::onDatagrams(LinkCall what, DatagramLink& link, QDataStream& arguments) {
  const CancelToken never;
  if (what == LinkCall::Receive) {
    return link.receive(deadlineIn(arguments), never);
  }
  QByteArray datagram;
  arguments >> datagram;
  return nothingFor(link.send(datagram, deadlineIn(arguments), never));
}

}  // namespace sealift::test
