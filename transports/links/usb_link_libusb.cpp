#include "transports/links/usb_link_libusb.h"

#include "transports/links/usb_devices.h"
#include "transports/links/usb_platform.h"

#include <QSet>

#include <algorithm>

namespace sealift {

namespace {

// Pieces of a bulk transfer. Two are under way towards the device, so that the bus does not idle between them; Linux
// lends all programs together 16 MiB for that (usbfs_memory_mb), which must do for many devices at once. Towards the
// host there is one at a time: behind a short packet, the next one would take what belongs to the next transfer.
constexpr qsizetype kPieceOut = 128 * 1024;
constexpr std::size_t kUnderWay = 2;
constexpr qsizetype kPieceIn = 256 * 1024;

constexpr std::chrono::seconds kNamesTime{3};  // for all strings of a device that is being opened
constexpr int kMaxNames = 64;

// USB 2.0, chapter 9.
constexpr quint8 kToHost = 0x80;
constexpr quint8 kGetDescriptor = 6;
constexpr quint8 kDescriptorString = 3;
constexpr quint16 kMaxDescriptor = 255;

quint16 le16(QByteArrayView bytes, qsizetype at) {
  return static_cast<quint16>(static_cast<quint8>(bytes[at]) | static_cast<quint8>(bytes[at + 1]) << 8);
}

}  // namespace

Result<std::unique_ptr<UsbLink>> LibusbLink::open(const QString& place, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(LibusbContext context, makeLibusbContext());
  libusb_device_handle* handle = nullptr;
  int status = LIBUSB_ERROR_NO_DEVICE;
  UsbDeviceInfo info;
  SEALIFT_CHECK(forEachUsbDevice(context.get(), [&](libusb_device* device) {
    if (usbPlaceOf(device) != place) {
      return false;
    }
    info = describeUsbDevice(device);
    fillUsbStrings(device, info);
    status = libusb_open(device, &handle);
    return true;
  }));
  if (status == LIBUSB_ERROR_NO_DEVICE || status == LIBUSB_ERROR_NOT_FOUND) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("Nothing is plugged in at USB %1.").arg(place));
  }
  // Windows says NOT_SUPPORTED of a device without a driver that libusb can use.
  if (status == LIBUSB_ERROR_ACCESS || status == LIBUSB_ERROR_NOT_SUPPORTED) {
    return fail(ErrorCode::LinkPermission, QStringLiteral("You may not open the device at %1.").arg(usbLinkName(info)),
                usbPermissionRemedy(info));
  }
  if (status != 0) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("%1 could not be opened: %2.")
                                         .arg(usbLinkName(info), QString::fromLatin1(libusb_error_name(status))));
  }
  info.readable = true;
  std::unique_ptr<LibusbLink> link(new LibusbLink(std::move(context), handle, info));
  link->readNames(libusb_get_device(handle), cancel);
  SEALIFT_CHECK(cancel.check());
  return link;
}

LibusbLink::LibusbLink(LibusbContext context, libusb_device_handle* handle, const UsbDeviceInfo& device)
    : context_(std::move(context)),
      handle_(handle),
      device_(device),
      claims_(device),
      transfers_(context_.get(), handle) {}

LibusbLink::~LibusbLink() {
  if (transfers_.takeBack()) {
    giveBack();
    libusb_close(handle_);
  } else {
    // The system still has a transfer of ours: what it points to has to stay.
    (void)context_.release();
  }
}

QString LibusbLink::description() const {
  return usbLinkName(device_);
}

// The names of alternate settings are known to the device alone. Whatever goes wrong, a name stays empty.
void LibusbLink::readNames(libusb_device* device, const CancelToken& cancel) {
  libusb_config_descriptor* raw = nullptr;
  if (libusb_get_active_config_descriptor(device, &raw) != 0) {
    return;
  }
  const std::unique_ptr<libusb_config_descriptor, decltype(&libusb_free_config_descriptor)> configuration(
      raw, &libusb_free_config_descriptor);
  const Deadline deadline = Deadline::in(kNamesTime, QStringLiteral("names of its parts"));
  const UsbRequest languages{kToHost, kGetDescriptor, kDescriptorString << 8, 0};
  qsizetype at = 0;
  int asked = 0;
  std::optional<quint16> language;
  for (int i = 0; i < configuration->bNumInterfaces; ++i) {
    const libusb_interface& one = configuration->interface[i];
    for (int j = 0; j < one.num_altsetting && at < device_.alternates.size(); ++j, ++at) {
      UsbAlternate& alternate = device_.alternates[at];
      if (one.altsetting[j].iInterface == 0 || !alternate.name.isEmpty() || ++asked > kMaxNames) {
        continue;
      }
      if (!language) {
        const Result<QByteArray> told = controlIn(languages, kMaxDescriptor, deadline, cancel);
        if (!told || told->size() < 4) {
          return;
        }
        language = le16(*told, 2);  // 9.6.7: the first language that the device speaks
      }
      alternate.name = readString(one.altsetting[j].iInterface, *language, deadline, cancel);
    }
  }
}

