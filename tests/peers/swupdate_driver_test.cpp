// The driver against Debian's real swupdate daemon: a whole update, and each of its refusals in plain words.
#include "devices/drivers/swupdate_driver.h"

#include "devices/images/swu_image.h"
#include "keystore/crypto/digest.h"
#include "keystore/secrets/tls_identity.h"
#include "tests/support/swupdate_board.h"
#include "transports/links/https_link.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kPayload = 4 * 1024 * 1024;

// The system's links, with what this computer shows of itself.
class KnownLinks final : public LinkOpener {
 public:
  HttpAccess own;

  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override {
    return links_.openBytes(address, cancel);
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override {
    return links_.openDatagrams(address, cancel);
  }
  Result<std::unique_ptr<HttpLink>> openHttp(const LinkAddress& address, const HttpAccess& access,
                                             const CancelToken& cancel) override {
    HttpAccess both = own;
    both.serverCas = access.serverCas;
    return links_.openHttp(address, both, cancel);
  }

 private:
  SystemLinkOpener links_;
};

QByteArray said(const Error& error) {
  return (errorCodeName(error.code) + u' ' + error.message()).toUtf8();
}

}  // namespace

class SwupdateDriverTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void wholeUpdate();
  void deviceThatGoesBack();
  void refusals_data();
  void refusals();
  void wrongPurpose();
  void wrongAuthority();
  void anotherHost();
  void passwords();
  void cancelledUpload();
  void mutualTls();
  void daemonThatDies();

 private:
  SwupdateBoard::Options options() const {
    SwupdateBoard::Options options;
    options.authority = maker_->authority();
    return options;
  }
  ModelDescription modelOf(const SwupdateBoard& board) const { return board.model(maker_->authority()); }
  std::unique_ptr<Driver> driverFor(const SwupdateBoard& board) { return driverFor(modelOf(board), board.address()); }
  std::unique_ptr<Driver> driverFor(const ModelDescription& model, const QString& address) {
    auto driver = SwupdateDriver::entry().make(model, *LinkAddress::parse(address), links_);
    return driver ? std::move(*driver) : nullptr;
  }
  // As the engine has it; `trusted` says whether the image verifies here.
  Image imageOf(const QByteArray& swu, bool trusted = true) const {
    Image image;
    image.bytes = swu;
    image.sha256 = sha256(swu);
    const auto facts = verifySwuImage(swu, {maker_->authority()});
    if (facts) {
      image.facts = *facts;
    } else if (trusted) {
      qWarning("%s", said(facts.error()).constData());
    }
    return image;
  }
  StepContext step() {
    return StepContext{
        .cancel = cancel_, .progress = Progress(), .note = [this](const QString& line) { notes_ << line; }};
  }

  std::unique_ptr<SwuMaker> maker_;
  KnownLinks links_;
  CancelToken cancel_;
  QStringList notes_;
};

void SwupdateDriverTest::initTestCase() {
  if (SwupdateBoard::program().isEmpty()) {
    QSKIP("swupdate is not installed (Debian: swupdate)");
  }
  if (!SwuMaker::missingTool().isEmpty()) {
    QSKIP(qPrintable(SwuMaker::missingTool() + QStringLiteral(" is not installed")));
  }
  maker_ = std::make_unique<SwuMaker>();
  QVERIFY2(maker_->isReady(), maker_->log().constData());
}

