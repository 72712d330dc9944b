// One update of each driver over the kernel's own USB stack, recorded. What was recorded must play again, there and
// then; with SEALIFT_RECORD=1 it is printed, to become tests/data/recordings/NAME-usb.txt.
#include "tests/support/kernel_test_bus.h"
#include "tests/support/recorded_update.h"
#include "transports/links/usb_recording.h"

#include <QTest>

#include <cstdio>

using namespace sealift;
using namespace sealift::test;

class RecordUsbTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void records_data() {
    QTest::addColumn<int>("of");
    for (int i = 0; i < recordedUpdates().size(); ++i) {
      QTest::addRow("%s", qPrintable(recordedUpdates()[i].name)) << i;
    }
  }
  void records() {
    QFETCH(const int, of);
    KernelTestBus bus;
    const auto unit = recordedUpdates()[of].make(bus);
    QByteArray recording;
    RecordingUsbOpener recorder(bus.opener(), [&](const QByteArray& line) { recording += line; });
    const auto after = updateOver(recorder, unit->model(), unit->address(), unit->newImage());
    QVERIFY2(after, after ? "" : qPrintable(after.error().message()));
    QVERIFY(unit->firmware() == unit->newImage().facts.version);
    const auto replayed = ReplayedUsbOpener::make(recording);
    QVERIFY(replayed);
    const auto again = updateOver(**replayed, unit->model(), unit->address(), unit->newImage());
    QVERIFY2(again, qPrintable((*replayed)->complaint()));
    if (qEnvironmentVariableIsSet("SEALIFT_RECORD")) {
      std::printf("---- %s\n%s----\n", qPrintable(recordedUpdates()[of].name), recording.constData());
    }
  }
};

QTEST_GUILESS_MAIN(RecordUsbTest)
#include "record_usb_test.moc"
