// SWUpdate's session: a recorded one is replayed, and what a daemon may say otherwise is scripted.
#include "transports/protocols/swupdate/swupdate_session.h"

#include "app/base/file_io.h"
#include "tests/support/scripted_http_link.h"
#include "transports/links/http_authentication.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

QByteArray status(const char* name) {
  return QByteArray("! {\"type\": \"status\", \"status\": \"") + name + "\"}\n";
}
QByteArray errorText(const QByteArray& text) {
  return "! {\"type\": \"message\", \"level\": \"3\", \"text\": \"" + text + "\"}\n";
}
QByteArray info(const QByteArray& source) {
  return "! {\"type\": \"info\", \"source\": \"" + source + "\"}\n";
}
const QByteArray kPost = "> POST /upload *\n";
const QByteArray kTaken = "< 200 Ok\n";
const QByteArray kLost = "< lost\n";
const QByteArray kEnd = "! {\"type\": \"message\", \"level\": \"6\", \"text\": \"Waiting for requests...\"}\n";

}  // namespace

class SwupdateSessionTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void recordedSession();
  void outcomes_data();
  void outcomes();
  void cancelled();
  void restartRefused();
  void documents_data();
  void documents();
  void events_data();
  void events();
  void hostileText();
  void digestAuthentication();
  void challenges_data();
  void challenges();
  void heads_data();
  void heads();
  void chunks();

 private:
  static Status install(ScriptedHttpLink& link, QStringList& notes, const CancelToken& cancel = {}) {
    SwupdateSession session(link, {}, std::chrono::milliseconds(20));
    Progress progress;
    return session.install(
        QByteArray(3'000'000, 'x'), progress, [&](const QString& line) { notes << line; }, cancel);
  }
};

void SwupdateSessionTest::recordedSession() {
  const auto script = readFile(QStringLiteral(SEALIFT_TEST_DATA "/swupdate/session-update.txt"), 1 << 20);
  QVERIFY(script);
  ScriptedHttpLink link(*script);
  SwupdateSession session(link, {});
  const CancelToken cancel;
  QVERIFY(session.readDocument("/status.json", cancel));
  QList<double> fractions;
  Progress progress([&](const ProgressUpdate& update) { fractions << update.fraction; });
  QStringList notes;
  const Status installed = session.install(
      QByteArray(4'195'072, 'x'), progress, [&](const QString& line) { notes << line; }, cancel);
  QVERIFY2(installed, installed ? "" : qUtf8Printable(installed.error().message()));
  QVERIFY(std::is_sorted(fractions.begin(), fractions.end()));
  QVERIFY(fractions.size() > 3);
  QVERIFY(fractions.constLast() > 0.99);
  QVERIFY2(session.restart(cancel), qPrintable(link.complaints().join(u'\n')));
  QVERIFY(link.isAtEnd());
  QVERIFY(link.complaints().isEmpty());
}