void SwupdateDriverTest::wholeUpdate() {
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  const auto driver = driverFor(board);
  StepContext context = step();
  const auto before = driver->identify(context);
  QVERIFY2(before, before ? "" : said(before.error()).constData());
  QCOMPARE(before->deviceName, QStringLiteral("board"));
  QCOMPARE(before->serial, QStringLiteral("SN-7"));
  QCOMPARE(before->hardwareRevision, QStringLiteral("1.0"));
  QCOMPARE(before->runningSlot()->version->toString(), QStringLiteral("1.5.0"));
  QCOMPARE(before->runningSlot()->name, QStringLiteral("A"));
  const auto proof = driver->proveIdentity(context);
  QVERIFY(proof);
  QCOMPARE(proof->state, IdentityState::CannotBeVerified);

  const QByteArray payload = SwupdateBoard::payload("1.6.0", kPayload);
  const Image image = imageOf(maker_->make("1.6.0", payload, board.spare().toUtf8()));
  QCOMPARE(image.facts.version->toString(), QStringLiteral("1.6.0"));
  QVERIFY(driver->enterBootloader(context));
  QList<double> fractions;
  StepContext uploading = step();
  uploading.progress = Progress([&](const ProgressUpdate& update) { fractions << update.fraction; });
  const Status transferred = driver->transfer(image, uploading);
  QVERIFY2(transferred, transferred ? "" : said(transferred.error()).constData());
  QVERIFY(fractions.size() > 5);
  QVERIFY(std::is_sorted(fractions.begin(), fractions.end()));
  QVERIFY(fractions.constLast() > 0.99);

  const auto stored = driver->verifyOnDevice(image, context);
  QVERIFY2(stored, stored ? "" : said(stored.error()).constData());
  QCOMPARE(stored->digest, sha256(payload));
  QCOMPARE(driver->reportedDigest(image), sha256(payload));
  // As a job does that is carried on: what is stored is not sent once more.
  const QByteArray daemonsWords = board.log();
  QVERIFY(driver->transfer(image, context));
  QVERIFY2(notes_.join(u' ').contains(QStringLiteral("stored this image already")), qUtf8Printable(notes_.join(u' ')));
  QCOMPARE(board.log().count("Incoming network request"), daemonsWords.count("Incoming network request"));
  QVERIFY(driver->activate(image, context));
  const auto marked = driver->identify(context);
  QVERIFY(marked);
  QCOMPARE(marked->runningSlot()->version->toString(), QStringLiteral("1.5.0"));
  QVERIFY(marked->slots.at(1).pending);
  QCOMPARE(marked->slots.at(1).digest, sha256(payload));

  const Status restarted = driver->restart(context);
  QVERIFY2(restarted, restarted ? "" : said(restarted.error()).constData());
  const auto after = driver->waitForReturn(image, context);
  QVERIFY2(after, after ? "" : said(after.error()).constData());
  QCOMPARE(after->runningSlot()->version->toString(), QStringLiteral("1.6.0"));
  QCOMPARE(after->runningSlot()->digest, sha256(payload));
  QCOMPARE(after->runningSlot()->name, QStringLiteral("B"));
  QVERIFY(after->sameUnit(*before));
  QVERIFY(driver->confirm(image, context));
}

// The bootloader does not take the new slot: the device restarts into the old one, and that is what the driver says.
void SwupdateDriverTest::deviceThatGoesBack() {
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  const auto driver = driverFor(board);
  StepContext context = step();
  QVERIFY(driver->identify(context));
  const QByteArray payload = SwupdateBoard::payload("1.7.0", 65536, false);
  const Image image = imageOf(maker_->make("1.7.0", payload, board.spare().toUtf8()));
  QVERIFY(driver->transfer(image, context));
  QVERIFY(driver->verifyOnDevice(image, context));
  QVERIFY(driver->restart(context));
  const auto after = driver->waitForReturn(image, context);
  QVERIFY2(after, after ? "" : said(after.error()).constData());
  QCOMPARE(after->runningSlot()->version->toString(), QStringLiteral("1.5.0"));
  QVERIFY(!after->slots.at(1).pending);
}

void SwupdateDriverTest::refusals_data() {
  QTest::addColumn<QByteArray>("defect");
  QTest::addColumn<ErrorCode>("code");
  QTest::addColumn<QString>("words");
  QTest::newRow("unsigned") << QByteArrayLiteral("unsigned") << ErrorCode::ImageUnsigned
                            << QStringLiteral("carries no signature");
  QTest::newRow("wrong-key") << QByteArrayLiteral("stranger") << ErrorCode::ImageUnknownKey
                             << QStringLiteral("does not trust the key that signed");
  QTest::newRow("tampered-description") << QByteArrayLiteral("tampered") << ErrorCode::ImageSignatureInvalid
                                        << QStringLiteral("signature");
  QTest::newRow("downgrade") << QByteArrayLiteral("downgrade") << ErrorCode::PolicyVersionLower
                             << QStringLiteral("go back to an older version");
  QTest::newRow("wrong-hardware") << QByteArrayLiteral("hardware") << ErrorCode::PolicyWrongRevision
                                  << QStringLiteral("other hardware");
  QTest::newRow("damaged") << QByteArrayLiteral("damaged") << ErrorCode::ImageHashMismatch
                           << QStringLiteral("differs from the signed description");
  QTest::newRow("truncated") << QByteArrayLiteral("truncated") << ErrorCode::ImageHashMismatch
                             << QStringLiteral("differs from the signed description");
}

