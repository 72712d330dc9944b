#include "devices/virtual/usb_device_core.h"

#include <algorithm>

namespace sealift {

namespace {

// bmRequestType (USB 2.0, table 9-2).
constexpr quint8 kTypeMask = 0x60;
constexpr quint8 kRecipientMask = 0x1f;
constexpr quint8 kToDevice = 0;
constexpr quint8 kToInterface = 1;
constexpr quint8 kToEndpoint = 2;

// bRequest (table 9-4).
constexpr quint8 kGetStatus = 0;
constexpr quint8 kClearFeature = 1;
constexpr quint8 kSetFeature = 3;
constexpr quint8 kGetDescriptor = 6;
constexpr quint8 kGetConfiguration = 8;
constexpr quint8 kSetConfiguration = 9;
constexpr quint8 kGetInterface = 10;
constexpr quint8 kSetInterface = 11;

constexpr quint16 kEndpointHalt = 0;  // feature selector (table 9-6)

// wValue's high byte of GET_DESCRIPTOR (table 9-5).
constexpr int kDescriptorDevice = 1;
constexpr int kDescriptorConfiguration = 2;
constexpr int kDescriptorString = 3;
constexpr int kDescriptorQualifier = 6;

UsbAnswer oneByte(int value) {
  return UsbAnswer::done(QByteArray(1, static_cast<char>(value)));
}

UsbAnswer doneOrStall(const QByteArray& bytes) {
  return bytes.isEmpty() ? UsbAnswer::stall() : UsbAnswer::done(bytes);
}

}  // namespace

void UsbDeviceCore::attach() {
  function_.attach();
  describe();
  toDefaultState();
}

bool UsbDeviceCore::reset() {
  const UsbDescription before = description_;
  function_.reset();
  describe();
  toDefaultState();
  return description_ != before;
}

void UsbDeviceCore::describe() {
  description_ = function_.description();
  descriptors_ = UsbDescriptors(description_);
}

void UsbDeviceCore::toDefaultState() {
  configuration_ = 0;
  alternates_.clear();
  halted_.clear();
}

UsbAnswer UsbDeviceCore::control(const UsbSetup& setup, QByteArrayView data) {
  UsbAnswer answer =
      (setup.request.requestType & kTypeMask) == 0 ? standard(setup, data) : function_.control(setup, data);
  if (setup.toHost()) {
    answer.data.truncate(setup.length);
  } else {
    answer.data.clear();
  }
  return answer;
}

UsbAnswer UsbDeviceCore::standard(const UsbSetup& setup, QByteArrayView data) {
  const UsbRequest& request = setup.request;
  const int recipient = request.requestType & kRecipientMask;
  if (recipient == kToEndpoint && request.request != kGetDescriptor) {
    return featureOfEndpoint(setup);
  }
  switch (request.request) {
    case kGetStatus:
      return UsbAnswer::done(QByteArray(2, '\0'));  // bus powered, no remote wakeup
    case kGetDescriptor:
      return getDescriptor(setup, data);
    case kGetConfiguration:
      return oneByte(configuration_);
    case kSetConfiguration:
      if (request.value > 1) {
        return UsbAnswer::stall();
      }
      toDefaultState();
      configuration_ = static_cast<quint8>(request.value);
      return UsbAnswer::done();
    case kGetInterface:
      return recipient == kToInterface && find(request.index, 0) != nullptr ? oneByte(alternates_.value(request.index))
                                                                            : UsbAnswer::stall();
    case kSetInterface:
      return recipient == kToInterface ? setInterface(request.index, request.value) : UsbAnswer::stall();
    case kClearFeature:
    case kSetFeature:
      return recipient == kToDevice ? UsbAnswer::stall() : UsbAnswer::done();
    default:
      return UsbAnswer::stall();
  }
}

UsbAnswer UsbDeviceCore::getDescriptor(const UsbSetup& setup, QByteArrayView data) {
  const auto index = static_cast<quint8>(setup.request.value & 0xff);
  switch (setup.request.value >> 8) {
    case kDescriptorDevice:
      return UsbAnswer::done(descriptors_.device());
    case kDescriptorConfiguration:
      return index == 0 ? UsbAnswer::done(descriptors_.configuration()) : UsbAnswer::stall();
    case kDescriptorString:
      return doneOrStall(descriptors_.string(index));
    case kDescriptorQualifier:
      return UsbAnswer::stall();  // 9.6.2: a device of one speed has none
    default:
      return function_.control(setup, data);  // of its class
  }
}

UsbAnswer UsbDeviceCore::setInterface(int interfaceNumber, int alternate) {
  const UsbAlternate* chosen = find(interfaceNumber, alternate);
  if (chosen == nullptr || !function_.selectAlternate(interfaceNumber, alternate)) {
    return UsbAnswer::stall();
  }
  alternates_.insert(interfaceNumber, alternate);
  for (const UsbEndpoint& one : chosen->endpoints) {
    halted_.remove(one.address);  // 9.1.1.5
  }
  return UsbAnswer::done();
}

UsbAnswer UsbDeviceCore::featureOfEndpoint(const UsbSetup& setup) {
  const auto address = static_cast<quint8>(setup.request.index & 0xff);
  const bool control = (address & 0x7f) == 0;
  if (!control && endpoint(address) == nullptr) {
    return UsbAnswer::stall();
  }
  if (setup.request.request == kGetStatus) {
    return UsbAnswer::done(QByteArray(1, halted_.contains(address) ? '\1' : '\0') + QByteArray(1, '\0'));
  }
  if (setup.request.value != kEndpointHalt) {
    return UsbAnswer::stall();
  }
  if (setup.request.request == kClearFeature) {
    halted_.remove(address);
    return UsbAnswer::done();
  }
  if (setup.request.request == kSetFeature && !control) {
    halted_.insert(address);
    return UsbAnswer::done();
  }
  return UsbAnswer::stall();
}

const UsbAlternate* UsbDeviceCore::find(int interfaceNumber, int alternate) const {
  const auto found = std::find_if(
      description_.alternates.cbegin(), description_.alternates.cend(),
      [&](const UsbAlternate& one) { return one.interfaceNumber == interfaceNumber && one.alternate == alternate; });
  return found == description_.alternates.cend() ? nullptr : &*found;
}

const UsbEndpoint* UsbDeviceCore::endpoint(quint8 address) const {
  for (const UsbAlternate& one : description_.alternates) {
    if (one.alternate != alternates_.value(one.interfaceNumber)) {
      continue;
    }
    for (const UsbEndpoint& candidate : one.endpoints) {
      if (candidate.address == address) {
        return &candidate;
      }
    }
  }
  return nullptr;
}

UsbAnswer UsbDeviceCore::transferIn(quint8 address, qsizetype maxBytes) {
  if (endpoint(address) == nullptr || halted_.contains(address)) {
    return UsbAnswer::stall();
  }
  return remember(address, function_.transferIn(address, maxBytes));
}

UsbAnswer UsbDeviceCore::transferOut(quint8 address, QByteArrayView data) {
  if (endpoint(address) == nullptr || halted_.contains(address)) {
    return UsbAnswer::stall();
  }
  return remember(address, function_.transferOut(address, data));
}

UsbAnswer UsbDeviceCore::remember(quint8 address, const UsbAnswer& answer) {
  if (answer.kind == UsbAnswer::Kind::Stall) {
    halted_.insert(address);
  }
  return answer;
}

}  // namespace sealift