void SwupdateSessionTest::outcomes_data() {
  QTest::addColumn<QByteArray>("script");
  QTest::addColumn<bool>("works");
  QTest::addColumn<ErrorCode>("code");
  QTest::addColumn<QString>("words");
  const auto fails = [](const char* name, const QByteArray& script, ErrorCode code, const char* words) {
    QTest::newRow(name) << script << false << code << QString::fromLatin1(words);
  };
  const auto works = [](const char* name, const QByteArray& script) {
    QTest::newRow(name) << script << true << ErrorCode::Internal << QString();
  };
  const QByteArray begun = info("NAME") + status("START") + status("RUN");
  works("usual-order", kPost + begun + kTaken + status("SUCCESS") + kEnd + status("DONE"));
  works("success-before-the-answer", kPost + begun + status("SUCCESS") + status("DONE") + kEnd + kTaken);
  works("last-words-about-another", kPost + status("FAILURE") + begun + kTaken + status("SUCCESS") + kEnd);
  fails("success-of-the-one-before", kPost + status("SUCCESS") + status("DONE") + begun + kTaken + status("FAILURE"),
        ErrorCode::DeviceWriteFailed, "does not say why");
  fails("success-of-the-one-before-and-no-other", kPost + status("SUCCESS") + kTaken + kPost + status("DONE") + kTaken,
        ErrorCode::DeviceBusy, "does not begin");
  works("garbled-name", kPost + info("NAMEION\\\" : \\\"1.7.0") + kTaken + status("SUCCESS") + kEnd);
  works("nothing-after-success", kPost + begun + kTaken + status("SUCCESS"));
  works("socket-lost-and-opened-again", kPost + begun + kTaken + "! lost\n" + status("SUCCESS") + kEnd);
  works("rubbish-in-between", kPost + begun + kTaken +
                                  "! []\n! {\n! {\"type\": 7}\n! {\"type\":\"step\",\"number\":\"-1\"}\n" +
                                  status("SUCCESS") + kEnd);
  fails("cut-without-a-word", kPost + kLost + kPost + kLost, ErrorCode::DeviceBusy, "does not begin");
  works("installer-missed-it-once", kPost + "< silence\n" + kPost + begun + kTaken + status("SUCCESS") + kEnd);
  works("installer-missed-it-while-it-ended-another",
        kPost + status("RUN") + status("SUCCESS") + "< silence\n" + kPost + begun + kTaken + status("SUCCESS") + kEnd);
  works("first-words-missed", kPost + "! lost\n" + kTaken + status("RUN") + status("SUCCESS") + kEnd);
  works("installer-missed-it-once-after-the-answer",
        kPost + kTaken + kPost + begun + kTaken + status("SUCCESS") + kEnd);
  fails("installer-misses-it-always", kPost + "< silence\n" + kPost + "< silence\n", ErrorCode::DeviceBusy,
        "does not begin");
  fails("cut-in-the-middle", kPost + "< cut\n", ErrorCode::LinkLost, "cut");
  works("cut-when-it-had-everything", kPost + begun + kLost + status("SUCCESS") + kEnd);
  fails("status-200-and-failure", kPost + begun + kTaken + errorText("HASH mismatch : a <--> b") + status("FAILURE"),
        ErrorCode::ImageHashMismatch, "differs from the signed");
  fails("reason-after-failure",
        kPost + begun + kLost + status("FAILURE") + errorText("No downgrading allowed: new 1 <= 2"),
        ErrorCode::PolicyVersionLower, "older version");
  fails("reason-among-others",
        kPost + kLost + errorText("ERROR a.c : f : 1 : Compatible SW not found") +
            errorText("ERROR core/parser.c : parse : 216 : No downgrading allowed: new") + status("FAILURE"),
        ErrorCode::PolicyVersionLower, "(\"No downgrading allowed: new\")");
  fails("no-reason-at-all", kPost + begun + kTaken + status("FAILURE"), ErrorCode::DeviceWriteFailed,
        "does not say why");
  fails("unknown-reason", kPost + begun + kTaken + errorText("flux capacitor empty") + status("FAILURE"),
        ErrorCode::DeviceWriteFailed, "flux capacitor empty");
  fails("while-uploading", kPost + errorText("SW not compatible with hardware") + status("FAILURE"),
        ErrorCode::PolicyWrongRevision, "other hardware");
  fails("success-of-somebody-elses", kPost + info("other.swu") + kTaken + status("SUCCESS") + kPost + kTaken,
        ErrorCode::DeviceBusy, "does not begin");
  fails("never-a-result", kPost + begun + kTaken, ErrorCode::Timeout, "install");
  fails("socket-lost-again-and-again", kPost + begun + kTaken + "! lost\n! lost\n! lost\n! lost\n! lost\n",
        ErrorCode::LinkLost, "cut the connection");
  fails("busy", kPost + "< 500 no\n", ErrorCode::DeviceBusy, "500");
  fails("busy-by-its-buffer", kPost + kLost + errorText("max_recv_buf_size reached"), ErrorCode::DeviceBusy, "at work");
  fails("no-such-path", kPost + "< 404 no\n", ErrorCode::ProtocolRefused, "404");
}

void SwupdateSessionTest::outcomes() {
  QFETCH(QByteArray, script);
  QFETCH(bool, works);
  QFETCH(ErrorCode, code);
  QFETCH(QString, words);
  ScriptedHttpLink link(script);
  QStringList notes;
  const Status installed = install(link, notes);
  QVERIFY2(installed.has_value() == works, installed ? "it worked" : qUtf8Printable(installed.error().message()));
  QVERIFY(link.complaints().isEmpty());
  if (!works) {
    QVERIFY2(installed.error().code == code, qUtf8Printable(installed.error().message()));
    QVERIFY2(installed.error().what.contains(words), qUtf8Printable(installed.error().message()));
  }
}

void SwupdateSessionTest::cancelled() {
  ScriptedHttpLink link(kPost + kTaken + status("SUCCESS"));
  QStringList notes;
  const CancelToken cancel;
  cancel.cancel();
  const Status installed = install(link, notes, cancel);
  QVERIFY(!installed);
  QCOMPARE(installed.error().code, ErrorCode::Cancelled);
}

void SwupdateSessionTest::restartRefused() {
  ScriptedHttpLink link("> POST /restart 0\n< 405 Method Not Allowed\n");
  const Status restarted = SwupdateSession(link, {}).restart({});
  QVERIFY(!restarted);
  QCOMPARE(restarted.error().code, ErrorCode::ProtocolRefused);
}