// Sealift would refuse most of these itself; here they reach the device, and it is the device that refuses.
void SwupdateDriverTest::refusals() {
  QFETCH(QByteArray, defect);
  QFETCH(ErrorCode, code);
  QFETCH(QString, words);
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  const QByteArray spareBefore = *readFile(board.spare(), 1 << 24);
  const QByteArray payload = SwupdateBoard::payload("1.6.0", kPayload);
  const QByteArray device = board.spare().toUtf8();
  QByteArray swu;
  if (defect == "unsigned") {
    swu = maker_->pack({{"sw-description", SwuMaker::description("1.6.0", payload, device)}, {"rootfs.bin", payload}});
  } else if (defect == "stranger") {
    swu = maker_->make("1.6.0", payload, device, "1.0", QStringLiteral("stranger"));
  } else if (defect == "tampered") {
    const QByteArray text = SwuMaker::description("1.6.0", payload, device);
    swu = maker_->pack({{"sw-description", QByteArray(text).replace("1.6.0", "1.6.1")},
                        {"sw-description.sig", maker_->sign(text)},
                        {"rootfs.bin", payload}});
  } else if (defect == "downgrade") {
    swu = maker_->make("0.9.0", payload, device);
  } else if (defect == "hardware") {
    swu = maker_->make("1.6.0", payload, device, "9.9");
  } else if (defect == "damaged") {
    const QByteArray text = SwuMaker::description("1.6.0", payload, device);
    swu = maker_->pack({{"sw-description", text},
                        {"sw-description.sig", maker_->sign(text)},
                        {"rootfs.bin", QByteArray(payload).replace(payload.size() - 1, 1, "x")}});
  } else {
    swu = maker_->make("1.6.0", payload, device).left(kPayload / 2);
  }
  QVERIFY2(!swu.isEmpty(), maker_->log().constData());
  const SystemLinkOpener opener;
  HttpAccess access;
  access.serverCas = {board.tlsAuthority()};
  auto link = SystemLinkOpener().openHttp(*LinkAddress::parse(board.address()), access, cancel_);
  QVERIFY2(link, link ? "" : said(link.error()).constData());
  SwupdateSession session(**link, {});
  Progress progress;
  QStringList notes;
  const Status installed = session.install(
      swu, progress, [&](const QString& line) { notes << line; }, cancel_);
  QVERIFY(!installed);
  QVERIFY2(installed.error().code == code, said(installed.error()).constData() + board.log().right(3000));
  QVERIFY2(installed.error().what.contains(words), said(installed.error()).constData());
  QVERIFY(installed.error().what.endsWith(u'.'));
  if (defect != "truncated" && defect != "damaged") {  // it hashes while it writes
    QCOMPARE(*readFile(board.spare(), 1 << 24), spareBefore);
  }
  QVERIFY(board.status().contains("\"written\": null"));
}

void SwupdateDriverTest::wrongPurpose() {
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  const auto driver = driverFor(board);
  StepContext context = step();
  const QByteArray payload = SwupdateBoard::payload("1.6.0", 65536);
  const Image image = imageOf(maker_->make("1.6.0", payload, board.spare().toUtf8(), "1.0", QStringLiteral("code")));
  const Status transferred = driver->transfer(image, context);
  QVERIFY(!transferred);
  QCOMPARE(transferred.error().code, ErrorCode::ImageUnknownKey);
  QVERIFY2(transferred.error().what.contains(QLatin1String("signing mail")), said(transferred.error()).constData());

  // And a device that is set up for signers of code takes it.
  SwupdateBoard::Options codeOptions = options();
  codeOptions.extra = {QStringLiteral("--cert-purpose"), QStringLiteral("codeSigning")};
  SwupdateBoard codeBoard(codeOptions);
  QVERIFY2(codeBoard.start(), codeBoard.log().constData());
  ModelDescription model = modelOf(codeBoard);
  model.driverSettings[QStringLiteral("signerPurpose")] = QStringLiteral("codeSigning");
  const auto codeDriver = driverFor(model, codeBoard.address());
  const Image codeImage =
      imageOf(maker_->make("1.6.0", payload, codeBoard.spare().toUtf8(), "1.0", QStringLiteral("code")));
  const Status taken = codeDriver->transfer(codeImage, context);
  QVERIFY2(taken, taken ? "" : said(taken.error()).constData());
}

void SwupdateDriverTest::wrongAuthority() {
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  ModelDescription model = modelOf(board);
  model.driverSettings[QStringLiteral("serverCas")] = QJsonArray{QString::fromLatin1(maker_->otherAuthority())};
  StepContext context = step();
  const auto pinned = driverFor(model, board.address())->identify(context);
  QVERIFY(!pinned);
  QVERIFY2(pinned.error().code == ErrorCode::FetchTls, said(pinned.error()).constData());
  QVERIFY2(pinned.error().what.contains(QLatin1String("Norrland Device CA")), said(pinned.error()).constData());
  // Nor do the computer's own authorities know it.
  model.driverSettings.remove(QStringLiteral("serverCas"));
  const auto system = driverFor(model, board.address())->identify(context);
  QVERIFY(!system);
  QVERIFY2(system.error().code == ErrorCode::FetchTls, said(system.error()).constData());
}

