// The identity group: the client against the virtual device, each from the same page of README.md; power cuts at each
// flash operation; clients and devices that don't keep to it.
#include "keystore/crypto/identity_proof.h"
#include "tests/support/device_pki.h"
#include "tests/support/virtual_firmware.h"
#include "transports/links/link_opener.h"
#include "transports/protocols/smp/smp_cbor.h"
#include "transports/protocols/smp/smp_client.h"
#include "transports/protocols/smp/smp_commands.h"
#include "transports/protocols/smp/smp_console_transport.h"
#include "transports/protocols/smp/smp_datagram_transport.h"
#include "transports/protocols/smp/smp_identity_client.h"

#include <QtTest>

#include <deque>

using namespace sealift;
using namespace sealift::test;

namespace {

template <class T>
QByteArray why(const Result<T>& result) {
  return result ? QByteArrayLiteral("done")
                : (errorCodeName(result.error().code) + QStringLiteral(": ") + result.error().message()).toUtf8();
}

#define VERIFY_OK(expression)                                            \
  do {                                                                   \
    const auto& outcome = (expression);                                  \
    QVERIFY2(outcome.has_value(), QByteArray(why(outcome)).constData()); \
  } while (false)

// The refusal names the device's own word for it.
#define VERIFY_REFUSED(expression, word)                                                 \
  do {                                                                                   \
    const auto& outcome = (expression);                                                  \
    QVERIFY2(!outcome.has_value() && outcome.error().what.contains(QLatin1String(word)), \
             QByteArray(why(outcome)).constData());                                      \
  } while (false)

const VirtualVendor& vendor() {
  static const VirtualVendor instance;
  return instance;
}

// A device without sockets: what is sent is carried out at once, with the test's own time.
class DirectTransport final : public SmpTransport {
 public:
  explicit DirectTransport(SmpDevice& device) : device_(device) {}

  Status send(QByteArrayView packet, const Deadline&, const CancelToken&) override {
    now_ += 10;
    if (QByteArray answer = device_.handle(packet, now_); !answer.isEmpty()) {
      (loseAnswers > 0 ? (void)--loseAnswers : answers_.push_back(std::move(answer)));
    }
    return {};
  }
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken&) override {
    if (answers_.empty()) {
      return deadline.timeout();
    }
    QByteArray answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  qsizetype maxPacket() const override { return 1024; }
  qsizetype bufferOverhead() const override { return 0; }
  bool keepsOrder() const override { return true; }
  std::chrono::milliseconds wireTime(qsizetype) const override { return {}; }
  QString description() const override { return QStringLiteral("direct"); }

  void powerCycle() {
    now_ += 1000;
    device_.powerOff();
    device_.powerOn(now_);
    device_.advance(now_ += 1000);
  }

  int loseAnswers = 0;

 private:
  SmpDevice& device_;
  qint64 now_ = 1000;
  std::deque<QByteArray> answers_;
};

struct Unit {
  explicit Unit(const std::function<void(SmpDeviceConfig&)>& change = {}, const QByteArray& firmware = {})
      : device(configure(change, firmware)),
        transport(device),
        session(transport, 0),
        client(session),
        settings(session) {
    device.powerOn(0);
    device.advance(1000);
  }
  static SmpDeviceConfig configure(const std::function<void(SmpDeviceConfig&)>& change, const QByteArray& firmware) {
    static const QByteArray usual = vendor().build({1, 0, 0, 0}, "healthy", 2000, 3);
    SmpDeviceConfig config = vendor().device(firmware.isEmpty() ? usual : firmware);
    config.serial = QStringLiteral("SN-1");
    config.imageSectors = 4;
    config.secureBoot = false;
    if (change) {
      change(config);
    }
    return config;
  }
  // The whole of it, up to the certificate.
  Status provision(DeviceCa& ca, SmpKeyAlgorithm algorithm = SmpKeyAlgorithm::P256) {
    SEALIFT_CHECK(client.makeKey(algorithm, never));
    SEALIFT_TRY(const QByteArray certificate, issue(ca));
    return client.storeCertificate(certificate, never);
  }
  Result<QByteArray> issue(DeviceCa& ca) {
    SEALIFT_TRY(const QByteArray der, client.certificateRequest(never));
    SEALIFT_TRY(const CertificateRequest request, CertificateRequest::parse(der));
    return ca.issuer.issue(request, {deviceNamed(QStringLiteral("SN-1")), kFactoryDay, {}});
  }
  SmpIdentityState state() {
    const auto told = client.state(never);
    return told && *told ? **told : SmpIdentityState();
  }
  QByteArray certificate() {
    const auto told = client.certificate(never);
    return told && *told ? **told : QByteArray();
  }

