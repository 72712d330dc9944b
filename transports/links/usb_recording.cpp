#include "transports/links/usb_recording.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <optional>
#include <utility>

namespace sealift {
namespace {

constexpr char kHeader[] = "sealift-recording 1 usb";
constexpr char kList[] = "list ";

tl::unexpected<Error> notUsb() {
  return fail(ErrorCode::NotSupported, QStringLiteral("A recording of the USB has no other links."));
}

// ---- calls as text --------------------------------------------------------------------------------------

QByteArray hex(quint64 value, int digits) {
  return QByteArray::number(value, 16).rightJustified(digits, '0');
}

QByteArray requestText(const UsbRequest& request) {
  return hex(request.requestType, 2) + ' ' + hex(request.request, 2) + ' ' + hex(request.value, 4) + ' ' +
         hex(request.index, 4);
}

QByteArray sentText(QByteArrayView data) {
  return data.isEmpty() ? QByteArrayLiteral(" >") : " > " + data.toByteArray().toHex();
}

QByteArray claimCall(int interfaceNumber, int alternate) {
  return "claim " + QByteArray::number(interfaceNumber) + ' ' + QByteArray::number(alternate);
}

QByteArray controlInCall(const UsbRequest& request, quint16 maxBytes) {
  return "control-in " + requestText(request) + ' ' + QByteArray::number(maxBytes) + " <";
}

QByteArray controlOutCall(const UsbRequest& request, QByteArrayView data) {
  return "control-out " + requestText(request) + sentText(data);
}

QByteArray bulkInCall(quint8 endpoint, qsizetype maxBytes) {
  return "bulk-in " + hex(endpoint, 2) + ' ' + QByteArray::number(maxBytes) + " <";
}

QByteArray bulkOutCall(quint8 endpoint, QByteArrayView data) {
  return "bulk-out " + hex(endpoint, 2) + sentText(data);
}

// ---- devices as JSON ------------------------------------------------------------------------------------

QJsonObject toJson(const UsbDeviceInfo& device) {
  QJsonArray alternates;
  for (const UsbAlternate& each : device.alternates) {
    QJsonArray endpoints;
    for (const UsbEndpoint& endpoint : each.endpoints) {
      endpoints << QJsonArray{endpoint.address, endpoint.attributes, endpoint.maxPacket};
    }
    alternates << QJsonObject{{QStringLiteral("interface"), each.interfaceNumber},
                              {QStringLiteral("alternate"), each.alternate},
                              {QStringLiteral("class"), QJsonArray{each.classCode, each.subclass, each.protocol}},
                              {QStringLiteral("name"), each.name},
                              {QStringLiteral("endpoints"), endpoints},
                              {QStringLiteral("extra"), QString::fromLatin1(each.extra.toHex())}};
  }
  return {{QStringLiteral("place"), device.place},
          {QStringLiteral("ids"), QJsonArray{device.vendorId, device.productId, device.release}},
          {QStringLiteral("manufacturer"), device.manufacturer},
          {QStringLiteral("product"), device.product},
          {QStringLiteral("serial"), device.serial},
          {QStringLiteral("extra"), QString::fromLatin1(device.extra.toHex())},
          {QStringLiteral("readable"), device.readable},
          {QStringLiteral("alternates"), alternates}};
}

QByteArray bytesOf(const QJsonValue& value) {
  return QByteArray::fromHex(value.toString().toLatin1());
}

UsbDeviceInfo deviceOf(const QJsonValue& json) {
  UsbDeviceInfo device;
  device.place = json[QLatin1String("place")].toString();
  device.vendorId = static_cast<quint16>(json[QLatin1String("ids")][0].toInt());
  device.productId = static_cast<quint16>(json[QLatin1String("ids")][1].toInt());
  device.release = static_cast<quint16>(json[QLatin1String("ids")][2].toInt());
  device.manufacturer = json[QLatin1String("manufacturer")].toString();
  device.product = json[QLatin1String("product")].toString();
  device.serial = json[QLatin1String("serial")].toString();
  device.extra = bytesOf(json[QLatin1String("extra")]);
  device.readable = json[QLatin1String("readable")].toBool();
  for (const QJsonValue& each : json[QLatin1String("alternates")].toArray()) {
    UsbAlternate alternate;
    alternate.interfaceNumber = each[QLatin1String("interface")].toInt();
    alternate.alternate = each[QLatin1String("alternate")].toInt();
    alternate.classCode = static_cast<quint8>(each[QLatin1String("class")][0].toInt());
    alternate.subclass = static_cast<quint8>(each[QLatin1String("class")][1].toInt());
    alternate.protocol = static_cast<quint8>(each[QLatin1String("class")][2].toInt());
    alternate.name = each[QLatin1String("name")].toString();
    alternate.extra = bytesOf(each[QLatin1String("extra")]);
    for (const QJsonValue& endpoint : each[QLatin1String("endpoints")].toArray()) {
      alternate.endpoints << UsbEndpoint{static_cast<quint8>(endpoint[0].toInt()),
                                         static_cast<quint8>(endpoint[1].toInt()),
                                         static_cast<quint16>(endpoint[2].toInt())};
    }
    device.alternates << alternate;
  }
  return device;
}

// ---- recording ------------------------------------------------------------------------------------------

class RecordingUsbLink final : public UsbLink {
 public:
  RecordingUsbLink(std::unique_ptr<UsbLink> inner, const RecordingSink& sink) : inner_(std::move(inner)), sink_(sink) {}

