#include "devices/virtual/virtual_usb_link.h"

#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {

namespace {

using std::chrono::milliseconds;

constexpr qsizetype kPiece = 16 * 1024;  // what Linux's usbfs hands to the bus at once
constexpr milliseconds kSlice{20};       // how soon a cancel is noticed

// bmRequestType (USB 2.0, table 9-2).
constexpr quint8 kStandardToInterface = 0x01;
constexpr quint8 kStandardToEndpoint = 0x02;
constexpr quint8 kToHost = 0x80;

// bRequest (table 9-4).
constexpr quint8 kClearFeature = 1;
constexpr quint8 kSetInterface = 11;

}  // namespace

VirtualUsbLink::VirtualUsbLink(const std::shared_ptr<VirtualUsbWire>& wire, const UsbDeviceInfo& device, quint64 visit,
                               quint64 number)
    : wire_(wire), device_(device), claims_(device), visit_(visit), number_(number) {}

VirtualUsbLink::~VirtualUsbLink() {
  const std::scoped_lock lock(wire_->mutex);
  VirtualUsbSocket* mine = socket();
  if (mine == nullptr) {
    return;
  }
  for (const int interfaceNumber : mine->claims.keys(number_)) {
    mine->claims.remove(interfaceNumber);
  }
}

QString VirtualUsbLink::description() const {
  return usbLinkName(device_);
}

// Null once the device that was opened is gone, whatever came to its place since.
VirtualUsbSocket* VirtualUsbLink::socket() {
  VirtualUsbSocket* there = wire_->present(device_.place);
  return there != nullptr && there->visit == visit_ ? there : nullptr;
}

tl::unexpected<Error> VirtualUsbLink::lost() const {
  return fail(ErrorCode::LinkLost, QStringLiteral("%1 went away.").arg(description()));
}

Status VirtualUsbLink::claim(int interfaceNumber, int alternate, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  const std::scoped_lock lock(wire_->mutex);
  VirtualUsbSocket* mine = socket();
  if (mine == nullptr) {
    return lost();
  }
  SEALIFT_CHECK(claims_.checkExists(interfaceNumber, alternate));
  if (wire_->at(device_.place).occupied.contains(interfaceNumber) ||
      mine->claims.value(interfaceNumber, number_) != number_) {
    return fail(
        ErrorCode::LinkOpen,
        QStringLiteral("Interface %1 of %2 is in use by another program.").arg(interfaceNumber).arg(description()));
  }
  mine->claims.insert(interfaceNumber, number_);
  claims_.add(interfaceNumber, alternate);
  const UsbRequest request{kStandardToInterface, kSetInterface, static_cast<quint16>(alternate),
                           static_cast<quint16>(interfaceNumber)};
  if (mine->core.control({request, 0}, {}).kind != UsbAnswer::Kind::Done) {
    return fail(ErrorCode::ProtocolRefused,
                QStringLiteral("%1 refused alternate setting %2.").arg(description()).arg(alternate));
  }
  return {};
}

// Counts one transfer, and pulls the plug where a test wants that.
Status VirtualUsbLink::begin(const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  if (socket() == nullptr) {
    return lost();
  }
  VirtualUsbWire::Place& place = wire_->at(device_.place);
  ++place.transfers;
  if (place.transfers == place.unplugAt) {
    place.unplugAt = 0;
    wire_->unplug(device_.place);
    return lost();
  }
  return {};
}

Status VirtualUsbLink::pass(std::unique_lock<std::mutex>& lock, milliseconds time, const Deadline& deadline,
                            const CancelToken& cancel) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (socket() != nullptr && std::chrono::steady_clock::now() < end) {
    SEALIFT_CHECK(cancel.check());
    if (deadline.passed()) {
      return deadline.timeout();
    }
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    wire_->change.wait_for(lock, std::min({left, kSlice, std::max(deadline.remaining(), milliseconds(1))}));
  }
  return socket() == nullptr ? Status(lost()) : Status();
}