  SmpDevice device;
  DirectTransport transport;
  SmpSession session;
  SmpIdentityClient client;
  SmpClient settings;
  CancelToken never;
};

DeviceCa& authority() {
  static DeviceCa ca = DeviceCa::make();
  return ca;
}

// Answers everything with one body.
class StubbornTransport final : public SmpTransport {
 public:
  Status send(QByteArrayView packet, const Deadline&, const CancelToken&) override {
    const QByteArray body = bodies.isEmpty() ? QByteArray() : bodies[std::min(sent, bodies.size() - 1)];
    ++sent;
    answer_ = packet.first(kSmpHeaderSize).toByteArray();
    answer_[0] = static_cast<char>(answer_[0] | 1);
    answer_[2] = static_cast<char>(body.size() >> 8);
    answer_[3] = static_cast<char>(body.size());
    answer_ += body;
    return {};
  }
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken&) override {
    if (answer_.isEmpty()) {
      return deadline.timeout();
    }
    return std::exchange(answer_, {});
  }
  qsizetype maxPacket() const override { return 1024; }
  qsizetype bufferOverhead() const override { return 0; }
  bool keepsOrder() const override { return true; }
  std::chrono::milliseconds wireTime(qsizetype) const override { return {}; }
  QString description() const override { return QStringLiteral("stubborn"); }

  QList<QByteArray> bodies;
  qsizetype sent = 0;

 private:
  QByteArray answer_;
};

}  // namespace

class SmpIdentityTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void provisions_data();
  void provisions();
  void overRealLinks_data();
  void overRealLinks();
  void withoutTheGroup();
  void answersGetLost();
  void keyIsMadeOnce();
  void certificateIsTakenWholeOrNotAtAll();
  void lockRefusesEverythingElse();
  void lockNamesItsDevice();
  void wipesAndSaysWhat();
  void irreversibleSteps();
  void serialNumberBeforeTheCertificate();
  void powerIsCutAnywhere_data();
  void powerIsCutAnywhere();
  void powerIsCutInTheMiddleOfATransfer();
  void replayedProofsAreRefused();
  void clonesSignAsWell();
  void deviceRefusesMalformedRequests();
  void clientRefusesMalformedAnswers_data();
  void clientRefusesMalformedAnswers();
  void clientComesToAnEnd();
};

void SmpIdentityTest::provisions_data() {
  QTest::addColumn<int>("algorithm");
  QTest::newRow("P-256") << static_cast<int>(SmpKeyAlgorithm::P256);
  QTest::newRow("Ed25519") << static_cast<int>(SmpKeyAlgorithm::Ed25519);
}

void SmpIdentityTest::provisions() {
  QFETCH(int, algorithm);
  const auto wanted = static_cast<SmpKeyAlgorithm>(algorithm);
  Unit unit;
  QVERIFY(!unit.state().key);
  QVERIFY(unit.state().keyId.isEmpty());
  QVERIFY(unit.certificate().isEmpty());
  QVERIFY(unit.state().algorithms.contains(wanted));

  const auto keyId = unit.client.makeKey(wanted, unit.never);
  VERIFY_OK(keyId);
  const auto certificate = unit.issue(authority());
  VERIFY_OK(certificate);
  VERIFY_OK(unit.client.storeCertificate(*certificate, unit.never));
  const SmpIdentityState state = unit.state();
  QVERIFY(state.key == wanted);
  QCOMPARE(state.keyId, *keyId);
  QCOMPARE(state.certificateDigest, sha256(*certificate));
  QVERIFY(!state.locked);

  // What a station does before every update.
  unit.transport.powerCycle();
  QCOMPARE(unit.certificate(), *certificate);
  const DeviceTrust trust{{authority().certificate}, {}, {authority().list()}, true};
  const auto checked = checkDeviceCertificate(unit.certificate(), trust, {QStringLiteral("SN-1"), {}}, kFactoryDay);
  VERIFY_OK(checked);
  QCOMPARE(QByteArray::fromHex(checked->key.keyId().toLatin1()), *keyId);
  auto challenge = IdentityChallenge::make();
  const auto proof = unit.client.sign(challenge->nonce(), unit.never);
  VERIFY_OK(proof);
  VERIFY_OK(challenge->check(checked->key, proof->deviceNonce, proof->signature));
}

void SmpIdentityTest::overRealLinks_data() {
  QTest::addColumn<int>("transport");
  QTest::newRow("UDP") << static_cast<int>(VirtualSmpDevice::Transport::Udp);
  QTest::newRow("serial") << static_cast<int>(VirtualSmpDevice::Transport::Pty);
}

