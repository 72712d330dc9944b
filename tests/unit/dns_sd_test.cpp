// Multicast DNS and DNS-SD without a network: messages, what is kept of answers and for how long, and what is asked
// when. The bytes of the first messages are written out by hand, from the layouts in RFC 1035.
#include "transports/links/dns_sd_browser.h"

#include <QTest>

using namespace sealift;

namespace {

const QString kType = QStringLiteral("_smp._udp");

DnsName name(const char* text) {
  return DnsName::fromText(QString::fromUtf8(text)).value();
}

DnsRecord record(const char* owner, quint16 type, quint32 ttl = 120) {
  DnsRecord record;
  record.name = name(owner);
  record.type = type;
  record.ttl = ttl;
  record.cacheFlush = type != kDnsPtr;
  return record;
}

DnsRecord pointer(const char* instance = "Boiler._smp._udp.local", quint32 ttl = 4500) {
  DnsRecord pointer = record("_smp._udp.local", kDnsPtr, ttl);
  pointer.target = name(instance);
  return pointer;
}

DnsRecord place(quint16 port = 1337, const char* instance = "Boiler._smp._udp.local", quint32 ttl = 120) {
  DnsRecord place = record(instance, kDnsSrv, ttl);
  place.port = port;
  place.target = name("boiler.local");
  return place;
}

DnsRecord address(const char* where = "192.168.4.30", quint32 ttl = 120) {
  DnsRecord address = record("boiler.local", kDnsA, ttl);
  address.address = QHostAddress(QString::fromLatin1(where));
  return address;
}

QByteArray answer(const QList<DnsRecord>& answers, const QList<DnsRecord>& additionals = {}) {
  DnsMessage message;
  message.response = true;
  message.answers = answers;
  message.additionals = additionals;
  return message.encode();
}

// A browser that asked its first question; times are milliseconds from its start.
struct Bench {
  explicit Bench(bool alone = false) : browser({kType}, alone, 0) {}
  // What is asked up to this moment: at each time that the browser named itself.
  QList<DnsMessage> asked(qint64 untilMs) {
    QList<DnsMessage> messages;
    for (int rounds = 0; browser.nextDue() <= untilMs && rounds < 10'000; ++rounds) {
      now = std::max(now, browser.nextDue());
      for (const QByteArray& datagram : browser.takeDue(now)) {
        messages << DnsMessage::parse(datagram).value();
        times << now;
      }
    }
    now = untilMs;
    return messages;
  }
  void hear(const QByteArray& datagram) { browser.receive(datagram, now); }
  void hearAll(quint32 ttl = 120) {
    hear(answer({pointer()}, {place(1337, "Boiler._smp._udp.local", ttl), address("192.168.4.30", ttl)}));
  }

  DnsSdBrowser browser;
  qint64 now = 0;
  QList<qint64> times;
};

}  // namespace

class DnsSdTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void readsCompressedNames();
  void damagedMessages_data();
  void damagedMessages();
  void everyPrefixIsRefused();
  void errorsAndOtherOperationsArePassedOver();
  void sameAfterWritingAndReading();
  void serviceTypes_data();
  void serviceTypes();

  void asksAtGrowingIntervals();
  void asksForUnicastOnceWhenAlone();
  void tellsWhatItKnows();
  void splitsKnownAnswers();
  void asksForWhatIsMissing();
  void findsAService();
  void takesOnlyWhatItAskedFor();
  void queriesOfOthersAreNoAnswers();
  void goodbyeEndsAfterASecond();
  void cacheFlushReplaces();
  void refreshesBeforeTheEnd();
  void unansweredEnds();
  void floodIsLimited();
  void shortLivesAreNotAskedForFaster();
};

