#include "devices/drivers/uboot_settings.h"

#include "transports/protocols/tftp/tftp_terms.h"
#include "transports/protocols/uboot/network.h"

#include <QJsonArray>

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <vector>

namespace sealift {
namespace {

constexpr double kMaxBlock = 1e12;
constexpr double kMaxSlotBytes = 256.0 * 1024 * 1024;
constexpr double kMaxStateBytes = 64.0 * 1024;
constexpr int kMaxTries = 9;
constexpr qsizetype kMaxText = 1000;

// Reads fields and remembers the first one that is wrong, so that the shape below reads as the shape above.
class Fields {
 public:
  void complain(const QString& field, const QString& wanted) {
    if (complaint_.isEmpty()) {
      complaint_ = QStringLiteral("The model's setting \"%1\" must be %2.").arg(field, wanted);
    }
  }
  const QString& complaint() const { return complaint_; }

  QString text(const QJsonObject& json, const QString& path, const QString& key, const QString& absent = {}) {
    const QJsonValue value = json[key];
    if (value.isUndefined() && !absent.isEmpty()) {
      return absent;
    }
    const QString text = value.toString();
    if (text.isEmpty() || text.size() > kMaxText) {
      complain(path + key, QStringLiteral("a text"));
    }
    return text;
  }
  // A line to be typed or looked for on a console: bytes, one for a character.
  QByteArray bytes(const QJsonObject& json, const QString& path, const QString& key, const QString& absent = {}) {
    const QString found = text(json, path, key, absent);
    if (std::any_of(found.cbegin(), found.cend(), [](QChar c) { return c.unicode() > 0x7F; })) {
      complain(path + key, QStringLiteral("ASCII text"));
    }
    return found.toLatin1();
  }
  quint64 number(const QJsonObject& json, const QString& path, const QString& key, double least, double most) {
    const double value = json[key].toDouble(-1.0);
    if (!(value >= least && value <= most)) {
      complain(path + key, QStringLiteral("a number from %1 to %2").arg(least, 0, 'f', 0).arg(most, 0, 'f', 0));
      return 0;
    }
    return static_cast<quint64>(value);
  }
  quint64 address(const QJsonObject& json, const QString& path, const QString& key) {
    const QString text = json[key].toString();
    bool ok = false;
    const quint64 value = text.startsWith(QLatin1String("0x")) ? text.mid(2).toULongLong(&ok, 16) : 0;
    // Leaves room for a slot behind it, so that no sum of addresses overflows.
    if (!ok || value > (1ULL << 48)) {
      complain(path + key, QStringLiteral("an address as \"0x44000000\""));
    }
    return value;
  }
  UbootArea area(const QJsonObject& json, const QString& path, double maxBytes, quint64 blockSize) {
    return {number(json, path, QStringLiteral("block"), 1, kMaxBlock),
            number(json, path, QStringLiteral("blocks"), 1, maxBytes / static_cast<double>(blockSize))};
  }
  QRegularExpression expression(const QJsonObject& json, const QString& path, const QString& key,
                                const QStringList& groups) {
    QRegularExpression expression(text(json, path, key));
    const bool complete = expression.isValid() && std::all_of(groups.cbegin(), groups.cend(), [&](const QString& name) {
                            return expression.namedCaptureGroups().contains(name);
                          });
    if (!complete) {
      complain(path + key, QStringLiteral("a regular expression with the groups %1").arg(groups.join(u',')));
    }
    return expression;
  }