void SmpIdentityTest::overRealLinks() {
  QFETCH(int, transport);
  const auto kind = static_cast<VirtualSmpDevice::Transport>(transport);
  VirtualSmpDevice device(Unit::configure({}, {}), kind);
  VERIFY_OK(device.start());
  QVERIFY(device.waitUntil([](const auto& now) { return now.running.has_value(); }, 10'000));
  SystemLinkOpener opener;
  const CancelToken never;
  std::unique_ptr<DatagramLink> datagrams;
  std::unique_ptr<ByteLink> bytes;
  std::unique_ptr<SmpTransport> smp;
  if (kind == VirtualSmpDevice::Transport::Udp) {
    auto link = opener.openDatagrams(device.address(), never);
    VERIFY_OK(link);
    datagrams = std::move(*link);
    smp = std::make_unique<SmpDatagramTransport>(*datagrams);
  } else {
    auto link = opener.openBytes(device.address(), never);
    VERIFY_OK(link);
    bytes = std::move(*link);
    smp = std::make_unique<SmpConsoleTransport>(*bytes, 115200);
  }
  SmpSession session(*smp);
  SmpIdentityClient client(session);
  const auto keyId = client.makeKey(SmpKeyAlgorithm::P256, never);
  VERIFY_OK(keyId);
  const auto der = client.certificateRequest(never);
  VERIFY_OK(der);
  const auto request = CertificateRequest::parse(*der);
  VERIFY_OK(request);
  QCOMPARE(request->serialNumber, QStringLiteral("SN-1"));
  const auto certificate = authority().issuer.issue(*request, {deviceNamed(QStringLiteral("SN-1")), kFactoryDay, {}});
  VERIFY_OK(client.storeCertificate(*certificate, never));
  VERIFY_OK(client.lock(*keyId, never));
  const auto back = client.certificate(never);
  QVERIFY(back && *back == *certificate);
  QVERIFY(device.waitUntil([](const auto& now) { return now.identityLocked; }, 10'000));
}

void SmpIdentityTest::withoutTheGroup() {
  Unit unit([](SmpDeviceConfig& config) { config.identityGroup = false; });
  const auto state = unit.client.state(unit.never);
  QVERIFY(state && !*state);
  const auto certificate = unit.client.certificate(unit.never);
  QVERIFY(certificate && !*certificate);
  const auto secureBoot = unit.client.secureBoot(unit.never);
  QVERIFY(secureBoot && !*secureBoot);
  const auto counter = unit.client.counter(unit.never);
  QVERIFY(counter && !*counter);
  QCOMPARE(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never).error().code, ErrorCode::NotSupported);
  QCOMPARE(unit.client.certificateRequest(unit.never).error().code, ErrorCode::NotSupported);
  QCOMPARE(unit.client.storeCertificate("x", unit.never).error().code, ErrorCode::NotSupported);
  QCOMPARE(unit.client.sign(QByteArray(32, 'n'), unit.never).error().code, ErrorCode::NotSupported);
  QCOMPARE(unit.client.lock(QByteArray(32, 'k'), unit.never).error().code, ErrorCode::NotSupported);
  QCOMPARE(unit.client.wipe({}, unit.never).error().code, ErrorCode::NotSupported);
}

// Each answer is lost once: the client asks again, and nothing is done twice.
void SmpIdentityTest::answersGetLost() {
  Unit unit;
  unit.transport.loseAnswers = 1;
  const auto keyId = unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never);
  VERIFY_OK(keyId);
  QCOMPARE(unit.state().keyId, *keyId);
  unit.transport.loseAnswers = 1;
  const auto certificate = unit.issue(authority());
  VERIFY_OK(certificate);
  for (int lost = 1; lost <= 2; ++lost) {
    unit.transport.loseAnswers = lost;
    VERIFY_OK(unit.client.storeCertificate(*certificate, unit.never));
  }
  const quint64 operations = unit.device.flashOperations();
  VERIFY_OK(unit.client.storeCertificate(*certificate, unit.never));
  QCOMPARE(unit.device.flashOperations(), operations);
  unit.transport.loseAnswers = 1;
  VERIFY_OK(unit.client.lock(*keyId, unit.never));
  unit.transport.loseAnswers = 2;
  QCOMPARE(unit.certificate(), *certificate);
  unit.device.identity().setButtonHeld(true);
  unit.transport.loseAnswers = 1;
  VERIFY_OK(unit.client.wipe(*keyId, unit.never));
}

void SmpIdentityTest::keyIsMadeOnce() {
  Unit unit;
  const auto first = unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never);
  const auto again = unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never);
  VERIFY_OK(again);
  QCOMPARE(*again, *first);
  VERIFY_REFUSED(unit.client.makeKey(SmpKeyAlgorithm::Ed25519, unit.never), "IDENTITY_ERR_KEY_EXISTS");
  unit.transport.powerCycle();
  QCOMPARE(unit.state().keyId, *first);
  Unit other;
  QVERIFY(*other.client.makeKey(SmpKeyAlgorithm::P256, other.never) != *first);
  VERIFY_REFUSED(Unit().client.certificateRequest(unit.never), "IDENTITY_ERR_NO_KEY");
  VERIFY_REFUSED(Unit().client.sign(QByteArray(32, 'n'), unit.never), "IDENTITY_ERR_NO_KEY");
  VERIFY_REFUSED(Unit().client.storeCertificate("x", unit.never), "IDENTITY_ERR_NO_KEY");
}