void DnsSdTest::readsCompressedNames() {
  // RFC 1035, section 4.1.4: the answer's name is a pointer, its data ends in one.
  const QByteArray bytes = QByteArray::fromHex(
      "0000"
      "8400"
      "0000"
      "0001"
      "0000"
      "0001"
      "04"
      "5f736d70"
      "04"
      "5f756470"
      "05"
      "6c6f63616c"
      "00"  // _smp._udp.local at 12
      "000c"
      "0001"
      "00001194"
      "0009"
      "06"
      "426f696c6572"
      "c00c"  // Boiler at 39
      "c027"
      "0021"
      "8001"
      "00000078"
      "000f"
      "0000"
      "0000"
      "0539"
      "06"
      "626f696c6572"
      "c016");  // boiler.local
  const Result<DnsMessage> message = DnsMessage::parse(bytes);
  QVERIFY2(message, message ? "" : qPrintable(message.error().message()));
  QVERIFY(message->response);
  QCOMPARE(message->answers.size(), 1);
  QCOMPARE(message->answers[0].target.toText(), QStringLiteral("Boiler._smp._udp.local"));
  QCOMPARE(message->answers[0].ttl, 4500U);
  QCOMPARE(message->additionals.size(), 1);
  QCOMPARE(message->additionals[0].name.toText(), QStringLiteral("Boiler._smp._udp.local"));
  QCOMPARE(message->additionals[0].port, 1337);
  QCOMPARE(message->additionals[0].target.toText(), QStringLiteral("boiler.local"));
  QVERIFY(message->additionals[0].cacheFlush);
  QVERIFY(name("BOILER.Local") == name("boiler.local"));
  QVERIFY(!(name("boiler.local") == name("boilers.local")));
}

void DnsSdTest::damagedMessages_data() {
  QTest::addColumn<QByteArray>("bytes");
  const QByteArray head = QByteArray::fromHex("000084000000000100000000");
  const QByteArray tail = QByteArray::fromHex("00010001000000780004c0a80401");
  QTest::newRow("pointer-to-itself") << head + QByteArray::fromHex("c00c") + tail;
  QTest::newRow("pointer-forward") << head + QByteArray::fromHex("c010") + tail;
  QTest::newRow("pointer-into-header") << head + QByteArray::fromHex("c002") + tail;
  QTest::newRow("pointer-loop") << head + QByteArray::fromHex("0161c00c") + tail;
  QTest::newRow("label-of-unknown-kind") << head + QByteArray::fromHex("41610000") + tail;
  QTest::newRow("name-too-long") << head + (QByteArray(1, 63) + QByteArray(63, 'a')).repeated(5) + '\0' + tail;
  QTest::newRow("data-longer-than-said") << head + QByteArray::fromHex(
                                                       "00"
                                                       "0001"
                                                       "0001"
                                                       "00000078"
                                                       "0003"
                                                       "c0a80401");
  QTest::newRow("data-shorter-than-said") << head + QByteArray::fromHex(
                                                        "00"
                                                        "0001"
                                                        "0001"
                                                        "00000078"
                                                        "0005"
                                                        "c0a8040100");
  QTest::newRow("text-beyond-its-record") << head + QByteArray::fromHex(
                                                        "00"
                                                        "0010"
                                                        "0001"
                                                        "00000078"
                                                        "0002"
                                                        "0561626364");
  QTest::newRow("more-records-than-possible") << QByteArray::fromHex("00008400ffffffffffffffff");
  QTest::newRow("too-long") << answer({pointer()}) + QByteArray(kMaxDnsMessage, '\0');
}

void DnsSdTest::damagedMessages() {
  QFETCH(QByteArray, bytes);
  const Result<DnsMessage> message = DnsMessage::parse(bytes);
  QVERIFY(!message);
  QCOMPARE(message.error().code, ErrorCode::ProtocolMalformed);
}

void DnsSdTest::everyPrefixIsRefused() {
  const QByteArray whole = answer({pointer()}, {place(), address()});
  QVERIFY(DnsMessage::parse(whole));
  for (qsizetype size = 0; size < whole.size(); ++size) {
    QVERIFY2(!DnsMessage::parse(whole.first(size)), qPrintable(QString::number(size)));
  }
}

void DnsSdTest::errorsAndOtherOperationsArePassedOver() {
  QByteArray bytes = answer({pointer()});
  bytes[3] = 3;  // NXDOMAIN: RFC 6762, section 18.11
  QCOMPARE(DnsMessage::parse(bytes).error().code, ErrorCode::NotSupported);
  bytes[3] = 0;
  bytes[2] = static_cast<char>(0xa8);  // opcode 5: section 18.3
  QCOMPARE(DnsMessage::parse(bytes).error().code, ErrorCode::NotSupported);
}