QString LibusbLink::readString(quint8 index, quint16 language, const Deadline& deadline, const CancelToken& cancel) {
  const UsbRequest request{kToHost, kGetDescriptor, static_cast<quint16>(kDescriptorString << 8 | index), language};
  const Result<QByteArray> bytes = controlIn(request, kMaxDescriptor, deadline, cancel);
  if (!bytes || bytes->size() < 2 || static_cast<quint8>(bytes->at(1)) != kDescriptorString) {
    return {};
  }
  const qsizetype end = std::min<qsizetype>(bytes->size(), static_cast<quint8>(bytes->at(0)));
  QString text;
  for (qsizetype at = 2; at + 1 < end; at += 2) {
    text += QChar(le16(*bytes, at));
  }
  return text;
}

Status LibusbLink::checkUsable(const CancelToken& cancel) const {
  SEALIFT_CHECK(cancel.check());
  if (lost_) {
    return fail(ErrorCode::LinkLost, QStringLiteral("%1 went away.").arg(description()));
  }
  return {};
}

tl::unexpected<Error> LibusbLink::lost() {
  lost_ = true;
  return fail(ErrorCode::LinkLost, QStringLiteral("%1 went away.").arg(description()));
}

tl::unexpected<Error> LibusbLink::failed(int status, const QString& doing) {
  if (status == LIBUSB_ERROR_NO_DEVICE) {
    return lost();
  }
  lost_ = true;
  return fail(ErrorCode::LinkLost, QStringLiteral("%1 does not work any more (%2 while: %3).")
                                       .arg(description(), QString::fromLatin1(libusb_error_name(status)), doing));
}

// A driver of the system may have the interface: it is asked to let go, and told in the end that it may come back.
Status LibusbLink::letGoOfDriver(int interfaceNumber) {
  if (libusb_kernel_driver_active(handle_, interfaceNumber) != 1) {
    return {};
  }
  const int status = libusb_detach_kernel_driver(handle_, interfaceNumber);
  if (status == 0) {
    detached_.append(interfaceNumber);
  } else if (status == LIBUSB_ERROR_NO_DEVICE) {
    return lost();
  } else if (status != LIBUSB_ERROR_NOT_FOUND) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The system's driver keeps interface %1 of %2: %3.")
                                         .arg(interfaceNumber)
                                         .arg(description(), QString::fromLatin1(libusb_error_name(status))));
  }
  return {};
}

Status LibusbLink::claim(int interfaceNumber, int alternate, const CancelToken& cancel) {
  SEALIFT_CHECK(checkUsable(cancel));
  SEALIFT_CHECK(claims_.checkExists(interfaceNumber, alternate));
  if (!claims_.contains(interfaceNumber)) {
    SEALIFT_CHECK(letGoOfDriver(interfaceNumber));
    const int status = libusb_claim_interface(handle_, interfaceNumber);
    if (status == LIBUSB_ERROR_NO_DEVICE) {
      return lost();
    }
    if (status != 0) {
      const QString why = status == LIBUSB_ERROR_BUSY ? QStringLiteral("another program uses it")
                                                      : QString::fromLatin1(libusb_error_name(status));
      return fail(ErrorCode::LinkOpen,
                  QStringLiteral("Interface %1 of %2 can't be had: %3.").arg(interfaceNumber).arg(description(), why));
    }
  }
  claims_.add(interfaceNumber, alternate);
  const int status = claims_.needsSelection(interfaceNumber)
                         ? libusb_set_interface_alt_setting(handle_, interfaceNumber, alternate)
                         : 0;
  if (status == LIBUSB_ERROR_NO_DEVICE) {
    return lost();
  }
  if (status != 0) {
    return fail(ErrorCode::ProtocolRefused, QStringLiteral("%1 refused alternate setting %2 of interface %3.")
                                                .arg(description())
                                                .arg(alternate)
                                                .arg(interfaceNumber));
  }
  return {};
}

// All are let go before a driver is called back, since one driver may want several interfaces (CDC ACM wants two).
void LibusbLink::giveBack() {
  const QList<int> interfaces = claims_.interfaces();
  for (const int interfaceNumber : interfaces) {
    (void)libusb_release_interface(handle_, interfaceNumber);
  }
  std::sort(detached_.begin(), detached_.end());
  for (const int interfaceNumber : std::as_const(detached_)) {
    (void)libusb_attach_kernel_driver(handle_, interfaceNumber);
  }
  claims_.clear();
  detached_.clear();
}

Status LibusbLink::begin(LibusbTransfer::Type type, quint8 endpoint, const QByteArray& buffer, const Deadline& deadline,
                         const CancelToken& cancel) {
  while (true) {
    const int status = transfers_.begin(type, endpoint, buffer);
    if (status == 0) {
      return {};
    }
    if (status != LIBUSB_ERROR_NO_MEM) {
      return failed(status, deadline.name());
    }
    // The system lends only so much memory; others use it now.
    SEALIFT_CHECK(cancel.check());
    if (deadline.passed()) {
      return deadline.timeout();
    }
    transfers_.pause(deadline);
  }
}