void SmpIdentityTest::certificateIsTakenWholeOrNotAtAll() {
  Unit unit;
  Unit other;
  VERIFY_OK(unit.provision(authority()));
  VERIFY_OK(other.client.makeKey(SmpKeyAlgorithm::P256, other.never));
  const QByteArray mine = unit.certificate();
  const auto foreign = other.issue(authority());
  VERIFY_REFUSED(unit.client.storeCertificate(*foreign, unit.never), "IDENTITY_ERR_CERTIFICATE");
  VERIFY_REFUSED(unit.client.storeCertificate("no certificate", unit.never), "IDENTITY_ERR_CERTIFICATE");
  QCOMPARE(unit.client.storeCertificate({}, unit.never).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(unit.client.storeCertificate(QByteArray(4097, 'x'), unit.never).error().code, ErrorCode::InvalidArgument);
  QCOMPARE(unit.certificate(), mine);
  // A newer one replaces it.
  const auto renewed = unit.issue(authority());
  VERIFY_OK(unit.client.storeCertificate(*renewed, unit.never));
  QVERIFY(*renewed != mine);
  QCOMPARE(unit.certificate(), *renewed);
}

void SmpIdentityTest::lockRefusesEverythingElse() {
  Unit unit;
  VERIFY_REFUSED(unit.client.lock(QByteArray(32, 'k'), unit.never), "IDENTITY_ERR_NOT_READY");
  VERIFY_OK(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never));
  VERIFY_REFUSED(unit.client.lock(unit.state().keyId, unit.never), "IDENTITY_ERR_NOT_READY");
  VERIFY_OK(unit.provision(authority()));
  const QByteArray keyId = unit.state().keyId;
  const QByteArray certificate = unit.certificate();
  const auto renewed = unit.issue(authority());
  VERIFY_OK(unit.client.lock(keyId, unit.never));
  unit.transport.powerCycle();
  QVERIFY(unit.state().locked);

  VERIFY_REFUSED(unit.client.storeCertificate(*renewed, unit.never), "IDENTITY_ERR_LOCKED");
  VERIFY_REFUSED(unit.client.requireSecureBoot(unit.never), "IDENTITY_ERR_LOCKED");
  VERIFY_REFUSED(unit.client.raiseCounter(4, unit.never), "IDENTITY_ERR_LOCKED");
  VERIFY_REFUSED(unit.client.wipe(keyId, unit.never), "IDENTITY_ERR_PRESENCE");
  VERIFY_REFUSED(unit.settings.writeSetting(QStringLiteral("sealift/serial"), "SN-2", unit.never),
                 "SETTINGS_MGMT_ERR_WRITE_NOT_SUPPORTED");
  // What is there already is not refused: a run that is carried on comes by again.
  VERIFY_OK(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never));
  VERIFY_OK(unit.client.storeCertificate(certificate, unit.never));
  VERIFY_OK(unit.client.lock(keyId, unit.never));
  VERIFY_OK(unit.settings.writeSetting(QStringLiteral("sealift/serial"), "SN-1", unit.never));
  // And it still proves who it is.
  VERIFY_OK(unit.client.sign(QByteArray(32, 'n'), unit.never));
  QCOMPARE(unit.certificate(), certificate);
  QCOMPARE(unit.state().keyId, keyId);
}

// Boards are swapped between two steps.
void SmpIdentityTest::lockNamesItsDevice() {
  Unit meant;
  Unit swapped;
  VERIFY_OK(meant.provision(authority()));
  VERIFY_OK(swapped.provision(authority()));
  VERIFY_REFUSED(swapped.client.lock(meant.state().keyId, swapped.never), "IDENTITY_ERR_OTHER_KEY");
  VERIFY_REFUSED(swapped.client.wipe(meant.state().keyId, swapped.never), "IDENTITY_ERR_OTHER_KEY");
  VERIFY_REFUSED(swapped.client.wipe({}, swapped.never), "IDENTITY_ERR_OTHER_KEY");
  QVERIFY(!swapped.state().locked);
  QVERIFY(!swapped.certificate().isEmpty());
}

void SmpIdentityTest::wipesAndSaysWhat() {
  for (const bool isLocked : {false, true}) {
    Unit unit;
    VERIFY_OK(unit.provision(authority()));
    const QByteArray keyId = unit.state().keyId;
    if (isLocked) {
      VERIFY_OK(unit.client.lock(keyId, unit.never));
      unit.device.identity().setButtonHeld(true);
    }
    for (int again = 0; again < 2; ++again) {
      const auto wiped = unit.client.wipe(keyId, unit.never);
      VERIFY_OK(wiped);
      QVERIFY(wiped->key && wiped->certificate && wiped->settings && wiped->userData);
    }
    QVERIFY(unit.state().keyId.isEmpty());
    QVERIFY(unit.certificate().isEmpty());
    // Not a trace of the key, or of the certificate, in all of the flash.
    const auto flash = unit.device.flash().read(0, unit.device.flash().geometry().size);
    QVERIFY(!flash->contains("PRIVATE KEY"));
    QVERIFY(!flash->contains("Example Device CA"));
    // A locked one stays so: it never gets another identity.
    QCOMPARE(unit.state().locked, isLocked);
    const auto next = unit.client.makeKey(SmpKeyAlgorithm::Ed25519, unit.never);
    if (isLocked) {
      VERIFY_REFUSED(next, "IDENTITY_ERR_LOCKED");
    } else {
      VERIFY_OK(next);
    }
  }
}

