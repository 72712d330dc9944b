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
  void readsTftp();
  void refusesTftp_data();
  void refusesTftp();
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

void UbootSettingsTest::readsTftp() {
  using AddressFrom = UbootTftpSettings::AddressFrom;
  const auto with = [](const QByteArray& tftp) {
    return parse(QByteArray(kGood).replace("\"storage\":", "\"tftp\": " + tftp + ", \"storage\":"));
  };
  QVERIFY(!parse(kGood)->tftp);
  const auto least = with(R"({"address": "dhcp"})");
  QVERIFY2(least, least ? "" : qPrintable(least.error().what));
  QCOMPARE(least->tftp->addressFrom, AddressFrom::Dhcp);
  QVERIFY(least->tftp->server.isNull());
  QCOMPARE(least->tftp->port, quint16(69));
  QCOMPARE(least->tftp->blockBytes, 1468);
  QCOMPARE(least->tftp->windowBlocks, 1);
  QVERIFY(!least->tftp->fallsBackToYmodem);
  QVERIFY(!least->tftp->trustsNetwork);
  QCOMPARE(with(R"({"address": "environment"})")->tftp->addressFrom, AddressFrom::Environment);
  const auto all = with(R"({"address": "192.168.7.2/24", "server": "192.168.7.1", "port": 6969, "blockSize": 512,
                            "windowSize": 8, "fallback": "ymodem", "trustNetwork": true})");
  QVERIFY2(all, all ? "" : qPrintable(all.error().what));
  QCOMPARE(all->tftp->addressFrom, AddressFrom::Model);
  QCOMPARE(all->tftp->address.toString(), QStringLiteral("192.168.7.2"));
  QCOMPARE(all->tftp->prefixLength, 24);
  QCOMPARE(all->tftp->server.toString(), QStringLiteral("192.168.7.1"));
  QCOMPARE(all->tftp->port, quint16(6969));
  QCOMPARE(all->tftp->blockBytes, 512);
  QCOMPARE(all->tftp->windowBlocks, 8);
  QVERIFY(all->tftp->fallsBackToYmodem);
  QVERIFY(all->tftp->trustsNetwork);
}

void UbootSettingsTest::refusesTftp_data() {
  QTest::addColumn<QByteArray>("tftp");
  QTest::addColumn<QString>("field");
  const auto row = [](const char* name, const char* tftp, const char* field) {
    QTest::newRow(name) << QByteArray(tftp) << QString::fromLatin1(field);
  };
  row("no address", "{}", "tftp.address");
  row("not an object", "true", "tftp.address");
  row("no network", R"({"address": "192.168.7.2"})", "tftp.address");
  row("no host's address", R"({"address": "127.0.0.1/8"})", "tftp.address");
  row("multicast", R"({"address": "224.0.0.1/24"})", "tftp.address");
  row("IPv6", R"({"address": "fe80::2/64"})", "tftp.address");
  row("no room for two", R"({"address": "192.168.7.2/31"})", "tftp.address");
  row("a shell's", R"({"address": "192.168.7.2;reset/24"})", "tftp.address");
  row("a server that is none", R"({"address": "dhcp", "server": "server"})", "tftp.server");
  row("port 0", R"({"address": "dhcp", "port": 0})", "tftp.port");
  row("port too high", R"({"address": "dhcp", "port": 65536})", "tftp.port");
  row("block too small", R"({"address": "dhcp", "blockSize": 7})", "tftp.blockSize");
  row("block too large", R"({"address": "dhcp", "blockSize": 65465})", "tftp.blockSize");
  row("no window", R"({"address": "dhcp", "windowSize": 0})", "tftp.windowSize");
  row("window too large", R"({"address": "dhcp", "windowSize": 65})", "tftp.windowSize");
  row("another way out", R"({"address": "dhcp", "fallback": "http"})", "tftp.fallback");
  row("trust as a word", R"({"address": "dhcp", "trustNetwork": "yes"})", "tftp.trustNetwork");
}

void UbootSettingsTest::refusesTftp() {
  QFETCH(const QByteArray, tftp);
  QFETCH(const QString, field);
  const auto settings = parse(QByteArray(kGood).replace("\"storage\":", "\"tftp\": " + tftp + ", \"storage\":"));
  QVERIFY(!settings);
  QCOMPARE(settings.error().code, ErrorCode::CatalogMalformed);
  QVERIFY2(settings.error().what.contains(field), qPrintable(settings.error().what));
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