void SwupdateSessionTest::documents_data() {
  QTest::addColumn<QByteArray>("answer");
  QTest::addColumn<ErrorCode>("code");
  QTest::newRow("absent") << QByteArrayLiteral("404 no") << ErrorCode::NotFound;
  QTest::newRow("broken-server") << QByteArrayLiteral("500 no") << ErrorCode::ProtocolRefused;
  QTest::newRow("cut") << QByteArrayLiteral("lost") << ErrorCode::LinkLost;
}

void SwupdateSessionTest::documents() {
  QFETCH(QByteArray, answer);
  QFETCH(ErrorCode, code);
  ScriptedHttpLink link("> GET /status.json 0\n< " + answer + "\n");
  const auto document = SwupdateSession(link, {}).readDocument("/status.json", {});
  QVERIFY(!document);
  QCOMPARE(document.error().code, code);
}

void SwupdateSessionTest::events_data() {
  QTest::addColumn<QByteArray>("message");
  QTest::addColumn<bool>("isEvent");
  QTest::addColumn<int>("percent");
  QTest::newRow("step") << QByteArrayLiteral(R"({"type":"step","number":"2","step":"1","name":"a","percent":"50"})")
                        << true << 50;
  QTest::newRow("too-much") << QByteArrayLiteral(R"({"type":"step","number":"2","step":"9","percent":"5000000"})")
                            << true << 100;
  QTest::newRow("no-number") << QByteArrayLiteral(R"({"type":"step","number":"x","step":[],"percent":"1e3"})") << true
                             << 0;
  QTest::newRow("number-as-number") << QByteArrayLiteral(R"({"type":"step","percent":7})") << true << 0;
  QTest::newRow("array") << QByteArrayLiteral("[1]") << false << 0;
  QTest::newRow("empty") << QByteArray() << false << 0;
  QTest::newRow("cut") << QByteArrayLiteral(R"({"type":"st)") << false << 0;
  QTest::newRow("huge") << (QByteArrayLiteral(R"({"type":")") + QByteArray(100'000, 'x') + "\"}") << false << 0;
}

void SwupdateSessionTest::events() {
  QFETCH(QByteArray, message);
  QFETCH(bool, isEvent);
  QFETCH(int, percent);
  const auto event = parseSwupdateEvent(message);
  QCOMPARE(event.has_value(), isEvent);
  if (event) {
    QCOMPARE(event->percent, percent);
    QVERIFY(event->step <= event->steps);
  }
}

void SwupdateSessionTest::hostileText() {
  const auto event = parseSwupdateEvent(R"({"type":"message","level":"3","text":"a\u001b[2Jb\r\nc\u202e )" +
                                        QByteArray(5000, 'x') + "\"}");
  QVERIFY(event);
  QVERIFY(event->text.size() <= 300);
  QVERIFY(std::all_of(event->text.cbegin(), event->text.cend(), [](QChar c) { return c.isPrint(); }));
  QVERIFY(event->text.startsWith(QLatin1String("a [2Jb c")));
}

// RFC 7616, 3.9.1, whose example gives both answers.
void SwupdateSessionTest::digestAuthentication() {
  const QByteArray md5 =
      R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, )"
      R"(nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
  const QByteArray sha = QByteArray(md5).replace("MD5", "SHA-256");
  const QByteArray nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  auto onlyMd5 = HttpChallenge::strongest({md5});
  QVERIFY(onlyMd5);
  const QByteArray first = onlyMd5->answer("GET", "/dir/index.html", QStringLiteral("Mufasa"), "Circle of Life", nonce);
  QVERIFY2(first.contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""), first.constData());
  QVERIFY(first.contains("nc=00000001"));
  QVERIFY(onlyMd5->answer("GET", "/", QStringLiteral("Mufasa"), "Circle of Life", nonce).contains("nc=00000002"));
  auto both = HttpChallenge::strongest({md5, sha, "Basic realm=\"x\""});
  QVERIFY(both);
  const QByteArray stronger = both->answer("GET", "/dir/index.html", QStringLiteral("Mufasa"), "Circle of Life", nonce);
  QVERIFY2(stronger.contains("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""),
           stronger.constData());
  QVERIFY(!stronger.contains("Circle"));
}