void SmpIdentityTest::irreversibleSteps() {
  // The running image has the counter 3, the hardware 1; this bootloader raises it by request only.
  Unit unit([](SmpDeviceConfig& config) { config.counterByRequest = true; });
  QCOMPARE(unit.client.counter(unit.never)->value(), 1U);
  VERIFY_OK(unit.client.raiseCounter(2, unit.never));
  VERIFY_OK(unit.client.raiseCounter(3, unit.never));
  VERIFY_OK(unit.client.raiseCounter(3, unit.never));
  QCOMPARE(unit.settings.readSetting(QStringLiteral("sealift/seccnt"), 4, unit.never)->value(),
           QByteArray::fromHex("03000000"));
  VERIFY_REFUSED(unit.client.raiseCounter(2, unit.never), "IDENTITY_ERR_COUNTER");
  VERIFY_REFUSED(unit.client.raiseCounter(4, unit.never), "IDENTITY_ERR_COUNTER");
  VERIFY_REFUSED(unit.client.raiseCounter(0xffffffffU, unit.never), "IDENTITY_ERR_COUNTER");
  unit.transport.powerCycle();
  QCOMPARE(unit.client.counter(unit.never)->value(), 3U);
  QVERIFY2(unit.device.running().has_value(), "the image with this very counter still boots");

  QVERIFY(!unit.client.secureBoot(unit.never)->value().on);
  QCOMPARE(unit.settings.readSetting(QStringLiteral("sealift/secboot"), 1, unit.never)->value(), QByteArray(1, '\0'));
  for (int again = 0; again < 2; ++again) {
    VERIFY_OK(unit.client.requireSecureBoot(unit.never));
    unit.transport.powerCycle();
    QVERIFY(unit.client.secureBoot(unit.never)->value().on);
    QVERIFY(unit.client.secureBoot(unit.never)->value().fixed);
  }
  QCOMPARE(unit.settings.readSetting(QStringLiteral("sealift/secboot"), 1, unit.never)->value(), QByteArray(1, '\1'));
}

void SmpIdentityTest::serialNumberBeforeTheCertificate() {
  Unit unit([](SmpDeviceConfig& config) { config.serial.clear(); });
  const QString name = QStringLiteral("sealift/serial");
  VERIFY_OK(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never));
  QCOMPARE(CertificateRequest::parse(*unit.client.certificateRequest(unit.never))->serialNumber, QString());
  VERIFY_OK(unit.settings.writeSetting(name, "SN-1", unit.never));
  unit.transport.powerCycle();
  QCOMPARE(unit.settings.readSetting(name, 64, unit.never)->value(), QByteArray("SN-1"));
  QCOMPARE(CertificateRequest::parse(*unit.client.certificateRequest(unit.never))->serialNumber,
           QStringLiteral("SN-1"));
  VERIFY_OK(unit.provision(authority()));
  VERIFY_REFUSED(unit.settings.writeSetting(name, "SN-2", unit.never), "WRITE_NOT_SUPPORTED");
  VERIFY_REFUSED(Unit().settings.writeSetting(name, QByteArray(65, 'x'), unit.never), "MGMT_ERR_EINVAL");
  VERIFY_REFUSED(Unit().settings.writeSetting(name, "a\nb", unit.never), "MGMT_ERR_EINVAL");
  VERIFY_REFUSED(Unit().settings.writeSetting(QStringLiteral("sealift/model"), "t9", unit.never),
                 "WRITE_NOT_SUPPORTED");
}

void SmpIdentityTest::powerIsCutAnywhere_data() {
  QTest::addColumn<QString>("step");
  for (const char* step :
       {"make key", "store certificate", "renew certificate", "lock", "wipe", "wipe locked", "serial"}) {
    QTest::newRow(step) << QString::fromLatin1(step);
  }
}