void DnsSdTest::sameAfterWritingAndReading() {
  DnsRecord text = record("Boiler._smp._udp.local", kDnsTxt);
  text.texts = {"version=1.2.0", "serial=0001"};
  DnsRecord six = record("boiler.local", kDnsAaaa);
  six.address = QHostAddress(QStringLiteral("fe80::1:2"));
  const QList<DnsRecord> all{pointer(), place(), text, address(), six};
  const Result<DnsMessage> back = DnsMessage::parse(answer(all));
  QVERIFY(back);
  QCOMPARE(back->answers.size(), all.size());
  for (qsizetype i = 0; i < all.size(); ++i) {
    QVERIFY(back->answers[i].sameData(all[i]));
    QCOMPARE(back->answers[i].ttl, all[i].ttl);
    QCOMPARE(back->answers[i].cacheFlush, all[i].cacheFlush);
  }
}

void DnsSdTest::serviceTypes_data() {
  QTest::addColumn<QString>("type");
  QTest::addColumn<bool>("good");
  for (const char* good : {"_smp._udp", "_sealift._tcp", "_fastboot._tcp", "_a-1._tcp", "_ABCDEFGHIJKLMNO._udp"}) {
    QTest::newRow(good) << QString::fromLatin1(good) << true;
  }
  for (const char* bad : {"", "smp._udp", "_smp._sctp", "_smp._udp.local", "_-a._tcp", "_a-._tcp", "_1._tcp",
                          "_abcdefghijklmnop._udp", "_a b._tcp", "_a.b._tcp", "_a--b._tcp", "_smp._udp\n"}) {
    QTest::newRow(qPrintable(QStringLiteral("not %1").arg(QLatin1String(bad)))) << QString::fromLatin1(bad) << false;
  }
}

