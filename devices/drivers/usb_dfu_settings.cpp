#include "devices/drivers/usb_dfu_settings.h"

#include "transports/protocols/dfu/dfu_interface.h"

#include <QJsonValue>
#include <QStringList>

namespace sealift {

namespace {

constexpr qsizetype kMostText = 1000;

tl::unexpected<Error> wrong(const QString& setting, const QString& wanted) {
  return fail(ErrorCode::InvalidArgument, QStringLiteral("The model's setting \"%1\" must be %2.").arg(setting, wanted),
              QStringLiteral("Tell the vendor."));
}

Status checkNames(const QJsonObject& json) {
  static const QStringList known{QStringLiteral("alternate"),  QStringLiteral("version"),
                                 QStringLiteral("readBack"),   QStringLiteral("serialInBootloader"),
                                 QStringLiteral("howToEnter"), QStringLiteral("address"),
                                 QStringLiteral("erase")};
  for (const QString& name : json.keys()) {
    if (!known.contains(name)) {
      return wrong(name, QStringLiteral("left out: there is no such setting"));
    }
  }
  return {};
}

Status readText(const QJsonObject& json, const char* name, QString& text) {
  const QJsonValue value = json[QLatin1String(name)];
  if (value.isUndefined()) {
    return {};
  }
  text = value.toString();
  if (text.isEmpty() || text.size() > kMostText) {
    return wrong(QLatin1String(name), QStringLiteral("a text"));
  }
  return {};
}

Status readFlag(const QJsonObject& json, const char* name, bool& flag) {
  const QJsonValue value = json[QLatin1String(name)];
  if (value.isUndefined()) {
    return {};
  }
  if (!value.isBool()) {
    return wrong(QLatin1String(name), QStringLiteral("true or false"));
  }
  flag = value.toBool();
  return {};
}

Status readVersion(const QJsonObject& json, UsbDfuSettings& settings) {
  const QJsonValue value = json[QLatin1String("version")];
  if (value.isUndefined()) {
    return {};
  }
  const QJsonObject version = value.toObject();
  const QString from = version[QLatin1String("from")].toString();
  using Source = UsbDfuSettings::VersionSource;
  if (from == QLatin1String("none")) {
    settings.versionSource = Source::None;
    return {};
  }
  if (from == QLatin1String("bcdDevice")) {
    const QString form = version[QLatin1String("form")].toString(QStringLiteral("JJ.M.N"));
    if (form != QLatin1String("JJ.M.N") && form != QLatin1String("JJ.MN")) {
      return wrong(QStringLiteral("version.form"), QStringLiteral("\"JJ.M.N\" or \"JJ.MN\""));
    }
    settings.bcdForm = form == QLatin1String("JJ.MN") ? UsbDfuSettings::BcdForm::JjMn : UsbDfuSettings::BcdForm::JjMN;
    return {};
  }
  if (from != QLatin1String("product") && from != QLatin1String("interface")) {
    return wrong(QStringLiteral("version.from"),
                 QStringLiteral("\"bcdDevice\", \"product\", \"interface\" or \"none\""));
  }
  settings.versionSource = from == QLatin1String("product") ? Source::Product : Source::Interface;
  const QString pattern = version[QLatin1String("pattern")].toString();
  settings.versionPattern.setPattern(pattern);
  if (pattern.size() > kMostText || !settings.versionPattern.isValid() ||
      !settings.versionPattern.namedCaptureGroups().contains(QStringLiteral("version"))) {
    return wrong(QStringLiteral("version.pattern"), QStringLiteral("a regular expression with the group \"version\""));
  }
  return {};
}

Status readAddress(const QJsonObject& json, quint32& address) {
  QString text;
  SEALIFT_CHECK(readText(json, "address", text));
  if (text.isEmpty()) {
    return {};
  }
  bool ok = false;
  address = text.startsWith(QLatin1String("0x")) ? text.mid(2).toUInt(&ok, 16) : 0;
  return ok ? Status() : wrong(QStringLiteral("address"), QStringLiteral("an address as \"0x08000000\""));
}

}  // namespace

Result<UsbDfuSettings> UsbDfuSettings::fromJson(const QJsonObject& json) {
  UsbDfuSettings settings;
  SEALIFT_CHECK(checkNames(json));
  SEALIFT_CHECK(readText(json, "alternate", settings.alternate));
  SEALIFT_CHECK(readText(json, "howToEnter", settings.howToEnter));
  SEALIFT_CHECK(readFlag(json, "readBack", settings.readBack));
  SEALIFT_CHECK(readFlag(json, "serialInBootloader", settings.serialInBootloader));
  SEALIFT_CHECK(readVersion(json, settings));
  SEALIFT_CHECK(readAddress(json, settings.address));
  QString erase = QStringLiteral("sectors");
  SEALIFT_CHECK(readText(json, "erase", erase));
  if (erase != QLatin1String("sectors") && erase != QLatin1String("all")) {
    return wrong(QStringLiteral("erase"), QStringLiteral("\"sectors\" or \"all\""));
  }
  settings.eraseAll = erase == QLatin1String("all");
  if (!settings.readBack && settings.versionSource == VersionSource::None) {
    return wrong(
        QStringLiteral("version"),
        QStringLiteral("something that tells the version where \"readBack\" is false: nothing else would prove "
                       "what the device holds"));
  }
  return settings;
}

std::optional<Version> UsbDfuSettings::versionOf(const UsbDeviceInfo& device) const {
  QString text;
  switch (versionSource) {
    case VersionSource::None:
      return std::nullopt;
    case VersionSource::BcdDevice: {
      // USB 2.0, 9.6.1: binary-coded decimal; what isn't is no version.
      const QString digits = QStringLiteral("%1").arg(device.release, 4, 16, QLatin1Char('0'));
      bool decimal = false;
      (void)digits.toUInt(&decimal, 10);
      if (!decimal) {
        return std::nullopt;
      }
      const auto number = [&](qsizetype at, qsizetype count) { return digits.mid(at, count).toUInt(); };
      return bcdForm == BcdForm::JjMN ? Version{number(0, 2), number(2, 1), number(3, 1), 0}
                                      : Version{number(0, 2), number(2, 2), 0, 0};
    }
    case VersionSource::Product:
      text = device.product;
      break;
    case VersionSource::Interface: {
      const QList<DfuInterface> found = findDfuInterfaces(device, DfuMode::RunTime);
      text = found.isEmpty() ? QString() : found.first().name;
      break;
    }
  }
  const QRegularExpressionMatch match = versionPattern.match(text);
  return match.hasMatch() ? Version::parse(match.captured(QStringLiteral("version"))) : std::nullopt;
}

}  // namespace sealift