// At each flash operation of a step, with different halves of it done: afterwards the old or the new state is there,
// the device still works, and the same step again ends as if nothing had happened.
void SmpIdentityTest::powerIsCutAnywhere() {
  QFETCH(QString, step);
  const QString serial = QStringLiteral("sealift/serial");
  int cuts = 0;
  bool isDone = false;
  for (quint64 operation = 1; !isDone; ++operation) {
    for (quint32 seed = 1; seed <= 6; ++seed) {
      Unit unit([&](SmpDeviceConfig& config) { config.flashSeed = seed; });
      if (step != QStringLiteral("make key") && step != QStringLiteral("serial")) {
        VERIFY_OK(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never));
      }
      if (step != QStringLiteral("make key") && step != QStringLiteral("serial") &&
          step != QStringLiteral("store certificate")) {
        VERIFY_OK(unit.provision(authority()));
      }
      unit.device.identity().setButtonHeld(true);
      const QByteArray keyId = unit.state().keyId;
      if (step == QStringLiteral("wipe locked")) {
        VERIFY_OK(unit.client.lock(keyId, unit.never));
      }
      const QByteArray oldCertificate = unit.certificate();
      const bool wasLocked = unit.state().locked;
      const QByteArray renewed = step.endsWith(QStringLiteral("certificate")) ? *unit.issue(authority()) : QByteArray();
      const auto carryOut = [&]() -> Status {
        if (step == QStringLiteral("make key")) {
          SEALIFT_CHECK(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never));
          return {};
        }
        if (step == QStringLiteral("lock")) {
          return unit.client.lock(keyId, unit.never);
        }
        if (step == QStringLiteral("serial")) {
          return unit.settings.writeSetting(serial, "SN-9", unit.never);
        }
        if (step.startsWith(QStringLiteral("wipe"))) {
          SEALIFT_CHECK(unit.client.wipe(keyId, unit.never));
          return {};
        }
        return unit.client.storeCertificate(renewed, unit.never);
      };

      unit.device.flash().cutPowerAtOperation(operation);
      const Status first = carryOut();
      isDone = first.has_value();
      if (isDone) {
        break;  // the step has no such operation any more
      }
      ++cuts;
      QVERIFY2(unit.device.phase() == SmpDevice::Phase::Off, why(first).constData());
      unit.transport.powerCycle();

      const SmpIdentityState state = unit.state();
      const QByteArray certificate = unit.certificate();
      if (step == QStringLiteral("make key")) {
        QVERIFY(certificate.isEmpty() && !state.locked);
      } else if (step.startsWith(QStringLiteral("wipe"))) {
        QVERIFY((state.keyId == keyId && certificate == oldCertificate) ||
                (state.keyId.isEmpty() && certificate.isEmpty()));
        QCOMPARE(state.locked, wasLocked);
      } else {
        QCOMPARE(state.keyId, keyId);
        QVERIFY(certificate == oldCertificate || (!renewed.isEmpty() && certificate == renewed));
        QVERIFY(!state.locked || step == QStringLiteral("lock"));
      }
      if (!state.keyId.isEmpty()) {
        VERIFY_OK(unit.client.sign(QByteArray(32, 'n'), unit.never));
      }
      VERIFY_OK(carryOut());
      unit.transport.powerCycle();
      if (step == QStringLiteral("lock")) {
        QVERIFY(unit.state().locked);
      } else if (step.startsWith(QStringLiteral("wipe"))) {
        QVERIFY(unit.state().keyId.isEmpty());
        QVERIFY(!unit.device.flash().read(0, unit.device.flash().geometry().size)->contains("PRIVATE KEY"));
      } else if (step == QStringLiteral("serial")) {
        QCOMPARE(unit.settings.readSetting(serial, 64, unit.never)->value(), QByteArray("SN-9"));
      } else if (step == QStringLiteral("make key")) {
        QVERIFY(!unit.state().keyId.isEmpty());
      } else {
        QCOMPARE(unit.certificate(), renewed);
      }
    }
  }
  QVERIFY2(cuts >= 2 * 6, qPrintable(QStringLiteral("only %1 cuts").arg(cuts)));
}

void SmpIdentityTest::powerIsCutInTheMiddleOfATransfer() {
  Unit unit;
  VERIFY_OK(unit.client.makeKey(SmpKeyAlgorithm::P256, unit.never));
  const auto certificate = unit.issue(authority());
  const auto chunk = [&](qsizetype offset) {
    QCborMap body{{QStringLiteral("off"), offset}, {QStringLiteral("data"), certificate->mid(offset, 100)}};
    if (offset == 0) {
      body.insert(QStringLiteral("len"), certificate->size());
      body.insert(QStringLiteral("sha"), sha256(*certificate));
    }
    const auto answer = unit.session.call(
        {SmpOp::Write, smp::kIdentityGroup, smp::kIdentityCertificate, body, QStringLiteral("chunk")}, {}, unit.never);
    return answer->body.value(QStringLiteral("off")).toInteger(-1);
  };
  QCOMPARE(chunk(0), 100);
  QCOMPARE(chunk(100), 200);
  QCOMPARE(chunk(100), 200);  // again: an answer was lost
  QCOMPARE(chunk(300), 200);  // a gap
  QCOMPARE(chunk(0), 200);    // the same certificate: goes on
  unit.transport.powerCycle();
  QCOMPARE(chunk(200), 0);  // forgotten
  QVERIFY(unit.certificate().isEmpty());
  VERIFY_OK(unit.client.storeCertificate(*certificate, unit.never));
  QCOMPARE(unit.certificate(), *certificate);
  // A request is made anew after a restart, and what is left of the old one is not handed out.
  unit.transport.powerCycle();
  const auto late = unit.session.call({SmpOp::Read, smp::kIdentityGroup, smp::kIdentityRequest,
                                       QCborMap{{QStringLiteral("off"), 256}}, QStringLiteral("late")},
                                      {}, unit.never);
  QVERIFY(late->refusal && late->refusal->code == 9);
}

void SmpIdentityTest::replayedProofsAreRefused() {
  Unit unit;
  VERIFY_OK(unit.provision(authority()));
  const PublicKey key = DeviceCertificate::parse(unit.certificate())->key;
  auto first = IdentityChallenge::make();
  const auto recorded = unit.client.sign(first->nonce(), unit.never);
  VERIFY_OK(first->check(key, recorded->deviceNonce, recorded->signature));
  // Whoever recorded it answers the next challenge with it.
  auto next = IdentityChallenge::make();
  QCOMPARE(next->check(key, recorded->deviceNonce, recorded->signature).error().code, ErrorCode::IdentityNotProven);
  // The same question again is answered with another nonce and signature.
  const auto again = unit.client.sign(first->nonce(), unit.never);
  QVERIFY(again->deviceNonce != recorded->deviceNonce);
  QVERIFY(again->signature != recorded->signature);
  // Another unit of the same vendor can't answer for it.
  Unit other;
  VERIFY_OK(other.provision(authority()));
  auto third = IdentityChallenge::make();
  const auto foreign = other.client.sign(third->nonce(), unit.never);
  QCOMPARE(third->check(key, foreign->deviceNonce, foreign->signature).error().code, ErrorCode::IdentityNotProven);
}

