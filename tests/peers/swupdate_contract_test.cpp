// The driver for SWUpdate, held to what every driver promises, on Debian's real daemon.
#include "keystore/crypto/digest.h"
#include "tests/support/driver_contract.h"
#include "tests/support/swupdate_board.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kPayloadBytes = 300'000;

SwuMaker& vendor() {
  static SwuMaker instance;
  return instance;
}

class SwupdateUnit final : public ContractUnit {
 public:
  SwupdateUnit() : board_(options()) {
    if (!board_.start()) {
      qFatal("%s", board_.log().constData());
    }
  }

  ModelDescription model() const override {
    ModelDescription model = board_.model(vendor().authority());
    model.timings = {.restartSeconds = 2, .confirmSeconds = 1};
    return model;
  }
  LinkAddress address() const override { return *LinkAddress::parse(board_.address()); }
  LinkOpener& opener() override { return opener_; }
  Image newImage() const override { return image(QStringLiteral("mail"), true); }
  Image wrongImage() const override { return image(QStringLiteral("stranger"), true); }
  std::optional<Image> failingImage() const override { return image(QStringLiteral("mail"), false); }
  std::optional<Version> firmware() override {
    const QByteArray content = readFile(board_.path(QStringLiteral("current")), 1 << 24).value_or(QByteArray());
    const QList<QByteArray> words = content.left(content.indexOf('\n')).split(' ');
    const auto version = Version::parse(QString::fromLatin1(words.value(1)));
    return version && content.size() == words.value(2).toLongLong() ? std::optional(*version) : std::nullopt;
  }

 private:
  static SwupdateBoard::Options options() {
    SwupdateBoard::Options options;
    options.authority = vendor().authority();
    return options;
  }
  Image image(const QString& signer, bool boots) const {
    const QByteArray payload = SwupdateBoard::payload("2.0.0", kPayloadBytes, boots);
    Image image;
    image.bytes = vendor().make("2.0.0", payload, board_.spare().toUtf8(), "1.0", signer);
    image.sha256 = sha256(image.bytes);
    image.facts = verifySwuImage(image.bytes, {vendor().authority(), vendor().otherAuthority()}).value();
    return image;
  }

  SwupdateBoard board_;
  SystemLinkOpener opener_;
};

}  // namespace

class SwupdateContractTest final : public DriverContract {
  Q_OBJECT

 public:
  SwupdateContractTest()
      : DriverContract({{QStringLiteral("SWUpdate"), QStringLiteral("swupdate"),
                         [] { return std::make_unique<SwupdateUnit>(); }, ContractEffort::Brief}}) {
    if (SwupdateBoard::program().isEmpty()) {
      leaveOut(QStringLiteral("swupdate is not installed (Debian: swupdate)"));
    } else if (!SwuMaker::missingTool().isEmpty()) {
      leaveOut(SwuMaker::missingTool() + QStringLiteral(" is not installed"));
    }
  }
};

QTEST_GUILESS_MAIN(SwupdateContractTest)
#include "swupdate_contract_test.moc"
