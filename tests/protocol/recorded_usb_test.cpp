// Updates as they were recorded in the guest, over the kernel's own USB stack (tests/usb/record_usb_test.cpp): Sealift
// still asks the same, in the same order, and reads the answers as it did.
#include "app/base/file_io.h"
#include "tests/support/recorded_update.h"
#include "tests/support/virtual_test_bus.h"
#include "transports/links/usb_recording.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class RecordedUsbTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void recorderAndReplayAgree_data() { addRows(); }
  void recorderAndReplayAgree();
  void guestsSession_data() { addRows(); }
  void guestsSession();
  void differenceIsNoticed();
  void damageIsRefused_data();
  void damageIsRefused();

 private:
  static void addRows() {
    QTest::addColumn<int>("of");
    for (int i = 0; i < recordedUpdates().size(); ++i) {
      QTest::addRow("%s", qPrintable(recordedUpdates()[i].name)) << i;
    }
  }
  static QString path(const QString& name) {
    return QStringLiteral(SEALIFT_TEST_DATA "/recordings/%1-usb.txt").arg(name);
  }
  // Of the device that was opened.
  static LinkAddress addressIn(const QByteArray& recording) {
    const qsizetype opened = recording.indexOf("\nopen ") + 6;
    const QByteArray place = recording.mid(opened, recording.indexOf(' ', opened) - opened);
    return {LinkKind::Usb, QString::fromLatin1(place), 0, {}};
  }
  // Plays it, for a unit as the one that was recorded.
  static void replay(const QByteArray& recording, ContractUnit& unit) {
    const auto bus = ReplayedUsbOpener::make(recording);
    QVERIFY2(bus, bus ? "" : qPrintable(bus.error().message()));
    const auto after = updateOver(**bus, unit.model(), addressIn(recording), unit.newImage());
    QCOMPARE((*bus)->complaint(), QString());
    QVERIFY2(after, after ? "" : qPrintable(after.error().message()));
    QVERIFY(after->runningSlot() != nullptr && after->runningSlot()->version == unit.newImage().facts.version);
    QVERIFY((*bus)->finished());
  }

  VirtualTestBus bus_;
};

void RecordedUsbTest::recorderAndReplayAgree() {
  QFETCH(const int, of);
  const auto unit = recordedUpdates()[of].make(bus_);
  QByteArray recording;
  RecordingUsbOpener recorder(bus_.opener(), [&](const QByteArray& line) { recording += line; });
  const auto after = updateOver(recorder, unit->model(), unit->address(), unit->newImage());
  QVERIFY2(after, after ? "" : qPrintable(after.error().message()));
  replay(recording, *unit);
}

void RecordedUsbTest::guestsSession() {
  QFETCH(const int, of);
  const auto recording = readFile(path(recordedUpdates()[of].name), 1 << 20);
  QVERIFY2(recording, recording ? "" : qPrintable(recording.error().message()));
  replay(*recording, *recordedUpdates()[of].make(bus_));
}

// The replay is a check: one byte of what Sealift sends differs.
void RecordedUsbTest::differenceIsNoticed() {
  const RecordedUpdate& update = recordedUpdates().first();
  const auto unit = update.make(bus_);
  QByteArray recording = *readFile(path(update.name), 1 << 20);
  const qsizetype sent = recording.indexOf(" > ", recording.indexOf("control-out 21 01")) + 40;
  recording[sent] = recording[sent] == '0' ? '1' : '0';
  const auto bus = ReplayedUsbOpener::make(recording);
  QVERIFY(bus);
  QVERIFY(!updateOver(**bus, unit->model(), addressIn(recording), unit->newImage()));
  QVERIFY((*bus)->complaint().startsWith(QStringLiteral("The recording has \"control-out 21 01")));
}

void RecordedUsbTest::damageIsRefused_data() {
  QTest::addColumn<QByteArray>("recording");
  QTest::newRow("empty") << QByteArray();
  QTest::newRow("of another kind") << QByteArrayLiteral("sealift-recording 1 bytes\n> 00\n");
  QTest::newRow("no call") << QByteArrayLiteral("sealift-recording 1 usb\nfly away\n");
}

void RecordedUsbTest::damageIsRefused() {
  QFETCH(const QByteArray, recording);
  const auto bus = ReplayedUsbOpener::make(recording);
  QVERIFY(!bus);
  QVERIFY(bus.error().code == ErrorCode::InvalidArgument);
}

QTEST_GUILESS_MAIN(RecordedUsbTest)
#include "recorded_usb_test.moc"