// A unit sold with an identity, and one that was given the same key: only seeing both tells.
void SmpIdentityTest::clonesSignAsWell() {
  const auto key = PrivateKey::generate(KeyType::EcP256);
  const auto request = CertificateRequest::parse(*makeCertificateRequest(*key, {}));
  const auto certificate = authority().issuer.issue(*request, {deviceNamed(QStringLiteral("SN-1")), kFactoryDay, {}});
  const auto sold = [&](SmpDeviceConfig& config) {
    config.identityKey = key->toPem()->view().toByteArray();
    config.identityCertificate = *certificate;
    config.identityLocked = true;
  };
  Unit original(sold);
  Unit clone(sold);
  QCOMPARE(original.state().keyId, clone.state().keyId);
  QVERIFY(original.state().locked);
  for (Unit* unit : {&original, &clone}) {
    auto challenge = IdentityChallenge::make();
    const auto proof = unit->client.sign(challenge->nonce(), unit->never);
    VERIFY_OK(challenge->check(key->publicKey(), proof->deviceNonce, proof->signature));
  }
}

// Random maps with the group's own keys, in wrong types and sizes, in all commands: the device answers or stays silent,
// and it is the same device afterwards.
void SmpIdentityTest::deviceRefusesMalformedRequests() {
  Unit unit;
  VERIFY_OK(unit.provision(authority()));
  const QByteArray keyId = unit.state().keyId;
  const QByteArray certificate = unit.certificate();
  std::mt19937 random(20260301);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<quint32>(n)); };
  const auto value = [&]() -> QCborValue {
    const QCborValue values[] = {QCborValue(),
                                 QCborValue(false),
                                 QCborValue(-1),
                                 QCborValue(0),
                                 QCborValue(static_cast<qint64>(random())),
                                 QCborValue(std::numeric_limits<qint64>::max()),
                                 QCborValue(std::numeric_limits<qint64>::min()),
                                 QCborValue(QByteArray(below(70), 'x')),
                                 QCborValue(QStringLiteral("p256x")),
                                 QCborValue(1.5),
                                 QCborValue(QCborArray{1, 2}),
                                 QCborValue(QCborMap{{1, 2}})};
    return values[below(12)];
  };
  const char* keys[] = {"off", "len", "sha", "data", "alg", "kid", "nonce", "on", "cnt", "name", "val"};
  for (int round = 0; round < 4000; ++round) {
    QCborMap body;
    for (int i = below(6); i > 0; --i) {
      body.insert(QString::fromLatin1(keys[below(11)]), value());
    }
    SmpMessage message;
    message.header.op = below(2) == 0 ? SmpOp::Read : SmpOp::Write;
    message.header.group = smp::kIdentityGroup;
    message.header.command = static_cast<quint8>(below(11));
    message.body = body;
    QByteArray packet = encodeSmpMessage(message);
    if (below(4) == 0) {
      packet[below(static_cast<int>(packet.size()))] = static_cast<char>(random() & 0xff);
    }
    (void)unit.device.handle(packet, 1'000'000 + round);
  }
  unit.transport.powerCycle();
  // Only a restart or the fuse of secure boot could have been asked for in the right words.
  QCOMPARE(unit.state().keyId, keyId);
  QCOMPARE(unit.certificate(), certificate);
  QVERIFY(!unit.state().locked);
}