void SwupdateDriverTest::anotherHost() {
  SwupdateBoard::Options elsewhere = options();
  elsewhere.alternativeName = QStringLiteral("DNS:gateway-12.example");
  SwupdateBoard board(elsewhere);
  QVERIFY2(board.start(), board.log().constData());
  StepContext context = step();
  const auto seen = driverFor(board)->identify(context);
  QVERIFY(!seen);
  QVERIFY2(seen.error().code == ErrorCode::FetchTls, said(seen.error()).constData());
  QVERIFY2(seen.error().what.contains(QLatin1String("gateway-12.example")), said(seen.error()).constData());
}

void SwupdateDriverTest::passwords() {
  SwupdateBoard::Options guarded = options();
  guarded.user = "admin";
  guarded.password = "s3cret:with\"marks";
  SwupdateBoard board(guarded);
  QVERIFY2(board.start(), board.log().constData());
  const auto driver = driverFor(board);
  StepContext context = step();
  notes_.clear();
  const auto anybody = driver->identify(context);
  QVERIFY(!anybody);
  QVERIFY2(anybody.error().code == ErrorCode::FetchRefused, said(anybody.error()).constData());
  QVERIFY(anybody.error().remedy.contains(QLatin1String("device set")));

  links_.own.user = QStringLiteral("admin");
  links_.own.password = "wrong";
  const auto wrong = driver->identify(context);
  QVERIFY(!wrong);
  QVERIFY2(wrong.error().code == ErrorCode::FetchRefused, said(wrong.error()).constData());
  QVERIFY(!wrong.error().message().contains(QLatin1String("wrong\"")));

  links_.own.password = guarded.password;
  const auto seen = driver->identify(context);
  QVERIFY2(seen, seen ? "" : said(seen.error()).constData());
  const QByteArray payload = SwupdateBoard::payload("1.6.0", kPayload);
  const Image image = imageOf(maker_->make("1.6.0", payload, board.spare().toUtf8()));
  const Status transferred = driver->transfer(image, context);
  QVERIFY2(transferred, transferred ? "" : said(transferred.error()).constData());
  QVERIFY(driver->verifyOnDevice(image, context));
  QVERIFY(driver->restart(context));
  const auto after = driver->waitForReturn(image, context);
  QVERIFY2(after && after->runningSlot()->version == image.facts.version, after ? "" : said(after.error()).constData());
  QVERIFY(!notes_.join(u'\n').contains(QLatin1String("s3cret")));
  links_.own = {};
}

void SwupdateDriverTest::cancelledUpload() {
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  const auto driver = driverFor(board);
  const QByteArray payload = SwupdateBoard::payload("1.6.0", 32 * 1024 * 1024);
  const Image image = imageOf(maker_->make("1.6.0", payload, board.spare().toUtf8()));
  StepContext context{.cancel = CancelToken(), .progress = Progress()};
  context.progress = Progress([&](const ProgressUpdate& update) {
    if (update.bytesDone > 1'000'000) {
      context.cancel.cancel();
    }
  });
  const Status transferred = driver->transfer(image, context);
  QVERIFY(!transferred);
  QVERIFY2(transferred.error().code == ErrorCode::Cancelled, said(transferred.error()).constData());
  StepContext look = step();
  const auto now = driver->identify(look);
  QVERIFY2(now, now ? "" : said(now.error()).constData());
  QCOMPARE(now->runningSlot()->version->toString(), QStringLiteral("1.5.0"));
  QVERIFY(!now->slots.at(1).pending);
}