  const UsbDeviceInfo& device() const override { return inner_->device(); }
  Status claim(int interfaceNumber, int alternate, const CancelToken& cancel) override {
    return told(claimCall(interfaceNumber, alternate), inner_->claim(interfaceNumber, alternate, cancel));
  }
  Result<QByteArray> controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                               const CancelToken& cancel) override {
    return told(controlInCall(request, maxBytes), inner_->controlIn(request, maxBytes, deadline, cancel));
  }
  Status controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                    const CancelToken& cancel) override {
    return told(controlOutCall(request, data), inner_->controlOut(request, data, deadline, cancel));
  }
  Result<QByteArray> bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                            const CancelToken& cancel) override {
    return told(bulkInCall(endpoint, maxBytes), inner_->bulkIn(endpoint, maxBytes, deadline, cancel));
  }
  Status bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override {
    return told(bulkOutCall(endpoint, data), inner_->bulkOut(endpoint, data, deadline, cancel));
  }
  Status reset(const CancelToken& cancel) override { return told("reset", inner_->reset(cancel)); }
  QString description() const override { return inner_->description(); }

 private:
  template <class R>
  R told(const QByteArray& call, R result) {
    QByteArray line = call;
    if constexpr (std::is_same_v<R, Result<QByteArray>>) {
      line += result ? ' ' + result->toHex() : QByteArray();
    }
    if (!result) {
      line += " ! " + errorCodeName(result.error().code).toLatin1();
    }
    sink_(line + '\n');
    return result;
  }

  std::unique_ptr<UsbLink> inner_;
  const RecordingSink& sink_;
};

}  // namespace

RecordingUsbOpener::RecordingUsbOpener(LinkOpener& inner, RecordingSink sink) : inner_(inner), sink_(std::move(sink)) {
  sink_(QByteArray(kHeader) + '\n');
}

Result<QList<UsbDeviceInfo>> RecordingUsbOpener::usbDevices() {
  Result<QList<UsbDeviceInfo>> devices = inner_.usbDevices();
  if (devices) {
    QJsonArray all;
    for (const UsbDeviceInfo& device : *devices) {
      all << toJson(device);
    }
    const QByteArray listed = QJsonDocument(all).toJson(QJsonDocument::Compact);
    if (std::exchange(listed_, listed) != listed) {
      sink_(kList + listed + '\n');
    }
  }
  return devices;
}

Result<std::unique_ptr<UsbLink>> RecordingUsbOpener::openUsb(const LinkAddress& address, const CancelToken& cancel) {
  Result<std::unique_ptr<UsbLink>> link = inner_.openUsb(address, cancel);
  const QByteArray call = "open " + address.target.toLatin1();
  if (!link) {
    sink_(call + " ! " + errorCodeName(link.error().code).toLatin1() + '\n');
    return link;
  }
  // What an opened device tells may be more than the list did.
  sink_(call + " < " + QJsonDocument(toJson((*link)->device())).toJson(QJsonDocument::Compact) + '\n');
  return std::make_unique<RecordingUsbLink>(std::move(*link), sink_);
}

Result<std::unique_ptr<ByteLink>> RecordingUsbOpener::openBytes(const LinkAddress&, const CancelToken&) {
  return notUsb();
}

Result<std::unique_ptr<DatagramLink>> RecordingUsbOpener::openDatagrams(const LinkAddress&, const CancelToken&) {
  return notUsb();
}

// ---- replaying ------------------------------------------------------------------------------------------

class ReplayedUsbLink final : public UsbLink {
 public:
  ReplayedUsbLink(ReplayedUsbOpener& opener, const UsbDeviceInfo& device) : opener_(opener), device_(device) {}