void SmpIdentityTest::clientRefusesMalformedAnswers_data() {
  QTest::addColumn<QString>("command");
  QTest::addColumn<QCborMap>("body");
  const auto row = [](const char* tag, const char* command, const QCborMap& body) {
    QTest::newRow(tag) << QString::fromLatin1(command) << body;
  };
  const auto k = [](const char* name) { return QString::fromLatin1(name); };
  const QByteArray id(32, 'i');
  row("state: nothing", "state", {});
  row("state: lock is a number", "state", {{k("algs"), QCborArray()}, {k("lock"), 0}});
  row("state: algorithms are a text", "state", {{k("algs"), k("p256")}, {k("lock"), false}});
  row("state: a short key id", "state",
      {{k("algs"), QCborArray()}, {k("lock"), false}, {k("key"), k("p256")}, {k("kid"), QByteArray(31, 'i')}});
  row("state: a key without id", "state", {{k("algs"), QCborArray()}, {k("lock"), false}, {k("key"), k("p256")}});
  row("state: an id without key", "state", {{k("algs"), QCborArray()}, {k("lock"), false}, {k("kid"), id}});
  row("state: an unknown key", "state",
      {{k("algs"), QCborArray()}, {k("lock"), false}, {k("key"), k("rot13")}, {k("kid"), id}});
  row("state: a certificate without key", "state", {{k("algs"), QCborArray()}, {k("lock"), false}, {k("cert"), id}});
  row("key: of another algorithm", "key", {{k("key"), k("ed25519")}, {k("kid"), id}});
  row("key: no id", "key", {{k("key"), k("p256")}});
  row("key: an id that is a text", "key", {{k("key"), k("p256")}, {k("kid"), QString(32, QLatin1Char('i'))}});
  const QByteArray data("data");
  row("certificate: nothing", "certificate", {});
  row("certificate: empty", "certificate",
      {{k("off"), 0}, {k("len"), 0}, {k("sha"), sha256({})}, {k("data"), QByteArray()}});
  row("certificate: too long", "certificate", {{k("off"), 0}, {k("len"), 4097}, {k("sha"), id}, {k("data"), data}});
  row("certificate: more than announced", "certificate",
      {{k("off"), 0}, {k("len"), 3}, {k("sha"), sha256(data)}, {k("data"), data}});
  row("certificate: a negative length", "certificate",
      {{k("off"), 0}, {k("len"), -1}, {k("sha"), id}, {k("data"), data}});
  row("certificate: another offset", "certificate", {{k("off"), 4}, {k("len"), 8}, {k("sha"), id}, {k("data"), data}});
  row("certificate: another digest", "certificate", {{k("off"), 0}, {k("len"), 4}, {k("sha"), id}, {k("data"), data}});
  row("certificate: no digest", "certificate", {{k("off"), 0}, {k("len"), 4}, {k("data"), data}});
  row("certificate: data is a text", "certificate",
      {{k("off"), 0}, {k("len"), 4}, {k("sha"), sha256(data)}, {k("data"), k("data")}});
  row("certificate: never goes on", "certificate",
      {{k("off"), 0}, {k("len"), 8}, {k("sha"), sha256(data)}, {k("data"), data}});
  row("store: no offset", "store", {});
  row("store: beyond the end", "store", {{k("off"), 1000}});
  row("store: negative", "store", {{k("off"), -1}});
  row("store: a huge number", "store", {{k("off"), std::numeric_limits<qint64>::max()}});
  row("sign: a short nonce", "sign", {{k("nonce"), QByteArray(31, 'n')}, {k("sig"), QByteArray(70, 's')}});
  row("sign: no signature", "sign", {{k("nonce"), id}, {k("sig"), QByteArray()}});
  row("sign: an endless signature", "sign", {{k("nonce"), id}, {k("sig"), QByteArray(129, 's')}});
  row("counter: negative", "counter", {{k("cnt"), -1}});
  row("counter: more than 32 bits", "counter", {{k("cnt"), qint64{1} << 32}});
  row("secure boot: half an answer", "secboot", {{k("on"), true}});
  row("lock: not locked", "lock", {{k("lock"), false}});
  row("lock: nothing", "lock", {});
  row("raise: to another value", "raise", {{k("cnt"), 6}});
  row("require: still off", "require", {{k("on"), false}, {k("fixed"), false}});
  row("wipe: nothing", "wipe", {});
}

void SmpIdentityTest::clientRefusesMalformedAnswers() {
  QFETCH(QString, command);
  QFETCH(QCborMap, body);
  StubbornTransport transport;
  transport.bodies << body.toCborValue().toCbor();
  SmpSession session(transport, 0);
  SmpIdentityClient client(session);
  const CancelToken never;
  std::optional<Error> error;
  const auto take = [&](const auto& result) {
    if (!result) {
      error = result.error();
    }
  };
  if (command == QStringLiteral("state")) {
    take(client.state(never));
  } else if (command == QStringLiteral("key")) {
    take(client.makeKey(SmpKeyAlgorithm::P256, never));
  } else if (command == QStringLiteral("certificate")) {
    take(client.certificate(never));
    QVERIFY(error.has_value());
    error.reset();
    take(client.certificateRequest(never));
  } else if (command == QStringLiteral("store")) {
    take(client.storeCertificate(QByteArray(300, 'c'), never));
  } else if (command == QStringLiteral("sign")) {
    take(client.sign(QByteArray(32, 'n'), never));
  } else if (command == QStringLiteral("counter")) {
    take(client.counter(never));
  } else if (command == QStringLiteral("secboot")) {
    take(client.secureBoot(never));
  } else if (command == QStringLiteral("lock")) {
    take(client.lock(QByteArray(32, 'k'), never));
  } else if (command == QStringLiteral("raise")) {
    take(client.raiseCounter(5, never));
  } else if (command == QStringLiteral("require")) {
    take(client.requireSecureBoot(never));
  } else {
    take(client.wipe(QByteArray(32, 'k'), never));
  }
  QVERIFY2(error && error->code == ErrorCode::ProtocolMalformed,
           error ? qPrintable(error->message()) : "an answer that breaks the rules was accepted");
}

// A device that always wants to begin anew, or gives a byte at a time.
void SmpIdentityTest::clientComesToAnEnd() {
  StubbornTransport transport;
  transport.bodies << QCborMap{{QStringLiteral("off"), 0}}.toCborValue().toCbor();
  SmpSession session(transport, 0);
  SmpIdentityClient client(session);
  const CancelToken never;
  QCOMPARE(client.storeCertificate(QByteArray(300, 'c'), never).error().code, ErrorCode::ProtocolMalformed);
  QVERIFY(transport.sent < 100);
  QCOMPARE(client.sign(QByteArray(31, 'n'), never).error().code, ErrorCode::InvalidArgument);
}

QTEST_GUILESS_MAIN(SmpIdentityTest)
#include "smp_identity_test.moc"