// The oldest transfer that is under way, if it went well. Otherwise none is under way any more.
Result<LibusbTransfer> LibusbLink::finish(quint8 endpoint, const Deadline& deadline, const CancelToken& cancel) {
  Result<LibusbTransfer> transfer = transfers_.next(deadline, cancel);
  if (!transfer || transfer->status() == LIBUSB_TRANSFER_COMPLETED) {
    return transfer;
  }
  const libusb_transfer_status status = transfer->status();
  (void)transfers_.takeBack();
  switch (status) {
    case LIBUSB_TRANSFER_STALL:
      // USB 2.0, 9.4.5: endpoint 0 recovers with the next request, others stay halted until they are cleared.
      if (endpoint != 0 && libusb_clear_halt(handle_, endpoint) == LIBUSB_ERROR_NO_DEVICE) {
        return lost();
      }
      return fail(ErrorCode::ProtocolRefused,
                  QStringLiteral("%1 refused the request: %2.").arg(description(), deadline.name()));
    case LIBUSB_TRANSFER_OVERFLOW:
      return fail(ErrorCode::ProtocolMalformed,
                  QStringLiteral("%1 sent more than was asked for: %2.").arg(description(), deadline.name()));
    case LIBUSB_TRANSFER_NO_DEVICE:
      return lost();
    default:
      // Linux notices that a device is gone some time after its transfers begin to fail.
      return failed(LIBUSB_ERROR_IO, deadline.name());
  }
}

Result<QByteArray> LibusbLink::control(const UsbRequest& request, const QByteArray& data, const Deadline& deadline,
                                       const CancelToken& cancel) {
  SEALIFT_CHECK(checkUsable(cancel));
  SEALIFT_CHECK(claims_.checkRequest(request, data.size()));
  QByteArray buffer(LIBUSB_CONTROL_SETUP_SIZE, '\0');
  libusb_fill_control_setup(reinterpret_cast<unsigned char*>(buffer.data()), request.requestType, request.request,
                            request.value, request.index, static_cast<quint16>(data.size()));
  SEALIFT_CHECK(begin(LibusbTransfer::Type::Control, 0, buffer + data, deadline, cancel));
  SEALIFT_TRY(const LibusbTransfer transfer, finish(0, deadline, cancel));
  return transfer.received();
}

Result<QByteArray> LibusbLink::controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                                         const CancelToken& cancel) {
  UsbRequest towardsHost = request;
  towardsHost.requestType |= kToHost;
  return control(towardsHost, QByteArray(maxBytes, '\0'), deadline, cancel);
}

Status LibusbLink::controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                              const CancelToken& cancel) {
  UsbRequest towardsDevice = request;
  towardsDevice.requestType &= static_cast<quint8>(~kToHost);
  SEALIFT_CHECK(control(towardsDevice, data.toByteArray(), deadline, cancel));
  return {};
}

Result<QByteArray> LibusbLink::bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                                      const CancelToken& cancel) {
  SEALIFT_CHECK(checkUsable(cancel));
  SEALIFT_CHECK(claims_.checkEndpoint(endpoint));
  QByteArray bytes;
  while (bytes.size() < maxBytes) {
    const QByteArray room(std::min(kPieceIn, maxBytes - bytes.size()), '\0');
    SEALIFT_CHECK(begin(LibusbTransfer::Type::Bulk, endpoint, room, deadline, cancel));
    SEALIFT_TRY(const LibusbTransfer transfer, finish(endpoint, deadline, cancel));
    bytes += transfer.received();
    if (transfer.actualLength() < transfer.length()) {
      break;
    }
  }
  return bytes;
}

Status LibusbLink::bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(checkUsable(cancel));
  SEALIFT_CHECK(claims_.checkEndpoint(endpoint));
  qsizetype at = 0;
  bool begun = false;  // without data there is one transfer, too
  while (!begun || at < data.size() || transfers_.underWay() > 0) {
    while ((!begun || at < data.size()) && transfers_.underWay() < kUnderWay) {
      const QByteArray piece = data.sliced(at, std::min(kPieceOut, data.size() - at)).toByteArray();
      if (Status status = begin(LibusbTransfer::Type::Bulk, endpoint, piece, deadline, cancel); !status) {
        (void)transfers_.takeBack();
        return status;
      }
      begun = true;
      at += piece.size();
    }
    SEALIFT_CHECK(finish(endpoint, deadline, cancel));
  }
  return {};
}

Status LibusbLink::reset(const CancelToken& cancel) {
  SEALIFT_CHECK(checkUsable(cancel));
  const int status = libusb_reset_device(handle_);
  // NOT_FOUND: it came back as another device, or is about to.
  if (status != 0 && status != LIBUSB_ERROR_NOT_FOUND) {
    return failed(status, QStringLiteral("reset"));
  }
  lost_ = true;
  return {};
}

}  // namespace sealift