Result<QByteArray> VirtualUsbLink::transfer(const Offer& offer, const QString& what, const Deadline& deadline,
                                            const CancelToken& cancel) {
  std::unique_lock lock(wire_->mutex);
  while (true) {
    SEALIFT_CHECK(cancel.check());
    VirtualUsbSocket* mine = socket();
    if (mine == nullptr) {
      return lost();
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
    const UsbAnswer answer = offer(mine->core);
    if (answer.kind == UsbAnswer::Kind::Gone) {
      wire_->leave(*mine, answer.away);
      return lost();
    }
    SEALIFT_CHECK(pass(lock, answer.delay, deadline, cancel));
    if (answer.kind == UsbAnswer::Kind::Later) {
      continue;
    }
    if (answer.leaves) {
      wire_->leave(*socket(), answer.away);
    }
    if (answer.kind == UsbAnswer::Kind::Stall) {
      return fail(ErrorCode::ProtocolRefused, QStringLiteral("%1 refused %2.").arg(description(), what));
    }
    return answer.data;
  }
}

Result<QByteArray> VirtualUsbLink::controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                                             const CancelToken& cancel) {
  {
    const std::scoped_lock lock(wire_->mutex);
    SEALIFT_CHECK(begin(cancel));
    SEALIFT_CHECK(claims_.checkRequest(request, maxBytes));
  }
  const UsbSetup setup{
      {static_cast<quint8>(request.requestType | kToHost), request.request, request.value, request.index}, maxBytes};
  return transfer([&](UsbDeviceCore& core) { return core.control(setup, {}); }, deadline.name(), deadline, cancel);
}

Status VirtualUsbLink::controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                                  const CancelToken& cancel) {
  {
    const std::scoped_lock lock(wire_->mutex);
    SEALIFT_CHECK(begin(cancel));
    SEALIFT_CHECK(claims_.checkRequest(request, data.size()));
  }
  UsbSetup setup{request, static_cast<quint16>(data.size())};
  setup.request.requestType &= static_cast<quint8>(~kToHost);
  const auto done =
      transfer([&](UsbDeviceCore& core) { return core.control(setup, data); }, deadline.name(), deadline, cancel);
  return done ? Status() : Status(tl::unexpected<Error>(done.error()));
}

Result<QByteArray> VirtualUsbLink::bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                                          const CancelToken& cancel) {
  {
    const std::scoped_lock lock(wire_->mutex);
    SEALIFT_CHECK(begin(cancel));
    SEALIFT_CHECK(claims_.checkEndpoint(endpoint));
  }
  QByteArray bytes;
  while (bytes.size() < maxBytes) {
    const qsizetype piece = std::min(kPiece, maxBytes - bytes.size());
    auto got = transfer([&](UsbDeviceCore& core) { return core.transferIn(endpoint, piece); }, deadline.name(),
                        deadline, cancel);
    if (!got) {
      clearHalt(endpoint, got.error());
      return got;
    }
    // 5.8.3: more than the host asked for is babble.
    if (got->size() > piece) {
      return fail(ErrorCode::ProtocolMalformed, QStringLiteral("%1 sent more than was asked for.").arg(description()));
    }
    bytes += *got;
    if (got->size() < piece) {
      break;
    }
  }
  return bytes;
}

Status VirtualUsbLink::bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline,
                               const CancelToken& cancel) {
  {
    const std::scoped_lock lock(wire_->mutex);
    SEALIFT_CHECK(begin(cancel));
    SEALIFT_CHECK(claims_.checkEndpoint(endpoint));
  }
  qsizetype at = 0;
  do {
    const QByteArrayView piece = data.sliced(at, std::min(kPiece, data.size() - at));
    const auto sent = transfer([&](UsbDeviceCore& core) { return core.transferOut(endpoint, piece); }, deadline.name(),
                               deadline, cancel);
    if (!sent) {
      clearHalt(endpoint, sent.error());
      return tl::unexpected<Error>(sent.error());
    }
    at += piece.size();
  } while (at < data.size());
  return {};
}

// As usb_link.h promises: a stalled endpoint is usable again.
void VirtualUsbLink::clearHalt(quint8 endpoint, const Error& error) {
  const std::scoped_lock lock(wire_->mutex);
  VirtualUsbSocket* mine = socket();
  if (error.code == ErrorCode::ProtocolRefused && mine != nullptr) {
    (void)mine->core.control({{kStandardToEndpoint, kClearFeature, 0, endpoint}, 0}, {});
  }
}

Status VirtualUsbLink::reset(const CancelToken& cancel) {
  const std::scoped_lock lock(wire_->mutex);
  SEALIFT_CHECK(begin(cancel));
  VirtualUsbSocket* mine = socket();
  if (mine->core.reset()) {
    wire_->becomeAnother(*mine);
  } else {
    for (const int interfaceNumber : mine->claims.keys(number_)) {
      mine->claims.remove(interfaceNumber);
    }
  }
  visit_ = 0;  // the link ends with it
  return {};
}

}  // namespace sealift
