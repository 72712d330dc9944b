#include "transports/protocols/smp/smp_upload.h"

#include "tests/support/smp_test_peer.h"
#include "transports/protocols/smp/smp_console_framing.h"
#include "transports/protocols/smp/smp_console_transport.h"
#include "transports/protocols/smp/smp_datagram_transport.h"

#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

QByteArray imageOf(qsizetype size) {
  std::mt19937 random(42);
  QByteArray image;
  while (image.size() < size) {
    image += static_cast<char>(random());
  }
  return image;
}

QByteArray sha256(const QByteArray& bytes) {
  return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256);
}

Result<SmpUploadResult> upload(DatagramLink& link, const QByteArray& image, const SmpUploadOptions& options = {},
                               const CancelToken& cancel = {}, Progress progress = Progress()) {
  SmpDatagramTransport transport(link);
  SmpSession session(transport);
  SmpClient client(session);
  const QByteArray digest = sha256(image);
  return SmpUpload(client, image, digest, options).run(progress, cancel);
}

// A serial line to the server: both directions in console framing, with log output of the device in between and, when
// wanted, a flipped bit every so many bytes.
class ConsoleTestLink final : public ByteLink {
 public:
  ConsoleTestLink(SmpTestServer& server, qsizetype readSize, qint64 flipEvery)
      : server_(server), readSize_(readSize), flipEvery_(flipEvery) {}

  Status write(QByteArrayView bytes, const Deadline&, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    for (char byte : bytes) {
      if (const auto packet = reader_.take(damaged(byte))) {
        answers_ += "[00:00:00.123] <dbg> mcumgr: request\r\n" + encodeSmpConsole(server_.answer(*packet));
      }
    }
    return {};
  }
  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    if (answers_.isEmpty()) {
      return deadline.timeout();
    }
    QByteArray piece = answers_.left(std::min(maxBytes, readSize_));
    answers_.remove(0, piece.size());
    for (char& byte : piece) {
      byte = damaged(byte);
    }
    return piece;
  }
  Status discardInput() override { return {}; }
  QString description() const override { return QStringLiteral("test"); }

 private:
  char damaged(char byte) {
    return flipEvery_ > 0 && ++passed_ % flipEvery_ == 0 ? static_cast<char>(byte ^ 0x10) : byte;
  }

  SmpTestServer& server_;
  qsizetype readSize_;
  qint64 flipEvery_;
  qint64 passed_ = 0;
  SmpConsoleReader reader_;
  QByteArray answers_;
};

}  // namespace

class SmpUploadTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void uploads_data() {
    QTest::addColumn<int>("size");
    for (const int size : {1, 31, 32, 100, 447, 448, 449, 5000, 100000}) {
      QTest::addRow("%d bytes", size) << size;
    }
  }
  void uploads() {
    QFETCH(int, size);
    SmpTestServer server;
    SmpTestLink link(server);
    const QByteArray image = imageOf(size);
    const auto result = upload(link, image);
    QVERIFY2(result.has_value(), result ? "" : qPrintable(result.error().message()));
    QCOMPARE(server.complete, image);
    QCOMPARE(result->match, std::optional(true));
    QCOMPARE(result->resumedAt, 0);
    QCOMPARE(result->window, 3);  // four buffers, one of them for the answer
    QVERIFY(link.largest <= server.bufferSize);
    QCOMPARE(link.sent, result->chunksSent + 1);  // nothing twice; one request for the parameters
  }

  void progressNeverGoesBack() {
    SmpTestServer server;
    server.restartAfterChunks = 20;
    SmpTestLink link(server);
    double last = 0;
    bool monotonic = true;
    const Progress progress([&](const ProgressUpdate& update) {
      monotonic = monotonic && update.fraction >= last;
      last = update.fraction;
    });
    QVERIFY(upload(link, imageOf(20000), {}, {}, progress).has_value());
    QVERIFY(monotonic);
    QCOMPARE(last, 1.0);
  }

  void survivesLossDoublesAndReordering_data() {
    QTest::addColumn<int>("loss");
    QTest::addColumn<int>("doubles");
    QTest::addColumn<int>("reorder");
    QTest::addColumn<int>("buffers");
    QTest::newRow("loss") << 10 << 0 << 0 << 4;
    QTest::newRow("doubles") << 0 << 25 << 0 << 4;
    QTest::newRow("reordering") << 0 << 0 << 25 << 4;
    QTest::newRow("all") << 5 << 10 << 10 << 4;
    QTest::newRow("all, one at a time") << 5 << 10 << 10 << 2;
    QTest::newRow("all, many in flight") << 5 << 10 << 10 << 20;
    QTest::newRow("a third lost") << 33 << 5 << 5 << 6;
  }
  void survivesLossDoublesAndReordering() {
    QFETCH(int, loss);
    QFETCH(int, doubles);
    QFETCH(int, reorder);
    QFETCH(int, buffers);
    const QByteArray image = imageOf(60000);
    for (quint32 seed = 1; seed <= 25; ++seed) {
      SmpTestServer server;
      server.bufferCount = buffers;
      SmpTestLink link(server, {seed, loss, doubles, reorder});
      SmpUploadOptions options;
      auto result = upload(link, image, options);
      // On a very bad network six silences in a row do happen: the next try resumes.
      for (int tries = 0; !result && result.error().code == ErrorCode::Timeout && tries < 10; ++tries) {
        result = upload(link, image, options);
      }
      QVERIFY2(result.has_value(),
               qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(result ? QString() : result.error().message())));
      QCOMPARE(server.complete, image);
    }
  }

  // Without loss nothing is sent twice, however full the window.
  void sendsNothingTwiceOnAGoodLink() {
    SmpTestServer server;
    server.bufferCount = 200;
    SmpTestLink link(server);
    const QByteArray image = imageOf(100000);
    const auto result = upload(link, image);
    QVERIFY(result.has_value());
    QCOMPARE(result->window, 16);
    QCOMPARE(result->chunksSent, (image.size() + result->chunkSize - 1) / result->chunkSize);
  }

  void resumesWhereTheDeviceSays() {
    SmpTestServer server;
    const QByteArray image = imageOf(50000);
    {
      SmpTestLink link(server);
      CancelToken cancel;
      const Progress progress([&](const ProgressUpdate& update) {
        if (update.bytesDone > 20000) {
          cancel.cancel();
        }
      });
      const auto result = upload(link, image, {}, cancel, progress);
      QVERIFY(!result.has_value());
      QCOMPARE(result.error().code, ErrorCode::Cancelled);
    }
    const qint64 had = server.stored.size();
    QVERIFY(had > 20000);
    SmpTestLink link(server);
    const auto result = upload(link, image);
    QVERIFY(result.has_value());
    QCOMPARE(result->resumedAt, had);
    QCOMPARE(server.firstChunks, 1);
    QCOMPARE(server.complete, image);
    QVERIFY(link.sent < 90);  // the rest alone
  }

  void anotherImageStartsAtZero() {
    SmpTestServer server;
    const QByteArray old = imageOf(50000);
    {
      SmpTestLink link(server);
      CancelToken cancel;
      const Progress progress([&](const ProgressUpdate& update) {
        if (update.bytesDone > 20000) {
          cancel.cancel();
        }
      });
      QVERIFY(!upload(link, old, {}, cancel, progress).has_value());
    }
    const QByteArray image = imageOf(50001).sliced(1);
    SmpTestLink link(server);
    const auto result = upload(link, image);
    QVERIFY(result.has_value());
    QCOMPARE(result->resumedAt, 0);
    QCOMPARE(server.firstChunks, 2);
    QCOMPARE(server.complete, image);
  }

  // "off" of 0 in the middle: the device restarted. All fields are sent again.
  void beginsAnewWhenTheDeviceForgets() {
    SmpTestServer server;
    server.restartAfterChunks = 30;
    SmpTestLink link(server);
    const QByteArray image = imageOf(50000);
    const auto result = upload(link, image);
    QVERIFY2(result.has_value(), result ? "" : qPrintable(result.error().message()));
    QCOMPARE(server.firstChunks, 2);
    QCOMPARE(server.complete, image);
  }

  // The answer to the last chunk is lost; the server has forgotten the upload since. The image state tells.
  void lostLastAnswer_data() {
    QTest::addColumn<bool>("withDigest");
    QTest::newRow("the state tells") << true;
    QTest::newRow("nothing tells: sent again") << false;
  }
  void lostLastAnswer() {
    QFETCH(bool, withDigest);
    const QByteArray image = imageOf(5000);
    SmpTestServer server;
    server.override_ = [&](const SmpTestPacket& request) -> std::optional<QCborMap> {
      if (request.group == 1 && request.command == 0) {
        return QCborMap{
            {QStringLiteral("images"),
             QCborArray{QCborMap{{QStringLiteral("slot"), 1}, {QStringLiteral("hash"), QByteArray(32, 'd')}}}}};
      }
      return std::nullopt;
    };
    class LosingLink final : public DatagramLink {
     public:
      explicit LosingLink(SmpTestServer& server) : server_(server) {}
      Status send(QByteArrayView datagram, const Deadline&, const CancelToken&) override {
        const bool before = server_.complete.isEmpty();
        const QByteArray answer = server_.answer(datagram.toByteArray());
        if (before && !server_.complete.isEmpty()) {
          return {};  // lost
        }
        queue_.push_back(answer);
        return {};
      }
      Result<QByteArray> receive(const Deadline& deadline, const CancelToken&) override {
        if (queue_.empty()) {
          return deadline.timeout();
        }
        const QByteArray answer = queue_.front();
        queue_.pop_front();
        return answer;
      }
      qsizetype maxDatagram() const override { return 65507; }
      QString description() const override { return QStringLiteral("test"); }

     private:
      SmpTestServer& server_;
      std::deque<QByteArray> queue_;
    } link(server);
    SmpUploadOptions options;
    if (withDigest) {
      options.digest = QByteArray(32, 'd');
    }
    const auto result = upload(link, image, options);
    QVERIFY2(result.has_value(), result ? "" : qPrintable(result.error().message()));
    QCOMPARE(server.complete, image);
    QCOMPARE(server.firstChunks, withDigest ? 1 : 2);
  }

  void deviceSaysOtherHash() {
    SmpTestServer server;
    server.override_ = [&server](const SmpTestPacket& request) -> std::optional<QCborMap> {
      if (request.command == 1 && request.body.value(QStringLiteral("off")).toInteger() > 3000) {
        return QCborMap{{QStringLiteral("off"), 5000}, {QStringLiteral("match"), false}};
      }
      return std::nullopt;
    };
    SmpTestLink link(server);
    const auto result = upload(link, imageOf(5000));
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::DeviceVerifyFailed);
  }

  void hostileOffsets_data() {
    QTest::addColumn<QCborMap>("answer");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("beyond the end") << QCborMap{{QStringLiteral("off"), 5001}} << ErrorCode::ProtocolMalformed;
    QTest::newRow("negative") << QCborMap{{QStringLiteral("off"), -1}} << ErrorCode::ProtocolMalformed;
    QTest::newRow("text") << QCborMap{{QStringLiteral("off"), QStringLiteral("512")}} << ErrorCode::ProtocolMalformed;
    QTest::newRow("none") << QCborMap() << ErrorCode::ProtocolMalformed;
    QTest::newRow("never moves") << QCborMap{{QStringLiteral("off"), 0}} << ErrorCode::ProtocolUnexpected;
    QTest::newRow("always the same") << QCborMap{{QStringLiteral("off"), 77}} << ErrorCode::ProtocolUnexpected;
    QTest::newRow("refused") << QCborMap{{QStringLiteral("rc"), 6}} << ErrorCode::ProtocolRefused;
    QTest::newRow("busy for ever") << QCborMap{{QStringLiteral("rc"), 10}} << ErrorCode::Timeout;
  }
  void hostileOffsets() {
    QFETCH(QCborMap, answer);
    QFETCH(ErrorCode, code);
    SmpTestServer server;
    server.override_ = [&answer](const SmpTestPacket& request) -> std::optional<QCborMap> {
      return request.command == 1 ? std::optional(answer) : std::nullopt;
    };
    SmpTestLink link(server);
    const auto result = upload(link, imageOf(5000));
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, code);
    QVERIFY(link.sent < 100);
  }

  void busyDeviceIsWaitedFor() {
    SmpTestServer server;
    int busy = 3;
    server.override_ = [&busy](const SmpTestPacket& request) -> std::optional<QCborMap> {
      const bool chunk = request.command == 1 && request.body.value(QStringLiteral("off")).toInteger() > 0;
      return chunk && busy-- > 0 ? std::optional(QCborMap{{QStringLiteral("rc"), 2}}) : std::nullopt;
    };
    SmpTestLink link(server);
    const QByteArray image = imageOf(5000);
    QVERIFY(upload(link, image).has_value());
    QCOMPARE(server.complete, image);
  }

  void buffersDecideSizes_data() {
    QTest::addColumn<int>("bufferSize");
    QTest::addColumn<int>("bufferCount");
    QTest::addColumn<bool>("works");
    QTest::addColumn<int>("window");
    QTest::newRow("small") << 160 << 4 << true << 3;
    QTest::newRow("one buffer") << 512 << 1 << true << 1;
    QTest::newRow("larger than a datagram") << 100000 << 4 << true << 3;
    QTest::newRow("too small") << 60 << 4 << false << 0;
    QTest::newRow("smaller than a header") << 5 << 4 << false << 0;
  }
  void buffersDecideSizes() {
    QFETCH(int, bufferSize);
    QFETCH(int, bufferCount);
    QFETCH(bool, works);
    QFETCH(int, window);
    SmpTestServer server;
    server.bufferSize = bufferSize;
    server.bufferCount = bufferCount;
    SmpTestLink link(server);
    const QByteArray image = imageOf(10000);
    const auto result = upload(link, image);
    QCOMPARE(result.has_value(), works);
    QVERIFY(link.largest <= std::max(bufferSize, 20));
    QVERIFY(link.largest <= 1452);
    if (works) {
      QCOMPARE(result->window, window);
      QCOMPARE(server.complete, image);
    }
  }

  void withoutParametersOneSmallChunkAtATime() {
    SmpTestServer server;
    server.tellsParameters = false;
    SmpTestLink link(server);
    const QByteArray image = imageOf(10000);
    const auto result = upload(link, image);
    QVERIFY(result.has_value());
    QCOMPARE(result->window, 1);
    QVERIFY(link.largest <= 384);
  }

  void overSerial_data() {
    QTest::addColumn<int>("readSize");
    QTest::addColumn<int>("flipEvery");
    QTest::newRow("byte by byte") << 1 << 0;
    QTest::newRow("at once") << 100000 << 0;
    QTest::newRow("a flipped bit every 7919 bytes") << 64 << 7919;
    QTest::newRow("a flipped bit every 2003 bytes") << 64 << 2003;
  }
  void overSerial() {
    QFETCH(int, readSize);
    QFETCH(int, flipEvery);
    SmpTestServer server;
    ConsoleTestLink link(server, readSize, flipEvery);
    SmpConsoleTransport transport(link, 115200);
    SmpSession session(transport);
    SmpClient client(session);
    const QByteArray image = imageOf(60000);
    const QByteArray digest = sha256(image);
    Progress progress;
    const auto result = SmpUpload(client, image, digest, {}).run(progress, CancelToken());
    QVERIFY2(result.has_value(), result ? "" : qPrintable(result.error().message()));
    QCOMPARE(server.complete, image);
    QVERIFY(result->chunkSize + 4 <= server.bufferSize);
  }
};

QTEST_GUILESS_MAIN(SmpUploadTest)
#include "smp_upload_test.moc"
