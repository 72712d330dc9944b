// The model of MCUboot: the tables of its design document, and power cut at every single flash operation.
#include "devices/images/mcuboot_builder.h"
#include "devices/virtual/mcuboot_model.h"

#include <QTest>

#include <memory>

using namespace sealift;

namespace {

constexpr qsizetype kSectors = 4;
constexpr qsizetype kSectorSize = 512;

// A bootloader with the old image in its primary slot, on flash of its own.
struct Board {
  explicit Board(const QByteArray& image, const QByteArray& key, quint32 seed = 1, quint32 counter = 0)
      : flash({McubootModel::flashSize(kSectors, kSectorSize), kSectorSize, 4}, seed),
        bootloader(flash, {kSectors, {key}, counter}) {
    ok = bootloader.install(image).has_value() && bootloader.boot().has_value();
  }
  // Writes into the secondary slot, as an application does.
  bool store(const QByteArray& image) {
    QByteArray padded = image;
    padded.append((4 - padded.size() % 4) % 4, '\xff');
    return bootloader.eraseSecondary().has_value() &&
           flash.program(bootloader.slotBegin(McubootModel::kSecondary), padded).has_value();
  }
  quint32 major() const { return bootloader.image(McubootModel::kPrimary)->version.major; }

  FlashModel flash;
  McubootModel bootloader;
  bool ok = false;
};

enum class Scenario { Test, Permanent, Revert };

}  // namespace
Q_DECLARE_METATYPE(Scenario)

class VirtualMcubootTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void testedImageRevertsUnlessConfirmed();
  void confirmedImageStays();
  void permanentImageStays();
  void refusesInvalidImages_data();
  void refusesInvalidImages();
  void bootsNothingThatIsNotSigned();
  void countsSecurityUp();
  void powerCutAtEveryOperationOfASwap_data();
  void powerCutAtEveryOperationOfASwap();
  void powerCutTwice();
  void powerCutWhileAsking();
  void powerCutWhileConfirming();

 private:
  QByteArray image(quint32 major, quint32 counter = 0, const PrivateKey* signer = nullptr) const {
    McubootImageSpec spec;
    spec.version = {major, 0, 0, 0};
    spec.payload = QByteArray(900 + static_cast<qsizetype>(major) * 300, static_cast<char>('a' + major));
    spec.headerSize = 32;
    if (counter > 0) {
      spec.securityCounter = counter;
    }
    return buildMcubootImage(spec, signer != nullptr ? *signer : *key_).value();
  }
  std::unique_ptr<Board> boardFor(Scenario scenario, quint32 seed) const;
  QString checkEnd(Board& board, Scenario scenario) const;

  std::unique_ptr<PrivateKey> key_;
  QByteArray pem_;
  QByteArray old_;
  QByteArray new_;
};

void VirtualMcubootTest::initTestCase() {
  Result<PrivateKey> made = PrivateKey::generate(KeyType::Ed25519);
  QVERIFY(made);
  key_ = std::make_unique<PrivateKey>(std::move(*made));
  pem_ = key_->publicKey().toPem();
  old_ = image(1);
  new_ = image(2);
}

void VirtualMcubootTest::testedImageRevertsUnlessConfirmed() {
  Board board(old_, pem_);
  QVERIFY(board.ok && board.store(new_));
  QCOMPARE(board.bootloader.swapType(), SwapType::None);
  QVERIFY(board.bootloader.setPending(false));
  QCOMPARE(board.bootloader.swapType(), SwapType::Test);  // state I
  QVERIFY(board.bootloader.boot());
  QCOMPARE(board.major(), 2U);
  QVERIFY(!board.bootloader.isPrimaryConfirmed());
  QCOMPARE(board.bootloader.swapType(), SwapType::Revert);  // state III
  QVERIFY(board.bootloader.boot());
  QCOMPARE(board.major(), 1U);
  QVERIFY(board.bootloader.isPrimaryConfirmed());
  QCOMPARE(board.bootloader.swapType(), SwapType::None);  // state IV
  QVERIFY(board.bootloader.boot());
  QCOMPARE(board.major(), 1U);
}

void VirtualMcubootTest::confirmedImageStays() {
  Board board(old_, pem_);
  QVERIFY(board.store(new_) && board.bootloader.setPending(false) && board.bootloader.boot());
  QVERIFY(board.bootloader.confirm());
  for (int i = 0; i < 3; ++i) {
    QVERIFY(board.bootloader.boot());
    QCOMPARE(board.major(), 2U);
  }
  // And the way back is open to whoever asks for it.
  QVERIFY(board.bootloader.setPending(false) && board.bootloader.boot());
  QCOMPARE(board.major(), 1U);
}