  const UsbDeviceInfo& device() const override { return device_; }
  Status claim(int interfaceNumber, int alternate, const CancelToken&) override {
    return done(claimCall(interfaceNumber, alternate));
  }
  Result<QByteArray> controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline&,
                               const CancelToken&) override {
    return came(controlInCall(request, maxBytes));
  }
  Status controlOut(const UsbRequest& request, QByteArrayView data, const Deadline&, const CancelToken&) override {
    return done(controlOutCall(request, data));
  }
  Result<QByteArray> bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline&, const CancelToken&) override {
    return came(bulkInCall(endpoint, maxBytes));
  }
  Status bulkOut(quint8 endpoint, QByteArrayView data, const Deadline&, const CancelToken&) override {
    return done(bulkOutCall(endpoint, data));
  }
  Status reset(const CancelToken&) override { return done("reset"); }
  QString description() const override { return QStringLiteral("recording of USB ") + device_.place; }

 private:
  Status done(const QByteArray& call) {
    SEALIFT_CHECK(opener_.take(call));
    return {};
  }
  Result<QByteArray> came(const QByteArray& call) {
    SEALIFT_TRY(const QByteArray text, opener_.take(call));
    return QByteArray::fromHex(text);
  }

  ReplayedUsbOpener& opener_;
  const UsbDeviceInfo device_;
};

Result<std::unique_ptr<ReplayedUsbOpener>> ReplayedUsbOpener::make(const QByteArray& recording) {
  const QList<QByteArray> lines = recording.split('\n');
  if (lines.constFirst() != kHeader) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("Line 1 of the recording is not \"%1\".").arg(QLatin1String(kHeader)));
  }
  static constexpr const char* kCalls[] = {kList,          "open ",    "claim ",    "control-in ",
                                           "control-out ", "bulk-in ", "bulk-out ", "reset"};
  std::unique_ptr<ReplayedUsbOpener> opener(new ReplayedUsbOpener);
  for (qsizetype i = 1; i < lines.size(); ++i) {
    const QByteArray line = lines[i].trimmed();
    if (line.isEmpty() || line.startsWith('#')) {
      continue;
    }
    if (std::none_of(std::begin(kCalls), std::end(kCalls), [&](const char* call) { return line.startsWith(call); })) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("Line %1 of the recording is no call.").arg(i + 1));
    }
    opener->lines_ << line;
  }
  return opener;
}

Result<QByteArray> ReplayedUsbOpener::take(const QByteArray& call) {
  const QByteArray line = lines_.isEmpty() ? QByteArray() : lines_.first();
  const QByteArray rest = line.mid(call.size());
  if (line.isEmpty() || !line.startsWith(call) || !(rest.isEmpty() || rest.startsWith(' '))) {
    const QString what = QStringLiteral("The recording has \"%1\" here, not \"%2\".")
                             .arg(QString::fromLatin1(line.left(200)), QString::fromLatin1(call.left(200)));
    complaint_ = complaint_.isEmpty() ? what : complaint_;
    return fail(ErrorCode::ProtocolUnexpected, what);
  }
  lines_.removeFirst();
  if (rest.startsWith(" ! ")) {
    const auto code = errorCodeFromName(QString::fromLatin1(rest.mid(3)));
    return fail(code.value_or(ErrorCode::Internal), QStringLiteral("It failed when it was recorded."));
  }
  return rest.mid(1);
}

Result<QList<UsbDeviceInfo>> ReplayedUsbOpener::usbDevices() {
  if (!lines_.isEmpty() && lines_.first().startsWith(kList)) {
    present_.clear();
    const QJsonArray all = QJsonDocument::fromJson(lines_.takeFirst().mid(sizeof(kList) - 1)).array();
    std::transform(all.begin(), all.end(), std::back_inserter(present_), deviceOf);
  }
  return present_;
}

Result<std::unique_ptr<UsbLink>> ReplayedUsbOpener::openUsb(const LinkAddress& address, const CancelToken&) {
  SEALIFT_TRY(const QByteArray told, take("open " + address.target.toLatin1()));
  return std::make_unique<ReplayedUsbLink>(*this, deviceOf(QJsonDocument::fromJson(told.mid(2)).object()));
}

Result<std::unique_ptr<ByteLink>> ReplayedUsbOpener::openBytes(const LinkAddress&, const CancelToken&) {
  return notUsb();
}

Result<std::unique_ptr<DatagramLink>> ReplayedUsbOpener::openDatagrams(const LinkAddress&, const CancelToken&) {
  return notUsb();
}

}  // namespace sealift
