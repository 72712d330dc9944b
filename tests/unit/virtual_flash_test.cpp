#include "devices/virtual/flash_model.h"

#include <QTest>

using namespace sealift;

class VirtualFlashTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void startsErased();
  void refusesWhatFlashCantDo();
  void countsWear();
  void cutProgrammingTearsOneUnit();
  void cutErasingOnlySetsBits();
  void survivesPowerCycles();
};

void VirtualFlashTest::startsErased() {
  const FlashModel flash({4096, 1024, 4});
  QVERIFY(flash.isErased(0, 4096));
  QCOMPARE(*flash.read(0, 4), QByteArray(4, '\xff'));
}

void VirtualFlashTest::refusesWhatFlashCantDo() {
  FlashModel flash({4096, 1024, 4});
  QVERIFY(flash.program(0, "abcd"));
  const auto refused = [](const Status& status) {
    return !status && status.error().code == ErrorCode::DeviceWriteFailed;
  };
  QVERIFY(refused(flash.program(0, "abcd")));  // the same bytes again: still not erased
  QVERIFY(refused(flash.program(2, "abcd")));
  QVERIFY(refused(flash.program(4, "abc")));
  QVERIFY(refused(flash.program(4096, "abcd")));
  QVERIFY(refused(flash.program(-4, "abcd")));
  QVERIFY(refused(flash.erase(512, 1024)));
  QVERIFY(refused(flash.erase(0, 512)));
  QVERIFY(refused(flash.erase(3072, 2048)));
  QVERIFY(!flash.read(4090, 7));
  QCOMPARE(*flash.read(0, 8), QByteArray("abcd\xff\xff\xff\xff"));
  QVERIFY(flash.erase(0, 1024));
  QVERIFY(flash.program(0, "efgh"));
}

void VirtualFlashTest::countsWear() {
  FlashModel flash({4096, 1024, 4});
  QVERIFY(flash.erase(0, 2048));
  QVERIFY(flash.erase(1024, 1024));
  QCOMPARE(flash.wear(0), 1U);
  QCOMPARE(flash.wear(1), 2U);
  QCOMPARE(flash.wear(2), 0U);
  QCOMPARE(flash.operations(), 3ULL);
  QCOMPARE(flash.erasedSectors(), 3ULL);
}

void VirtualFlashTest::cutProgrammingTearsOneUnit() {
  int partial = 0;
  for (quint32 seed = 1; seed <= 50; ++seed) {
    FlashModel flash({1024, 1024, 4}, seed);
    flash.cutPowerAtOperation(1);
    const QByteArray wanted(64, '\x5a');
    const Status status = flash.program(0, wanted);
    QVERIFY(!status && status.error().code == ErrorCode::LinkLost);
    QVERIFY(!flash.hasPower());
    QVERIFY(!flash.read(0, 4));
    flash.powerOn();
    const QByteArray found = *flash.read(0, 64);
    qsizetype done = 0;
    while (done < 64 && found[done] == '\x5a') {
      ++done;
    }
    for (qsizetype i = done; i < 64; ++i) {
      QCOMPARE(static_cast<quint8>(found[i]) & 0x5a, 0x5a);  // no bit was cleared that should stay
      QVERIFY(i < done / 4 * 4 + 8 || found[i] == '\xff');   // and nothing beyond the torn unit
    }
    partial += done > 0 && done < 64 ? 1 : 0;
  }
  QVERIFY(partial > 25);
}

void VirtualFlashTest::cutErasingOnlySetsBits() {
  FlashModel flash({2048, 1024, 4}, 7);
  QVERIFY(flash.program(0, QByteArray(2048, '\x00')));
  flash.cutPowerAtOperation(2);
  QVERIFY(!flash.erase(0, 2048));
  flash.powerOn();
  const QByteArray found = *flash.read(0, 2048);
  QCOMPARE(found.first(1024), QByteArray(1024, '\xff'));
  const qsizetype erased = found.last(1024).count('\xff');
  QVERIFY(erased > 100 && erased < 924);
}

void VirtualFlashTest::survivesPowerCycles() {
  FlashModel flash({1024, 1024, 4});
  QVERIFY(flash.program(0, "kept"));
  flash.powerOff();
  QVERIFY(!flash.program(4, "lost"));
  flash.powerOn();
  QCOMPARE(*flash.read(0, 8), QByteArray("kept\xff\xff\xff\xff"));
  flash.cutPowerAtOperation(1);
  flash.cutPowerAtOperation(0);  // taken back
  QVERIFY(flash.program(4, "more"));
}

QTEST_GUILESS_MAIN(VirtualFlashTest)
#include "virtual_flash_test.moc"