 private:
  QString complaint_;
};

bool overlap(quint64 firstBegin, quint64 firstSize, quint64 secondBegin, quint64 secondSize) {
  return firstBegin < secondBegin + secondSize && secondBegin < firstBegin + firstSize;
}

bool anyOverlap(const std::vector<std::pair<quint64, quint64>>& ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    for (std::size_t j = i + 1; j < ranges.size(); ++j) {
      if (overlap(ranges[i].first, ranges[i].second, ranges[j].first, ranges[j].second)) {
        return true;
      }
    }
  }
  return false;
}

void readSlots(const QJsonObject& json, UbootSettings& settings, Fields& fields) {
  const QJsonArray slotArray = json[QStringLiteral("slots")].toArray();
  if (slotArray.size() != 2) {
    fields.complain(QStringLiteral("slots"), QStringLiteral("a list of exactly two"));
    return;
  }
  static const QRegularExpression name(QStringLiteral("\\A[A-Za-z0-9_]{1,16}\\z"));
  for (std::size_t i = 0; i < 2; ++i) {
    const QString path = QStringLiteral("slots[%1].").arg(i);
    const QJsonObject slot = slotArray.at(static_cast<qsizetype>(i)).toObject();
    settings.slotAreas[i].name = fields.text(slot, path, QStringLiteral("name"));
    if (!name.match(settings.slotAreas[i].name).hasMatch()) {
      fields.complain(path + QStringLiteral("name"), QStringLiteral("1 to 16 letters or digits"));
    }
    settings.slotAreas[i].area = fields.area(slot, path, kMaxSlotBytes, settings.blockSize);
  }
  if (settings.slotAreas[0].name == settings.slotAreas[1].name) {
    fields.complain(QStringLiteral("slots"), QStringLiteral("two of different names"));
  }
}

void readBootState(const QJsonObject& json, UbootSettings& settings, Fields& fields) {
  const QJsonObject state = json[QStringLiteral("bootState")].toObject();
  const QJsonArray copies = state[QStringLiteral("copies")].toArray();
  if (copies.size() != 2) {
    fields.complain(QStringLiteral("bootState.copies"), QStringLiteral("a list of exactly two"));
    return;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    settings.stateCopies[i] =
        fields.area(copies.at(static_cast<qsizetype>(i)).toObject(), QStringLiteral("bootState.copies[%1].").arg(i),
                    kMaxStateBytes, settings.blockSize);
  }
  settings.tries =
      static_cast<int>(fields.number(state, QStringLiteral("bootState."), QStringLiteral("tries"), 1, kMaxTries));
}

void readTftp(const QJsonObject& json, UbootSettings& settings, Fields& fields) {
  if (!json.contains(QStringLiteral("tftp"))) {
    return;
  }
  const QJsonObject object = json[QStringLiteral("tftp")].toObject();
  const QString path = QStringLiteral("tftp.");
  UbootTftpSettings tftp;
  const QString address = fields.text(object, path, QStringLiteral("address"));
  if (address == QLatin1String("environment")) {
    tftp.addressFrom = UbootTftpSettings::AddressFrom::Environment;
  } else if (address != QLatin1String("dhcp")) {
    tftp.addressFrom = UbootTftpSettings::AddressFrom::Model;
    std::tie(tftp.address, tftp.prefixLength) = QHostAddress::parseSubnet(address);
    // parseSubnet() gives the network's address; the device's own stands before the slash.
    tftp.address = QHostAddress(address.section(u'/', 0, 0));
    constexpr int kLongestPrefix = 30;  // room for two hosts
    if (!address.contains(u'/') || !UbootNetwork::isHostAddress(tftp.address) || tftp.prefixLength < 1 ||
        tftp.prefixLength > kLongestPrefix) {
      fields.complain(QStringLiteral("tftp.address"),
                      QStringLiteral("\"dhcp\", \"environment\" or an address as \"192.168.7.2/24\""));
    }
  }
  if (object.contains(QStringLiteral("server"))) {
    tftp.server = QHostAddress(fields.text(object, path, QStringLiteral("server")));
    if (!UbootNetwork::isHostAddress(tftp.server)) {
      fields.complain(QStringLiteral("tftp.server"), QStringLiteral("an address as \"192.168.7.1\""));
    }
  }
  const auto optionalNumber = [&](const QString& key, double least, double most, auto& value) {
    if (object.contains(key)) {
      value = static_cast<std::remove_reference_t<decltype(value)>>(fields.number(object, path, key, least, most));
    }
  };
  optionalNumber(QStringLiteral("port"), 1, 65535, tftp.port);
  optionalNumber(QStringLiteral("blockSize"), TftpTerms::kLeastBlockBytes, TftpTerms::kMostBlockBytes, tftp.blockBytes);
  optionalNumber(QStringLiteral("windowSize"), 1, TftpTerms::kMostWindowBlocks, tftp.windowBlocks);
  if (object.contains(QStringLiteral("fallback"))) {
    tftp.fallsBackToYmodem = object[QStringLiteral("fallback")].toString() == QLatin1String("ymodem");
    if (!tftp.fallsBackToYmodem) {
      fields.complain(QStringLiteral("tftp.fallback"), QStringLiteral("\"ymodem\", or absent"));
    }
  }
  if (object.contains(QStringLiteral("trustNetwork"))) {
    if (!object[QStringLiteral("trustNetwork")].isBool()) {
      fields.complain(QStringLiteral("tftp.trustNetwork"), QStringLiteral("true or false"));
    }
    tftp.trustsNetwork = object[QStringLiteral("trustNetwork")].toBool();
  }
  settings.tftp = tftp;
}

void checkAreas(const UbootSettings& settings, Fields& fields) {
  const auto& slotAreas = settings.slotAreas;
  const auto& copies = settings.stateCopies;
  if (anyOverlap({{slotAreas[0].area.block, slotAreas[0].area.blocks},
                  {slotAreas[1].area.block, slotAreas[1].area.blocks},
                  {copies[0].block, copies[0].blocks},
                  {copies[1].block, copies[1].blocks},
                  {settings.factory.block, settings.factory.blocks}})) {
    fields.complain(QStringLiteral("slots, bootState, factory"), QStringLiteral("areas that do not overlap"));
  }
  const quint64 slotBytes = std::max(settings.slotBytes(0), settings.slotBytes(1));
  const quint64 stateBytes =
      std::max({copies[0].blocks, copies[1].blocks, settings.factory.blocks}) * settings.blockSize;
  if (anyOverlap({{settings.imageAddress, slotBytes},
                  {settings.verifyAddress, slotBytes},
                  {settings.scratchAddress, 2 * stateBytes}})) {
    fields.complain(QStringLiteral("memory"), QStringLiteral("addresses of areas that do not overlap"));
  }
}

}  // namespace

