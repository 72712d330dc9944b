#include "tests/support/smp_test_peer.h"
#include "transports/links/scripted_link.h"
#include "transports/protocols/smp/smp_client.h"
#include "transports/protocols/smp/smp_console_framing.h"
#include "transports/protocols/smp/smp_console_transport.h"
#include "transports/protocols/smp/smp_datagram_transport.h"

#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

using namespace std::chrono_literals;

// Answers each datagram with what a function makes of it: any number of datagrams.
class AnsweringLink final : public DatagramLink {
 public:
  using Answers = std::function<QList<QByteArray>(const QByteArray& request, int number)>;
  explicit AnsweringLink(Answers answers) : answers_(std::move(answers)) {}

  QList<QByteArray> sent;

  Status send(QByteArrayView datagram, const Deadline&, const CancelToken&) override {
    sent += datagram.toByteArray();
    for (const QByteArray& answer : answers_(sent.last(), static_cast<int>(sent.size()))) {
      queue_.push_back(answer);
    }
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
  Answers answers_;
  std::deque<QByteArray> queue_;
};

QByteArray echoed(const QByteArray& request) {
  const SmpTestPacket packet = SmpTestPacket::parse(request);
  return packet.reply({{QStringLiteral("r"), packet.body.value(QStringLiteral("d"))}});
}

Result<QString> echo(AnsweringLink& link, const QString& text) {
  SmpDatagramTransport transport(link);
  SmpSession session(transport, 7);
  SmpClient client(session);
  return client.echo(text, {10ms, 3}, CancelToken());
}

}  // namespace

class SmpSessionTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void echoes() {
    AnsweringLink link([](const QByteArray& request, int) { return QList<QByteArray>{echoed(request)}; });
    const auto reply = echo(link, QStringLiteral("héllo"));
    QVERIFY(reply.has_value());
    QCOMPARE(*reply, QStringLiteral("héllo"));
    QCOMPARE(link.sent.size(), 1);
    QCOMPARE(link.sent[0].left(8).toHex(), QByteArray("0a00000a00000700"));  // version 2, write, sequence 7
  }

  void retransmitsWithANewSequence() {
    AnsweringLink link([](const QByteArray& request, int number) {
      return number < 3 ? QList<QByteArray>() : QList<QByteArray>{echoed(request)};
    });
    QVERIFY(echo(link, QStringLiteral("x")).has_value());
    QCOMPARE(link.sent.size(), 3);
    QCOMPARE(link.sent[2][6], char(9));
  }

  void givesUpByName() {
    AnsweringLink link([](const QByteArray&, int) { return QList<QByteArray>(); });
    const auto reply = echo(link, QStringLiteral("x"));
    QVERIFY(!reply.has_value());
    QCOMPARE(reply.error().code, ErrorCode::Timeout);
    QVERIFY(reply.error().what.contains(QStringLiteral("echo")));
    QCOMPARE(link.sent.size(), 3);
  }

  // A late answer to the first transmission is an answer; strangers, doubles and other commands' answers are not.
  void takesLateAndSkipsForeignAnswers() {
    QByteArray first;
    AnsweringLink link([&first](const QByteArray& request, int number) {
      if (number == 1) {
        first = request;
        QByteArray stranger = echoed(request);
        stranger[6] = char(99);
        QByteArray otherCommand = echoed(request);
        otherCommand[7] = char(5);
        QByteArray otherGroup = echoed(request);
        otherGroup[5] = char(1);
        return QList<QByteArray>{stranger, otherCommand, otherGroup, request, "noise", QByteArray()};
      }
      return QList<QByteArray>{echoed(first), echoed(first), echoed(request)};
    });
    const auto reply = echo(link, QStringLiteral("late"));
    QVERIFY(reply.has_value());
    QCOMPARE(*reply, QStringLiteral("late"));
    QCOMPARE(link.sent.size(), 2);
  }

  void saysThatItIsNoSmp() {
    AnsweringLink link([](const QByteArray&, int) { return QList<QByteArray>{"SSH-2.0-OpenSSH_9.2\r\n"}; });
    const auto reply = echo(link, QStringLiteral("x"));
    QVERIFY(!reply.has_value());
    QCOMPARE(reply.error().code, ErrorCode::ProtocolMalformed);
  }

  // A server of version 1 answers a version 2 request with a version 1 header.
  void fallsBackWhenAnsweredInVersion1() {
    AnsweringLink link([](const QByteArray& request, int) {
      SmpTestPacket packet = SmpTestPacket::parse(request);
      packet.version = 0;
      return QList<QByteArray>{packet.reply({{QStringLiteral("r"), QStringLiteral("x")}})};
    });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 0);
    SmpClient client(session);
    QVERIFY(client.echo(QStringLiteral("x"), {}, CancelToken()).has_value());
    QCOMPARE(session.version(), SmpVersion::V1);
    QVERIFY(client.echo(QStringLiteral("x"), {}, CancelToken()).has_value());
    QCOMPARE(link.sent[0][0], char(0x0a));
    QCOMPARE(link.sent[1][0], char(0x02));
  }

  // MGMT_ERR_UNSUPPORTED_TOO_NEW: asked again in version 1.
  void fallsBackWhenToldTooNew() {
    AnsweringLink link([](const QByteArray& request, int) {
      const SmpTestPacket packet = SmpTestPacket::parse(request);
      return QList<QByteArray>{packet.version == 1 ? packet.reply({{QStringLiteral("rc"), 13}}) : echoed(request)};
    });
    const auto reply = echo(link, QStringLiteral("old"));
    QVERIFY(reply.has_value());
    QCOMPARE(link.sent.size(), 2);
  }

  void sequenceWraps() {
    AnsweringLink link([](const QByteArray& request, int) { return QList<QByteArray>{echoed(request)}; });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 250);
    SmpClient client(session);
    for (int i = 0; i < 600; ++i) {
      QVERIFY(client.echo(QString::number(i), {10ms, 1}, CancelToken()).has_value());
      QCOMPARE(static_cast<quint8>(link.sent.last()[6]), static_cast<quint8>(250 + i));
    }
  }

  void resetIsSentOnce() {
    AnsweringLink link([](const QByteArray&, int) { return QList<QByteArray>(); });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 0);
    SmpClient client(session);
    QCOMPARE(client.reset(CancelToken()).error().code, ErrorCode::Timeout);
    QCOMPARE(link.sent.size(), 1);
    QCOMPARE(link.sent[0].toHex(), QByteArray("0a00000100000005a0"));
  }

  void absentSettingsAndCommandsAreNothing_data() {
    QTest::addColumn<QCborMap>("answer");
    QTest::newRow("no settings group") << QCborMap{{QStringLiteral("rc"), 8}};
    QTest::newRow("version 1, no entry") << QCborMap{{QStringLiteral("rc"), 5}};
    for (const int code : {3, 4, 5}) {
      QTest::addRow("version 2, settings error %d", code)
          << QCborMap{{QStringLiteral("err"), QCborMap{{QStringLiteral("group"), 3}, {QStringLiteral("rc"), code}}}};
    }
  }
  void absentSettingsAndCommandsAreNothing() {
    QFETCH(QCborMap, answer);
    AnsweringLink link([&answer](const QByteArray& request, int) {
      return QList<QByteArray>{SmpTestPacket::parse(request).reply(answer)};
    });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 0);
    SmpClient client(session);
    const auto value = client.readSetting(QStringLiteral("sealift/serial"), 64, CancelToken());
    QVERIFY(value.has_value());
    QVERIFY(!value->has_value());
  }

  // Wrong types, impossible numbers and missing fields are malformed answers, never values.
  void refusesMalformedAnswers_data() {
    QTest::addColumn<QCborMap>("answer");
    const auto images = [](const QCborMap& image) { return QCborMap{{QStringLiteral("images"), QCborArray{image}}}; };
    QTest::newRow("no images") << QCborMap();
    QTest::newRow("images are a map") << QCborMap{{QStringLiteral("images"), QCborMap()}};
    QTest::newRow("image is a number") << QCborMap{{QStringLiteral("images"), QCborArray{1}}};
    QTest::newRow("no slot") << images({{QStringLiteral("version"), QStringLiteral("1.0.0")}});
    QTest::newRow("slot is text") << images({{QStringLiteral("slot"), QStringLiteral("0")}});
    QTest::newRow("slot is huge") << images({{QStringLiteral("slot"), 1LL << 40}});
    QTest::newRow("hash too short") << images(
        {{QStringLiteral("slot"), 0}, {QStringLiteral("hash"), QByteArray(31, 'x')}});
    QCborArray many;
    for (int i = 0; i < 17; ++i) {
      many.append(QCborMap{{QStringLiteral("slot"), 0}});
    }
    QTest::newRow("17 images") << QCborMap{{QStringLiteral("images"), many}};
  }
  void refusesMalformedAnswers() {
    QFETCH(QCborMap, answer);
    AnsweringLink link([&answer](const QByteArray& request, int) {
      return QList<QByteArray>{SmpTestPacket::parse(request).reply(answer)};
    });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 0);
    SmpClient client(session);
    const auto state = client.imageState(CancelToken(), {10ms, 1});
    QVERIFY(!state.has_value());
    QCOMPARE(state.error().code, ErrorCode::ProtocolMalformed);
  }

  void refusalsCarryTheDevicesWords() {
    AnsweringLink link([](const QByteArray& request, int) {
      return QList<QByteArray>{SmpTestPacket::parse(request).reply(
          {{QStringLiteral("err"), QCborMap{{QStringLiteral("group"), 1}, {QStringLiteral("rc"), 9}}}})};
    });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 0);
    SmpClient client(session);
    const auto state = client.eraseSlot(1, CancelToken());
    QCOMPARE(state.error().code, ErrorCode::ProtocolRefused);
    QVERIFY(state.error().what.contains(QStringLiteral("IMG_MGMT_ERR_NO_FREE_SLOT")));
  }

  void cancelEndsAWait() {
    AnsweringLink link([](const QByteArray&, int) { return QList<QByteArray>(); });
    SmpDatagramTransport transport(link);
    SmpSession session(transport, 0);
    SmpClient client(session);
    CancelToken cancel;
    cancel.cancel();
    QCOMPARE(client.imageState(cancel).error().code, ErrorCode::Cancelled);
  }
};

QTEST_GUILESS_MAIN(SmpSessionTest)
#include "smp_session_test.moc"