void SwupdateSessionTest::challenges_data() {
  QTest::addColumn<QByteArray>("field");
  QTest::addColumn<bool>("understood");
  QTest::newRow("mongoose") << QByteArrayLiteral(R"(Digest qop="auth", realm="swupdate", nonce="6b01d510")") << true;
  QTest::newRow("basic") << QByteArrayLiteral("Basic realm=\"x\"") << true;
  QTest::newRow("no-nonce") << QByteArrayLiteral("Digest realm=\"x\"") << false;
  QTest::newRow("only-auth-int") << QByteArrayLiteral(R"(Digest realm="x", nonce="y", qop="auth-int")") << false;
  QTest::newRow("session-key") << QByteArrayLiteral(R"(Digest realm="x", nonce="y", algorithm=MD5-sess)") << false;
  QTest::newRow("bearer") << QByteArrayLiteral("Bearer realm=\"x\"") << false;
  QTest::newRow("open-quote") << QByteArrayLiteral("Digest realm=\"x, nonce=y") << false;
  QTest::newRow("twice") << QByteArrayLiteral(R"(Digest realm="x", nonce="y", nonce="z")") << false;
  QTest::newRow("field-of-its-own") << QByteArrayLiteral("Digest realm=\"x\r\nX: y\", nonce=\"y\"") << false;
  QTest::newRow("long") << (QByteArrayLiteral("Digest realm=\"x\", nonce=\"") + QByteArray(5000, 'n') + "\"") << false;
  QTest::newRow("empty") << QByteArray() << false;
}

void SwupdateSessionTest::challenges() {
  QFETCH(QByteArray, field);
  QFETCH(bool, understood);
  QCOMPARE(HttpChallenge::strongest({field}).has_value(), understood);
}

void SwupdateSessionTest::heads_data() {
  QTest::addColumn<QByteArray>("head");
  QTest::addColumn<bool>("readable");
  QTest::addColumn<bool>("framed");
  QTest::newRow("plain") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nContent-Length: 5") << true << true;
  QTest::newRow("no-reason") << QByteArrayLiteral("HTTP/1.1 200") << true << true;
  QTest::newRow("leading-zeros") << QByteArrayLiteral("HTTP/1.1 201 Created\r\nContent-Length: 0000000024") << true
                                 << true;
  QTest::newRow("same-length-twice") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5")
                                     << true << true;
  QTest::newRow("two-lengths") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6") << true
                               << false;
  QTest::newRow("negative-length") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nContent-Length: -5") << true << false;
  QTest::newRow("huge-length") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999") << true
                               << false;
  QTest::newRow("chunked-and-length") << QByteArrayLiteral(
                                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5")
                                      << true << false;
  QTest::newRow("unknown-coding") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip") << true << false;
  QTest::newRow("http-2") << QByteArrayLiteral("HTTP/2 200") << false << false;
  QTest::newRow("no-such-status") << QByteArrayLiteral("HTTP/1.1 999 x") << false << false;
  QTest::newRow("letters") << QByteArrayLiteral("HTTP/1.1 2xx x") << false << false;
  QTest::newRow("folded") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nA: b\r\n c: d") << false << false;
  QTest::newRow("no-colon") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nabc") << false << false;
  QTest::newRow("blank-before-colon") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nA : b") << false << false;
  QTest::newRow("too-many") << (QByteArrayLiteral("HTTP/1.1 200 OK\r\n") + QByteArray("a: b\r\n").repeated(200))
                            << false << false;
  QTest::newRow("empty") << QByteArray() << false << false;
}

void SwupdateSessionTest::heads() {
  QFETCH(QByteArray, head);
  QFETCH(bool, readable);
  QFETCH(bool, framed);
  const auto parsed = parseHttpHead(head);
  QCOMPARE(parsed.has_value(), readable);
  if (parsed) {
    QCOMPARE(httpFraming(*parsed, "GET").has_value(), framed);
  }
}

void SwupdateSessionTest::chunks() {
  const QByteArray good = "5;name=x\r\nhello\r\n00006\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (qsizetype piece = 1; piece <= good.size(); ++piece) {
    ChunkedDecoder decoder;
    QByteArray content;
    for (qsizetype at = 0; at < good.size(); at += piece) {
      const auto part = decoder.add(QByteArrayView(good).sliced(at, std::min(piece, good.size() - at)));
      QVERIFY(part);
      content += *part;
    }
    QCOMPARE(content, QByteArrayLiteral("hello world"));
    QVERIFY(decoder.isFinished());
  }
  for (const char* bad : {"-1\r\n", "g\r\n", "\r\n", "fffffffff\r\n", "1\r\nab\r\n", "+5\r\n"}) {
    QVERIFY2(!ChunkedDecoder().add(QByteArrayView(bad)), bad);
  }
  QVERIFY(!ChunkedDecoder().add(QByteArray(5000, '0')));
}

QTEST_GUILESS_MAIN(SwupdateSessionTest)
#include "swupdate_session_test.moc"