void VirtualMcubootTest::permanentImageStays() {
  Board board(old_, pem_);
  QVERIFY(board.store(new_) && board.bootloader.setPending(true));
  QCOMPARE(board.bootloader.swapType(), SwapType::Permanent);  // state II
  for (int i = 0; i < 3; ++i) {
    QVERIFY(board.bootloader.boot());
    QCOMPARE(board.major(), 2U);
    QVERIFY(board.bootloader.isPrimaryConfirmed());
  }
}

void VirtualMcubootTest::refusesInvalidImages_data() {
  QTest::addColumn<QByteArray>("image");
  const Result<PrivateKey> stranger = PrivateKey::generate(KeyType::Ed25519);
  QTest::newRow("wrong key") << image(2, 0, &*stranger);
  QByteArray damaged = new_;
  damaged[200] = 'x';
  QTest::newRow("damaged") << damaged;
  QTest::newRow("no image") << QByteArray(500, 'z');
}

void VirtualMcubootTest::refusesInvalidImages() {
  QFETCH(const QByteArray, image);
  Board board(old_, pem_);
  QVERIFY(board.store(image) && board.bootloader.setPending(true));
  QVERIFY(board.bootloader.boot());
  QCOMPARE(board.major(), 1U);
  QVERIFY(!board.bootloader.image(McubootModel::kSecondary));  // erased
  QCOMPARE(board.bootloader.swapType(), SwapType::None);
  QVERIFY(board.bootloader.boot());
}

void VirtualMcubootTest::bootsNothingThatIsNotSigned() {
  const Result<PrivateKey> stranger = PrivateKey::generate(KeyType::Ed25519);
  Board board(image(1, 0, &*stranger), pem_);
  QVERIFY(!board.ok);
  QCOMPARE(board.bootloader.boot().error().code, ErrorCode::ImageUnknownKey);
}

void VirtualMcubootTest::countsSecurityUp() {
  Board board(image(1, 5), pem_, 1, 3);
  QVERIFY(board.ok);
  QCOMPARE(board.bootloader.securityCounter(), 5U);  // a confirmed image raises it
  QVERIFY(board.store(image(2, 7)) && board.bootloader.setPending(false) && board.bootloader.boot());
  QCOMPARE(board.bootloader.securityCounter(), 5U);  // on trial: or the old image could not come back
  QVERIFY(board.bootloader.confirm());
  QCOMPARE(board.bootloader.securityCounter(), 7U);
  QVERIFY(board.bootloader.setPending(false) && board.bootloader.boot());
  QCOMPARE(board.major(), 2U);  // the old image is below the counter now
  QVERIFY(board.store(image(3)) && board.bootloader.setPending(true) && board.bootloader.boot());
  QCOMPARE(board.major(), 2U);  // no counter counts as 0
}

// A board that is about to do the swap of the scenario at its next boot.
std::unique_ptr<Board> VirtualMcubootTest::boardFor(Scenario scenario, quint32 seed) const {
  auto board = std::make_unique<Board>(old_, pem_, seed);
  bool ok = board->ok && board->store(new_) && board->bootloader.setPending(scenario == Scenario::Permanent);
  if (scenario == Scenario::Revert) {
    ok = ok && board->bootloader.boot() && board->major() == 2;
  }
  return ok ? std::move(board) : nullptr;
}

// What is wrong with the board after the swap; empty when it is as if the power had never gone.
QString VirtualMcubootTest::checkEnd(Board& board, Scenario scenario) const {
  const bool isNew = scenario != Scenario::Revert;
  const auto slot = [&](int number, const QByteArray& image) {
    return board.flash.read(board.bootloader.slotBegin(number), image.size()) == image;
  };
  if (!slot(McubootModel::kPrimary, isNew ? new_ : old_)) {
    return QStringLiteral("the primary slot does not hold the image");
  }
  if (!slot(McubootModel::kSecondary, isNew ? old_ : new_)) {
    return QStringLiteral("the secondary slot does not hold the other image");
  }
  const bool onTrial = scenario == Scenario::Test;
  if (board.bootloader.isPrimaryConfirmed() == onTrial ||
      board.bootloader.swapType() != (onTrial ? SwapType::Revert : SwapType::None)) {
    return QStringLiteral("the trailers say something else");
  }
  return {};
}

void VirtualMcubootTest::powerCutAtEveryOperationOfASwap_data() {
  QTest::addColumn<Scenario>("scenario");
  QTest::newRow("test") << Scenario::Test;
  QTest::newRow("permanent") << Scenario::Permanent;
  QTest::newRow("revert") << Scenario::Revert;
}