void DnsSdTest::serviceTypes() {
  QFETCH(QString, type);
  QFETCH(bool, good);
  QCOMPARE(isServiceType(type), good);
  if (!good) {  // and nothing is asked for it
    DnsSdBrowser browser({type}, false, 0);
    QVERIFY(browser.takeDue(10'000).isEmpty());
  }
}

// RFC 6762, section 5.2: after 20 to 120 ms, then after one second, and then after at least twice as long each time.
void DnsSdTest::asksAtGrowingIntervals() {
  Bench bench;
  const QList<DnsMessage> asked = bench.asked(4 * 3600 * 1000);
  QVERIFY(bench.times[0] >= 20 && bench.times[0] <= 120);
  QCOMPARE(bench.times[1] - bench.times[0], 1000);
  for (qsizetype i = 2; i < bench.times.size(); ++i) {
    const qint64 before = bench.times[i - 1] - bench.times[i - 2];
    const qint64 after = bench.times[i] - bench.times[i - 1];
    QVERIFY(after >= 2 * before || after == 3600 * 1000);
  }
  QVERIFY(asked.size() > 12 && asked.size() < 20);
  for (const DnsMessage& message : asked) {
    QVERIFY(!message.response);
    QCOMPARE(message.questions.size(), 1);
    QCOMPARE(message.questions[0].type, quint16(kDnsPtr));
    QVERIFY(message.questions[0].name == name("_smp._udp.local"));
    QVERIFY(!message.questions[0].unicastResponse);
  }
}

void DnsSdTest::asksForUnicastOnceWhenAlone() {
  Bench bench(/*alone=*/true);
  const QList<DnsMessage> asked = bench.asked(5000);
  QVERIFY(asked.size() >= 3);
  QVERIFY(asked[0].questions[0].unicastResponse);
  for (qsizetype i = 1; i < asked.size(); ++i) {
    QVERIFY(!asked[i].questions[0].unicastResponse);
  }
}

// Section 7.1: known answers are sent along while more than half of their time is left.
void DnsSdTest::tellsWhatItKnows() {
  Bench bench;
  (void)bench.asked(200);
  bench.hear(answer({pointer("Boiler._smp._udp.local", 40)}, {place(), address()}));
  const QList<DnsMessage> early = bench.asked(8000);
  QVERIFY(!early.isEmpty());
  for (const DnsMessage& message : early) {
    QCOMPARE(message.answers.size(), 1);
    QVERIFY(message.answers[0].target == name("Boiler._smp._udp.local"));
    QVERIFY(message.answers[0].ttl > 20 && message.answers[0].ttl <= 40);
    QVERIFY(!message.answers[0].cacheFlush);
  }
  for (const DnsMessage& message : bench.asked(39'000)) {
    for (const DnsRecord& known : message.answers) {
      QVERIFY(known.ttl >= 20);
    }
  }
}

// Section 7.2: what does not fit follows, and the TC bit says so.
void DnsSdTest::splitsKnownAnswers() {
  Bench bench;
  (void)bench.asked(200);
  for (int i = 0; i < 60; ++i) {
    const QByteArray instance = QByteArray(50, 'x') + QByteArray::number(i) + "._smp._udp.local";
    bench.hear(answer({pointer(instance.constData())}, {place(1337, instance.constData()), address()}));
  }
  bench.times.clear();
  const QList<DnsMessage> asked = bench.asked(bench.browser.nextDue());
  QVERIFY(asked.size() > 1);
  qsizetype known = 0;
  for (qsizetype i = 0; i < asked.size(); ++i) {
    QCOMPARE(asked[i].truncated, i + 1 < asked.size());
    QCOMPARE(asked[i].questions.size(), i == 0 ? 1 : 0);
    QVERIFY(asked[i].encode().size() <= DnsSdBrowser::kMaxDatagram);
    known += asked[i].answers.size();
  }
  QCOMPARE(known, 60);
}

void DnsSdTest::asksForWhatIsMissing() {
  Bench bench;
  (void)bench.asked(200);
  const auto asksFor = [&](quint16 type, const char* owner) {
    const QList<DnsMessage> asked = bench.asked(bench.now);
    return std::any_of(asked.cbegin(), asked.cend(), [&](const DnsMessage& message) {
      return std::any_of(message.questions.cbegin(), message.questions.cend(), [&](const DnsQuestion& question) {
        return question.type == type && question.name == name(owner);
      });
    });
  };
  bench.hear(answer({pointer()}));
  QVERIFY(asksFor(kDnsSrv, "Boiler._smp._udp.local"));
  QVERIFY(bench.browser.services().isEmpty());
  bench.hear(answer({place()}));
  QVERIFY(asksFor(kDnsA, "boiler.local"));
  bench.hear(answer({address()}));
  QCOMPARE(bench.browser.services().size(), 1);
  bench.now += 100;
  QVERIFY(!asksFor(kDnsA, "boiler.local"));

  // Never answered: asked a few times, at growing intervals, and then no more.
  Bench silent;
  (void)silent.asked(200);
  silent.hear(answer({pointer("Mute._smp._udp.local", 4500)}));
  int asked = 0;
  for (const DnsMessage& message : silent.asked(3'000'000)) {
    for (const DnsQuestion& question : message.questions) {
      asked += question.type == kDnsSrv ? 1 : 0;
    }
  }
  QCOMPARE(asked, 6);
}

void DnsSdTest::findsAService() {
  Bench bench;
  (void)bench.asked(200);
  DnsRecord text = record("Boiler._smp._udp.local", kDnsTxt);
  text.texts = {"serial=0001"};
  DnsRecord six = record("boiler.local", kDnsAaaa);
  six.address = QHostAddress(QStringLiteral("fe80::1"));
  bench.hear(answer({pointer()}, {six, text, address(), place()}));  // in any order
  const QList<DnsSdService> services = bench.browser.services();
  QCOMPARE(services.size(), 1);
  QCOMPARE(services[0].type, kType);
  QCOMPARE(services[0].instance, QStringLiteral("Boiler"));
  QCOMPARE(services[0].host, QStringLiteral("boiler.local"));
  QCOMPARE(services[0].port, 1337);
  QCOMPARE(services[0].addresses, (QList<QHostAddress>{QHostAddress(QStringLiteral("192.168.4.30")), six.address}));
  QCOMPARE(services[0].texts, QList<QByteArray>{"serial=0001"});
}

void DnsSdTest::takesOnlyWhatItAskedFor() {
  Bench bench;
  (void)bench.asked(200);
  DnsRecord other = pointer();
  other.name = name("_ipp._tcp.local");
  other.target = name("Printer._ipp._tcp.local");
  DnsRecord elsewhere = pointer("Boiler._ipp._tcp.local");  // a service of one type that claims to be of another
  DnsRecord deeper = pointer("a.b._smp._udp.local");
  bench.hear(answer({other, elsewhere, deeper, place(1337, "Boiler._ipp._tcp.local"), address()}));
  QVERIFY(bench.browser.services().isEmpty());
  for (const DnsMessage& message : bench.asked(10'000)) {
    QVERIFY(message.answers.isEmpty());
    QCOMPARE(message.questions.size(), 1);
  }
  bench.hear(answer({pointer()}, {place(0), address()}));  // nothing listens on port 0
  QVERIFY(bench.browser.services().isEmpty());
}

void DnsSdTest::queriesOfOthersAreNoAnswers() {
  Bench bench;
  (void)bench.asked(200);
  DnsMessage query;
  query.questions = {{name("_smp._udp.local"), kDnsPtr, false}};
  query.answers = {pointer(), place(), address()};  // another one's known answers
  bench.hear(query.encode());
  QVERIFY(bench.browser.services().isEmpty());
}

// Section 10.1.
void DnsSdTest::goodbyeEndsAfterASecond() {
  Bench bench;
  (void)bench.asked(200);
  bench.hearAll();
  bench.hear(answer({pointer("Boiler._smp._udp.local", 0)}));
  (void)bench.asked(1100);
  QCOMPARE(bench.browser.services().size(), 1);
  (void)bench.asked(1300);
  QVERIFY(bench.browser.services().isEmpty());
}

// Section 10.2: what is said to be all of it ends what was said more than a second ago.
void DnsSdTest::cacheFlushReplaces() {
  Bench bench;
  (void)bench.asked(200);
  bench.hearAll();
  bench.hear(answer({address("192.168.4.31")}));  // of the same announcement
  QCOMPARE(bench.browser.services()[0].addresses.size(), 2);
  (void)bench.asked(5000);
  bench.hear(answer({address("192.168.4.32")}));
  (void)bench.asked(6100);
  QCOMPARE(bench.browser.services()[0].addresses, QList<QHostAddress>{QHostAddress(QStringLiteral("192.168.4.32"))});
}

// Section 5.2: at 80, 85, 90 and 95 % of the time to live, plus up to 2 %.
void DnsSdTest::refreshesBeforeTheEnd() {
  Bench bench;
  (void)bench.asked(200);
  bench.hearAll(100);
  bench.times.clear();
  const QList<DnsMessage> asked = bench.asked(200 + 99'900);
  QList<qint64> times;
  for (qsizetype i = 0; i < asked.size(); ++i) {
    for (const DnsQuestion& question : asked[i].questions) {
      if (question.type == kDnsSrv) {
        times << bench.times[i] - 200;
      }
    }
  }
  QCOMPARE(times.size(), 4);
  qint64 percent = 80;
  for (const qint64 time : times) {
    QVERIFY2(time >= percent * 1000 && time <= (percent + 2) * 1000, qPrintable(QString::number(time)));
    percent += 5;
  }
  QCOMPARE(bench.browser.services().size(), 1);
  bench.hearAll(100);  // answered
  (void)bench.asked(200 + 150'000);
  QCOMPARE(bench.browser.services().size(), 1);
}

void DnsSdTest::unansweredEnds() {
  Bench bench;
  (void)bench.asked(200);
  bench.hearAll(100);
  (void)bench.asked(200 + 100'001);
  QVERIFY(bench.browser.services().isEmpty());
}

void DnsSdTest::floodIsLimited() {
  Bench bench;
  (void)bench.asked(200);
  for (int i = 0; i < 5000; ++i) {
    const QByteArray instance = "n" + QByteArray::number(i) + "._smp._udp.local";
    bench.hear(answer({pointer(instance.constData())}, {place(1337, instance.constData()), address()}));
  }
  QVERIFY(bench.browser.services().size() <= DnsSdCache::kMaxPerName);
  bench.times.clear();
  QVERIFY(bench.asked(60'000).size() < 1000);
}

// Who gives out answers that end at once must not make us ask all the time.
void DnsSdTest::shortLivesAreNotAskedForFaster() {
  Bench bench;
  (void)bench.asked(200);
  for (int i = 0; i < 60; ++i) {
    bench.hear(answer({pointer("Boiler._smp._udp.local", 1)},
                      {place(1337, "Boiler._smp._udp.local", 1), address("192.168.4.30", 1)}));
    (void)bench.asked(200 + (i + 1) * 1000);
  }
  QVERIFY2(bench.times.size() < 20, qPrintable(QString::number(bench.times.size())));
}

QTEST_GUILESS_MAIN(DnsSdTest)
#include "dns_sd_test.moc"