// SWUpdate knows no client certificates itself: nginx stands in front of it.
void SwupdateDriverTest::mutualTls() {
  if (NginxServer::program().isEmpty()) {
    QSKIP("nginx is not installed (Debian: nginx-light)");
  }
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  TestAuthority& authority = board.authority();
  const TestCertificate front =
      authority.issue(QStringLiteral("front"), QStringLiteral("/CN=front"), QStringLiteral("IP:127.0.0.1"));
  const TestCertificate station = authority.issue(QStringLiteral("station"), QStringLiteral("/CN=station-4"));
  TestAuthority other(QStringLiteral("Somebody Else CA"));
  const TestCertificate stranger = other.issue(QStringLiteral("stranger"), QStringLiteral("/CN=stranger"));
  QVERIFY(!front.key.isEmpty() && !station.key.isEmpty() && !stranger.key.isEmpty());
  NginxServer proxy;
  const quint16 port = NginxServer::freePort();
  QVERIFY2(proxy.start("map $http_upgrade $upgrade { default upgrade; '' close; }\nserver {\nlisten 127.0.0.1:" +
                           QByteArray::number(port) + " ssl;\nssl_certificate " + front.certificate.toUtf8() +
                           ";\nssl_certificate_key " + front.key.toUtf8() + ";\nssl_client_certificate " +
                           authority.certificate().toUtf8() +
                           ";\nssl_verify_client on;\nclient_max_body_size 0;\nproxy_request_buffering off;\n"
                           "proxy_http_version 1.1;\nlocation / { proxy_pass https://127.0.0.1:" +
                           QByteArray::number(board.port()) +
                           "; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrade; }\n}\n",
                       port),
           proxy.log().constData());
  const auto driver = driverFor(modelOf(board), QStringLiteral("https:127.0.0.1:%1").arg(port));
  StepContext context = step();
  const auto without = driver->identify(context);
  QVERIFY(!without);
  QVERIFY2(without.error().code == ErrorCode::FetchRefused, said(without.error()).constData());
  QVERIFY2(without.error().what.contains(QLatin1String("client certificate")), said(without.error()).constData());

  const auto show = [&](const TestCertificate& certificate) {
    NoPinSource nobody;
    auto loaded = TlsIdentity::load(certificate.certificate, *KeyAddress::parse(certificate.key), nobody);
    if (!loaded) {
      qFatal("%s", said(loaded.error()).constData());
    }
    const auto identity = std::make_shared<const TlsIdentity>(std::move(*loaded));
    links_.own.applyIdentity = [identity](QSslConfiguration& tls) { return identity->applyTo(tls); };
  };
  show(stranger);
  const auto refused = driver->identify(context);
  QVERIFY(!refused);
  QVERIFY2(refused.error().code == ErrorCode::FetchRefused, said(refused.error()).constData());

  show(station);
  const auto seen = driver->identify(context);
  QVERIFY2(seen, seen ? "" : said(seen.error()).constData());
  const QByteArray payload = SwupdateBoard::payload("1.6.0", kPayload);
  const Image image = imageOf(maker_->make("1.6.0", payload, board.spare().toUtf8()));
  const Status transferred = driver->transfer(image, context);
  QVERIFY2(transferred, transferred ? "" : said(transferred.error()).constData() + proxy.log());
  QVERIFY(driver->verifyOnDevice(image, context));
  QVERIFY(driver->restart(context));
  const auto after = driver->waitForReturn(image, context);
  QVERIFY2(after && after->runningSlot()->version == image.facts.version, after ? "" : said(after.error()).constData());
  links_.own = {};
}

// Killed in the middle: an error, soon; and the device is as it was once it is back.
void SwupdateDriverTest::daemonThatDies() {
  SwupdateBoard board(options());
  QVERIFY2(board.start(), board.log().constData());
  const auto driver = driverFor(board);
  const QByteArray payload = SwupdateBoard::payload("1.6.0", 32 * 1024 * 1024);
  const Image image = imageOf(maker_->make("1.6.0", payload, board.spare().toUtf8()));
  StepContext context = step();
  bool killed = false;
  context.progress = Progress([&](const ProgressUpdate& update) {
    if (update.bytesDone > 1'000'000 && !killed) {
      killed = true;
      ::kill(-static_cast<pid_t>(board.daemonPid()), SIGKILL);
    }
  });
  const Status transferred = driver->transfer(image, context);
  QVERIFY(killed);
  QVERIFY(!transferred);
  QVERIFY2(transferred.error().code == ErrorCode::LinkLost, said(transferred.error()).constData());
  StepContext look = step();
  const auto gone = driver->identify(look);
  QVERIFY(!gone);
  QVERIFY2(gone.error().code == ErrorCode::LinkOpen, said(gone.error()).constData());
}

int main(int argc, char** argv) {
  if (SwupdateBoard::program().isEmpty() || !SwuMaker::missingTool().isEmpty()) {
    std::printf("SKIP: swupdate, openssl or cpio is not installed (Debian: swupdate openssl cpio)\n");
    return 77;
  }
  QCoreApplication app(argc, argv);
  SwupdateDriverTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "swupdate_driver_test.moc"
