#include "devices/drivers/uboot_settings.h"

#include <QJsonDocument>
#include <QTest>

using namespace sealift;

namespace {

const QByteArray kGood = R"JSON({
  "storage": {"interface": "mmc", "device": 1},
  "memory": {"image": "0x44000000", "verify": "0x48000000", "scratch": "0x43f00000"},
  "slots": [{"name": "A", "block": 16384, "blocks": 2048}, {"name": "B", "block": 18432, "blocks": 2048}],
  "bootState": {"copies": [{"block": 20480, "blocks": 1}, {"block": 20481, "blocks": 1}], "tries": 3},
  "factory": {"block": 20482, "blocks": 1},
  "application": {"banner": "firmware (?<version>[0-9.]+) ready", "statusCommand": "version",
    "status": "(?<version>\\S+) (?<slot>\\w) (?<crc>\\w+) (?<trial>[01])",
                 "resetCommand" : "reboot"
}
})JSON";

Result<UbootSettings> parse(const QByteArray& json) {
  return UbootSettings::fromJson(QJsonDocument::fromJson(json).object());
}

}  // namespace

class UbootSettingsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void readsAll();
  void refuses_data();
  void refuses();
};

void UbootSettingsTest::readsAll() {
  const auto settings = parse(kGood);
  QVERIFY2(settings, settings ? "" : qPrintable(settings.error().what));
  QCOMPARE(settings->interface, QByteArray("mmc"));
  QCOMPARE(settings->device, 1);
  QCOMPARE(settings->blockSize, quint64(512));
  QCOMPARE(settings->imageAddress, quint64(0x44000000));
  QCOMPARE(settings->slotBytes(1), quint64(1 << 20));
  QCOMPARE(settings->slotIndex(QStringLiteral("B")), 1);
  QCOMPARE(settings->slotIndex(QStringLiteral("C")), -1);
  QCOMPARE(settings->console.prompt, QByteArray("=> "));
  QCOMPARE(settings->console.interruptKeys, QByteArray("\x03"));
  QByteArray other = kGood;
  other.replace("\"storage\":", R"("console": {"prompt": "u> ", "interrupt": "stop"}, "storage":)");
  QCOMPARE(parse(other)->console.prompt, QByteArray("u> "));
  QCOMPARE(parse(other)->console.interruptKeys, QByteArray("stop"));
}

void UbootSettingsTest::refuses_data() {
  QTest::addColumn<QByteArray>("from");
  QTest::addColumn<QByteArray>("to");
  QTest::addColumn<QString>("field");
  const auto row = [](const char* name, const char* from, const char* to, const char* field) {
    QTest::newRow(name) << QByteArray(from) << QByteArray(to) << QString::fromLatin1(field);
  };
  row("shell in the interface", "\"mmc\"", "\"mmc; reset\"", "storage.interface");
  row("negative device", "\"device\": 1", "\"device\": -1", "storage.device");
  row("address without 0x", "\"0x44000000\"", "\"44000000\"", "memory.image");
  row("address too high", "\"0x44000000\"", "\"0xfffffffffffffff0\"", "memory.image");
  row("address as number", "\"0x44000000\"", "1140850688", "memory.image");
  row("one memory for both", "\"0x48000000\"", "\"0x44080000\"", "memory");
  row("slots overlap", "18432", "17000", "areas that do not overlap");
  row("slot over the boot state", "\"block\": 18432, \"blocks\": 2048", "\"block\": 18432, \"blocks\": 2049",
      "areas that do not overlap");
  row("copies are one", "20481", "20480", "areas that do not overlap");
  row("slot over the partition table", "16384", "0", "slots[0].block");
  row("endless slot", "\"blocks\": 2048}, ", "\"blocks\": 1e18}, ", "slots[0].blocks");
  row("no blocks", "\"blocks\": 2048}, ", "\"blocks\": 0}, ", "slots[0].blocks");
  row("one name for both", "\"B\"", "\"A\"", "slots");
  row("shell in a name", "\"B\"", "\"B;reset\"", "slots[1].name");
  row("one slot", ", {\"name\": \"B\", \"block\": 18432, \"blocks\": 2048}", "", "slots");
  row("one copy", ", {\"block\": 20481, \"blocks\": 1}", "", "bootState.copies");
  row("no tries", "\"tries\": 3", "\"tries\": 0", "bootState.tries");
  row("too many tries", "\"tries\": 3", "\"tries\": 100", "bootState.tries");
  row("no factory data", "\"factory\"", "\"fabric\"", "factory.block");
  row("banner without version", "(?<version>[0-9.]+) ready", "ready", "application.banner");
  row("broken expression", "(?<version>[0-9.]+) ready", "((?<version>[0-9.]+) ready", "application.banner");
  row("status without CRC", "(?<crc>", "(?<other>", "application.status");
  row("no reset command", "\"reboot\"", "\"\"", "application.resetCommand");
  row("nothing at all", kGood.constData(), "{}", "storage.interface");
}

void UbootSettingsTest::refuses() {
  QFETCH(const QByteArray, from);
  QFETCH(const QByteArray, to);
  QFETCH(const QString, field);
  QByteArray json = kGood;
  QVERIFY(json.contains(from));
  json.replace(json.indexOf(from), from.size(), to);
  const auto settings = parse(json);
  QVERIFY(!settings);
  QCOMPARE(settings.error().code, ErrorCode::CatalogMalformed);
  QVERIFY2(settings.error().what.contains(field), qPrintable(settings.error().what));
}

QTEST_GUILESS_MAIN(UbootSettingsTest)
#include "uboot_settings_test.moc"
