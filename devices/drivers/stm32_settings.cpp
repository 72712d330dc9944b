#include "devices/drivers/stm32_settings.h"

#include <QJsonArray>
#include <QJsonValue>
#include <QStringList>

#include <algorithm>

namespace sealift {

namespace {

constexpr qsizetype kMostText = 1000;
constexpr qsizetype kMostProducts = 16;
constexpr int kLeastBaud = 1200;  // AN3155, 2.1
constexpr int kMostBaud = 4'000'000;

tl::unexpected<Error> wrong(const QString& setting, const QString& wanted) {
  return fail(ErrorCode::InvalidArgument, QStringLiteral("The model's setting \"%1\" must be %2.").arg(setting, wanted),
              QStringLiteral("Tell the vendor."));
}

Status checkNames(const QJsonObject& json, const QString& where, const QStringList& known) {
  for (const QString& name : json.keys()) {
    if (!known.contains(name)) {
      return wrong(where + name, QStringLiteral("left out: there is no such setting"));
    }
  }
  return {};
}

Result<QString> readText(const QJsonObject& json, const QString& where, const char* name, const QString& otherwise) {
  const QJsonValue value = json[QLatin1String(name)];
  if (value.isUndefined()) {
    return otherwise;
  }
  const QString text = value.toString();
  if (text.isEmpty() || text.size() > kMostText) {
    return wrong(where + QLatin1String(name), QStringLiteral("a text"));
  }
  return text;
}

Status readFlag(const QJsonObject& json, const char* name, bool& flag) {
  const QJsonValue value = json[QLatin1String(name)];
  if (!value.isUndefined() && !value.isBool()) {
    return wrong(QLatin1String(name), QStringLiteral("true or false"));
  }
  flag = value.toBool(flag);
  return {};
}

Status readBaud(const QJsonObject& json, const QString& where, int& baud) {
  const QJsonValue value = json[QLatin1String("baud")];
  if (value.isUndefined()) {
    return {};
  }
  baud = value.toInt(0);
  return baud >= kLeastBaud && baud <= kMostBaud
             ? Status()
             : wrong(where + QStringLiteral("baud"),
                     QStringLiteral("a number from %1 to %2").arg(kLeastBaud).arg(kMostBaud));
}

std::optional<quint32> hexNumber(const QString& text) {
  bool ok = false;
  const quint32 number = text.startsWith(QLatin1String("0x")) ? text.mid(2).toUInt(&ok, 16) : 0;
  return ok ? std::optional(number) : std::nullopt;
}

Status readProducts(const QJsonObject& json, Stm32Settings& settings) {
  const QJsonArray list = json[QLatin1String("products")].toArray();
  for (const QJsonValue& value : list) {
    const auto id = hexNumber(value.toString());
    if (!id || *id == 0 || *id > 0xFFFF) {
      return wrong(QStringLiteral("products"), QStringLiteral("a list of numbers as \"0x413\""));
    }
    settings.products << static_cast<quint16>(*id);
  }
  if (settings.products.isEmpty() || settings.products.size() > kMostProducts) {
    return wrong(QStringLiteral("products"), QStringLiteral("a list of one to %1 product numbers").arg(kMostProducts));
  }
  return {};
}

Status readFlash(const QJsonObject& json, Stm32Settings& settings) {
  SEALIFT_TRY(const QString sectors, readText(json, {}, "sectors", {}));
  if (!sectors.isEmpty()) {
    settings.sectors = Stm32FlashLayout::parse(sectors);
    if (!settings.sectors) {
      return wrong(QStringLiteral("sectors"), QStringLiteral("runs of sectors as \"4*16K,1*64K\""));
    }
  } else if (!std::all_of(settings.products.begin(), settings.products.end(),
                          [](quint16 id) { return Stm32FlashLayout::ofProduct(id).has_value(); })) {
    return wrong(QStringLiteral("sectors"), QStringLiteral("there: Sealift does not know the sectors of this product"));
  }
  SEALIFT_TRY(const QString address, readText(json, {}, "address", QStringLiteral("0x08000000")));
  const auto number = hexNumber(address);
  const bool fits = number && *number >= kStm32FlashBase &&
                    std::all_of(settings.products.begin(), settings.products.end(), [&](quint16 id) {
                      return settings.layoutOf(id).isPageBegin(*number - kStm32FlashBase);
                    });
  if (!fits) {
    return wrong(QStringLiteral("address"), QStringLiteral("where a sector begins, as \"0x08000000\""));
  }
  settings.address = *number;
  SEALIFT_TRY(const QString erase, readText(json, {}, "erase", QStringLiteral("sectors")));
  if (erase != QLatin1String("sectors") && erase != QLatin1String("all")) {
    return wrong(QStringLiteral("erase"), QStringLiteral("\"sectors\" or \"all\""));
  }
  settings.eraseAll = erase == QLatin1String("all");
  SEALIFT_TRY(const QString uniqueId, readText(json, {}, "uniqueId", {}));
  settings.uniqueId = hexNumber(uniqueId);
  return uniqueId.isEmpty() || settings.uniqueId
             ? Status()
             : wrong(QStringLiteral("uniqueId"), QStringLiteral("an address as \"0x1FFF7A10\""));
}

Status readLines(const QJsonObject& json, Stm32Settings& settings) {
  const QJsonValue value = json[QLatin1String("lines")];
  if (value.isUndefined()) {
    return {};
  }
  const QJsonObject object = value.toObject();
  SEALIFT_CHECK(checkNames(object, QStringLiteral("lines."), {QStringLiteral("reset"), QStringLiteral("boot0")}));
  const auto line = [&](const char* name) -> std::optional<Stm32Settings::Line> {
    QString text = object[QLatin1String(name)].toString();
    const bool activeOn = !text.startsWith(u'-');
    text = activeOn ? text : text.mid(1);
    const bool isRts = text == QLatin1String("rts");
    return isRts || text == QLatin1String("dtr") ? std::optional(Stm32Settings::Line{isRts, activeOn}) : std::nullopt;
  };
  const auto reset = line("reset");
  const auto boot0 = line("boot0");
  if (!reset || !boot0 || reset->isRts == boot0->isRts) {
    return wrong(QStringLiteral("lines"),
                 QStringLiteral("\"reset\" and \"boot0\" with one of \"dtr\" and \"rts\" each"));
  }
  settings.lines = Stm32Settings::Lines{*reset, *boot0};
  return {};
}

Status readApplication(const QJsonObject& json, Stm32Settings& settings) {
  const QJsonValue value = json[QLatin1String("application")];
  if (value.isUndefined()) {
    return {};
  }
  const QString where = QStringLiteral("application.");
  const QJsonObject object = value.toObject();
  SEALIFT_CHECK(
      checkNames(object, where,
                 {QStringLiteral("baud"), QStringLiteral("parity"), QStringLiteral("ask"), QStringLiteral("pattern")}));
  Stm32Settings::Application application;
  SEALIFT_CHECK(readBaud(object, where, application.baud));
  SEALIFT_TRY(application.parity, readText(object, where, "parity", application.parity));
  if (!QStringList{QStringLiteral("none"), QStringLiteral("even"), QStringLiteral("odd")}.contains(
          application.parity)) {
    return wrong(QStringLiteral("application.parity"), QStringLiteral("\"none\", \"even\" or \"odd\""));
  }
  SEALIFT_TRY(const QString ask, readText(object, where, "ask", {}));
  application.ask = ask.toLatin1();
  if (ask.isEmpty() || QString::fromLatin1(application.ask) != ask) {
    return wrong(QStringLiteral("application.ask"), QStringLiteral("what is to be typed, in Latin-1"));
  }
  SEALIFT_TRY(const QString pattern, readText(object, where, "pattern", {}));
  application.pattern.setPattern(pattern);
  const QStringList groups = application.pattern.namedCaptureGroups();
  if (pattern.isEmpty() || !application.pattern.isValid() || !groups.contains(QStringLiteral("version"))) {
    return wrong(QStringLiteral("application.pattern"),
                 QStringLiteral("a regular expression with the group \"version\""));
  }
  if (settings.uniqueId && !groups.contains(QStringLiteral("serial"))) {
    return wrong(QStringLiteral("application.pattern"),
                 QStringLiteral("one with the group \"serial\": the bootloader tells one (\"uniqueId\"), and nothing "
                                "would say that it is the same device"));
  }
  settings.application = application;
  return {};
}

}  // namespace

Result<Stm32Settings> Stm32Settings::fromJson(const QJsonObject& json) {
  Stm32Settings settings;
  SEALIFT_CHECK(
      checkNames(json, {},
                 {QStringLiteral("products"), QStringLiteral("sectors"), QStringLiteral("address"),
                  QStringLiteral("erase"), QStringLiteral("baud"), QStringLiteral("lines"), QStringLiteral("uniqueId"),
                  QStringLiteral("application"), QStringLiteral("protect"), QStringLiteral("howToEnter")}));
  SEALIFT_CHECK(readProducts(json, settings));
  SEALIFT_CHECK(readFlash(json, settings));
  SEALIFT_CHECK(readBaud(json, {}, settings.baud));
  SEALIFT_CHECK(readLines(json, settings));
  SEALIFT_CHECK(readApplication(json, settings));
  SEALIFT_CHECK(readFlag(json, "protect", settings.protect));
  SEALIFT_TRY(settings.howToEnter, readText(json, {}, "howToEnter", {}));
  if (settings.protect && !settings.lines) {
    return wrong(QStringLiteral("protect"), QStringLiteral("false without \"lines\": a protected device takes no "
                                                           "command to start its firmware"));
  }
  return settings;
}

}  // namespace sealift