int UbootSettings::slotIndex(const QString& name) const {
  for (std::size_t i = 0; i < slotAreas.size(); ++i) {
    if (slotAreas[i].name == name) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

Result<UbootSettings> UbootSettings::fromJson(const QJsonObject& json) {
  Fields fields;
  UbootSettings settings;

  const QJsonObject console = json[QStringLiteral("console")].toObject();
  const QString consolePath = QStringLiteral("console.");
  const auto consoleText = [&](const QString& key, QByteArray& value) {
    value = fields.bytes(console, consolePath, key, QString::fromLatin1(value));
  };
  consoleText(QStringLiteral("prompt"), settings.console.prompt);
  consoleText(QStringLiteral("banner"), settings.console.bootloaderBanner);
  consoleText(QStringLiteral("countdown"), settings.console.autobootText);
  consoleText(QStringLiteral("interrupt"), settings.console.interruptKeys);

  const QJsonObject storage = json[QStringLiteral("storage")].toObject();
  const QString storagePath = QStringLiteral("storage.");
  settings.interface = fields.bytes(storage, storagePath, QStringLiteral("interface"));
  static const QRegularExpression command(QStringLiteral("\\A[a-z]{1,16}\\z"));
  if (!command.match(QString::fromLatin1(settings.interface)).hasMatch()) {
    fields.complain(QStringLiteral("storage.interface"), QStringLiteral("a U-Boot command such as virtio or mmc"));
  }
  settings.device = static_cast<int>(fields.number(storage, storagePath, QStringLiteral("device"), 0, 255));
  if (storage.contains(QStringLiteral("blockSize"))) {
    settings.blockSize = fields.number(storage, storagePath, QStringLiteral("blockSize"), 512, 4096);
  }
  settings.blockSize = std::max<quint64>(settings.blockSize, 512);

  const QJsonObject memory = json[QStringLiteral("memory")].toObject();
  const QString memoryPath = QStringLiteral("memory.");
  settings.imageAddress = fields.address(memory, memoryPath, QStringLiteral("image"));
  settings.verifyAddress = fields.address(memory, memoryPath, QStringLiteral("verify"));
  settings.scratchAddress = fields.address(memory, memoryPath, QStringLiteral("scratch"));

  readSlots(json, settings, fields);
  readBootState(json, settings, fields);
  settings.factory = fields.area(json[QStringLiteral("factory")].toObject(), QStringLiteral("factory."), kMaxStateBytes,
                                 settings.blockSize);
  readTftp(json, settings, fields);

  const QJsonObject application = json[QStringLiteral("application")].toObject();
  const QString applicationPath = QStringLiteral("application.");
  settings.applicationBanner =
      fields.expression(application, applicationPath, QStringLiteral("banner"), {QStringLiteral("version")});
  settings.applicationStatus = fields.expression(
      application, applicationPath, QStringLiteral("status"),
      {QStringLiteral("version"), QStringLiteral("slot"), QStringLiteral("crc"), QStringLiteral("trial")});
  settings.statusCommand = fields.bytes(application, applicationPath, QStringLiteral("statusCommand"));
  settings.resetCommand = fields.bytes(application, applicationPath, QStringLiteral("resetCommand"));
  if (fields.complaint().isEmpty()) {
    checkAreas(settings, fields);
  }
  if (!fields.complaint().isEmpty()) {
    return fail(ErrorCode::CatalogMalformed, fields.complaint());
  }
  return settings;
}

}  // namespace sealift