void VirtualMcubootTest::powerCutAtEveryOperationOfASwap() {
  QFETCH(const Scenario, scenario);
  const std::unique_ptr<Board> undisturbed = boardFor(scenario, 1);
  QVERIFY(undisturbed);
  const quint64 before = undisturbed->flash.operations();
  QVERIFY(undisturbed->bootloader.boot());
  const quint64 operations = undisturbed->flash.operations() - before;
  for (quint32 seed = 1; seed <= 8; ++seed) {
    quint64 cuts = 0;
    for (quint64 n = 1;; ++n) {
      const std::unique_ptr<Board> board = boardFor(scenario, seed);
      QVERIFY(board);
      board->flash.cutPowerAtOperation(n);
      const bool cut = !board->bootloader.boot();
      if (cut) {
        ++cuts;
        QVERIFY(!board->flash.hasPower());
        board->flash.powerOn();
        const Result<McubootImage> booted = board->bootloader.boot();
        QVERIFY2(booted, qPrintable(QStringLiteral("cut at %1, seed %2: %3")
                                        .arg(n)
                                        .arg(seed)
                                        .arg(booted ? QString() : booted.error().message())));
      }
      QString problem = checkEnd(*board, scenario);
      if (!problem.isEmpty() && scenario == Scenario::Test && n == operations) {
        // "Copy done" was written when the power went: that was the trial, and it was not confirmed.
        problem = checkEnd(*board, Scenario::Revert);
      }
      QVERIFY2(problem.isEmpty(), qPrintable(QStringLiteral("cut at %1, seed %2: %3").arg(n).arg(seed).arg(problem)));
      if (!cut) {
        break;
      }
    }
    QCOMPARE(cuts, operations);
  }
}

// Again while the first cut is being recovered from.
void VirtualMcubootTest::powerCutTwice() {
  for (const Scenario scenario : {Scenario::Test, Scenario::Revert}) {
    for (quint64 first = 1; first <= 40; ++first) {
      for (quint64 second = 1; second <= 12; ++second) {
        const std::unique_ptr<Board> board = boardFor(scenario, static_cast<quint32>(first * 31 + second));
        QVERIFY(board);
        bool booted = false;
        for (const quint64 n : {first, second, quint64(0)}) {
          if (!booted) {
            board->flash.cutPowerAtOperation(n);
            booted = board->bootloader.boot().has_value();
            board->flash.cutPowerAtOperation(0);
            board->flash.powerOn();
          }
        }
        QVERIFY(booted);
        QString problem = checkEnd(*board, scenario);
        if (!problem.isEmpty() && scenario == Scenario::Test) {
          problem = checkEnd(*board, Scenario::Revert);  // the second cut was the end of the trial
        }
        QVERIFY2(problem.isEmpty(), qPrintable(QStringLiteral("%1, %2: %3").arg(first).arg(second).arg(problem)));
      }
    }
  }
}

// Then the request is there or it isn't; the device boots the new or the old image.
void VirtualMcubootTest::powerCutWhileAsking() {
  for (const bool permanent : {false, true}) {
    for (quint64 n = 1; n <= 3; ++n) {
      Board board(old_, pem_, static_cast<quint32>(n));
      QVERIFY(board.store(new_));
      board.flash.cutPowerAtOperation(n);
      const bool asked = board.bootloader.setPending(permanent).has_value();
      board.flash.cutPowerAtOperation(0);
      board.flash.powerOn();
      QVERIFY(board.bootloader.boot());
      QVERIFY(board.major() == 2 || !asked);
      if (!asked && board.major() == 1) {  // asking again works
        QVERIFY(board.bootloader.setPending(permanent) && board.bootloader.boot());
        QCOMPARE(board.major(), 2U);
      }
    }
  }
}

void VirtualMcubootTest::powerCutWhileConfirming() {
  for (quint32 seed = 1; seed <= 20; ++seed) {
    const std::unique_ptr<Board> board = boardFor(Scenario::Test, seed);
    QVERIFY(board->bootloader.boot());
    board->flash.cutPowerAtOperation(1);
    QVERIFY(!board->bootloader.confirm());
    board->flash.powerOn();
    const bool confirmed = board->bootloader.isPrimaryConfirmed();
    QVERIFY(board->bootloader.boot());
    QCOMPARE(board->major(), confirmed ? 2U : 1U);
    QVERIFY(board->bootloader.isPrimaryConfirmed());
  }
}

QTEST_GUILESS_MAIN(VirtualMcubootTest)
#include "virtual_mcuboot_test.moc"
