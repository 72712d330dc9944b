#include "transports/protocols/dfu/dfu_interface.h"

#include "transports/links/usb_devices.h"

#include <thread>

namespace sealift {

namespace {

constexpr quint8 kClassApplicationSpecific = 0xFE;  // table 4.1, bInterfaceClass
constexpr quint8 kSubclassDfu = 0x01;
constexpr quint8 kProtocolRunTime = 0x01;  // table 4.1
constexpr quint8 kProtocolDfu = 0x02;      // table 4.4
constexpr int kLookMs = 20;

bool isDfu(const UsbAlternate& setting) {
  return setting.classCode == kClassApplicationSpecific && setting.subclass == kSubclassDfu &&
         (setting.protocol == kProtocolRunTime || setting.protocol == kProtocolDfu);
}

// It belongs to the interface and stands behind its last alternate setting as a rule, or behind each.
std::optional<DfuFunctional> functionalOf(const UsbDeviceInfo& device, const UsbAlternate& setting) {
  if (const auto own = findDfuFunctional(setting.extra)) {
    return own;
  }
  for (const UsbAlternate& other : device.alternates) {
    if (other.interfaceNumber == setting.interfaceNumber) {
      if (const auto shared = findDfuFunctional(other.extra)) {
        return shared;
      }
    }
  }
  return findDfuFunctional(device.extra);
}

QString quoted(const DfuInterface& found) {
  return QStringLiteral("%1 \"%2\"").arg(found.alternate).arg(found.name);
}

}  // namespace

QList<DfuInterface> findDfuInterfaces(const UsbDeviceInfo& device) {
  QList<DfuInterface> found;
  for (const UsbAlternate& setting : device.alternates) {
    if (!isDfu(setting)) {
      continue;
    }
    if (const auto functional = functionalOf(device, setting)) {
      found.append({setting.interfaceNumber, setting.alternate,
                    setting.protocol == kProtocolDfu ? DfuMode::Dfu : DfuMode::RunTime, setting.name, *functional});
    }
  }
  return found;
}

QList<DfuInterface> findDfuInterfaces(const UsbDeviceInfo& device, DfuMode mode) {
  QList<DfuInterface> found = findDfuInterfaces(device);
  found.removeIf([&](const DfuInterface& each) { return each.mode != mode; });
  return found;
}

bool isInDfuMode(const UsbDeviceInfo& device) {
  return !findDfuInterfaces(device, DfuMode::Dfu).isEmpty();
}

Result<DfuInterface> chooseDfuInterface(const UsbDeviceInfo& device, const QString& text) {
  const QList<DfuInterface> all = findDfuInterfaces(device, DfuMode::Dfu);
  QList<DfuInterface> fitting;
  QStringList names;
  for (const DfuInterface& each : all) {
    names << quoted(each);
    const QString shortName = each.name.section(QLatin1Char('/'), 0, 0).trimmed();
    if (text.isEmpty() || each.name == text || shortName == text || QString::number(each.alternate) == text) {
      fitting << each;
    }
  }
  if (fitting.size() == 1) {
    return fitting.first();
  }
  const QString choice = names.isEmpty() ? QStringLiteral("none") : names.join(QStringLiteral(", "));
  if (text.isEmpty() && fitting.size() > 1) {
    return fail(ErrorCode::DeviceNotRecognised,
                QStringLiteral("The device has several memories and the model names none of them: %1.").arg(choice),
                QStringLiteral("Tell the vendor: the model needs the setting \"alternate\"."));
  }
  return fail(ErrorCode::DeviceNotRecognised,
              QStringLiteral("The device has not exactly one memory \"%1\"; it has: %2.").arg(text, choice));
}

Result<UsbDeviceInfo> awaitUsbDevice(LinkOpener& links, const QString& place,
                                     const std::function<Result<bool>(const UsbDeviceInfo&)>& isIt,
                                     const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_TRY(const QList<UsbDeviceInfo> devices, links.usbDevices());
    if (const UsbDeviceInfo* found = findUsbDevice(devices, place)) {
      SEALIFT_TRY(const bool it, isIt(*found));
      if (it) {
        return *found;
      }
    }
    if (deadline.passed()) {
      return failBecause(ErrorCode::DeviceDidNotReturn,
                         QStringLiteral("The device at USB %1 did not come back as expected.").arg(place),
                         deadline.timeout().value());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(deadline.sliceMs(kLookMs)));
  }
}

}  // namespace sealift
