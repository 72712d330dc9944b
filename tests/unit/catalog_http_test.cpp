// Fetching over HTTP from a server on loopback that answers as scripted.
#include "app/catalog/http_fetcher.h"

#include <QHash>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>
#include <QTimer>

using namespace sealift;

namespace {

// Lives in the test's thread: fetch() runs its event loop there.
class ScriptedServer : public QTcpServer {
 public:
  // What happens to a request for `path`.
  struct Answer {
    QByteArray bytes;            // status line, headers and body, as they go out
    bool close = true;           // the connection, after them
    bool reset = false;          // hard
    QByteArray drip;             // then byte by byte, one each 5 ms
    std::function<void()> then;  // called when the request came
  };

  ScriptedServer() {
    listen(QHostAddress::LocalHost);
    connect(this, &QTcpServer::newConnection, this, [this] {
      QTcpSocket* socket = nextPendingConnection();
      connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(socket); });
      connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
    });
  }

  static QByteArray answer(const QByteArray& status, const QByteArray& body, const QByteArray& headers = {}) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n" + headers +
           "Connection: close\r\n\r\n" + body;
  }
  QString base() const { return QStringLiteral("http://127.0.0.1:%1/repo").arg(serverPort()); }

  QHash<QByteArray, Answer> answers;  // by path
  QList<QByteArray> requests;         // whole heads

 private:
  void read(QTcpSocket* socket) {
    QByteArray& head = heads_[socket];
    head += socket->readAll();
    if (!head.contains("\r\n\r\n")) {
      return;
    }
    requests << head;
    const QByteArray path = head.split(' ').value(1);
    heads_.remove(socket);
    const Answer answer =
        answers.value(path, Answer{ScriptedServer::answer("404 Not Found", "nothing here"), true, false, {}, {}});
    socket->write(answer.bytes);
    socket->flush();
    if (answer.then) {
      answer.then();
    }
    if (answer.reset) {
      socket->abort();
    } else if (!answer.drip.isEmpty()) {
      auto* timer = new QTimer(socket);
      connect(timer, &QTimer::timeout, socket, [socket, rest = answer.drip]() mutable {
        socket->write(rest.left(1));
        rest.remove(0, 1);
        if (rest.isEmpty()) {
          socket->disconnectFromHost();
        }
      });
      timer->start(5);
    } else if (answer.close) {
      socket->disconnectFromHost();
    }
  }

  QHash<QTcpSocket*, QByteArray> heads_;
};

}  // namespace

class CatalogHttpTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { server_ = std::make_unique<ScriptedServer>(); }
  void cleanup() { server_.reset(); }

  void fetchesAFile();
  void asksForTheFileAsItIs();
  void pathsStayEncoded();
  void statuses_data();
  void statuses();
  void longPageOfAnErrorIsNoLongFile();
  void limit_data();
  void limit();
  void endlessBodyIsCutOff();
  void brokenConnections_data();
  void brokenConnections();
  void nobodyListens();
  void redirects();
  void redirectsEnd();
  void redirectsLeadNowhereElse_data();
  void redirectsLeadNowhereElse();
  void silentServerIsGivenUp();
  void slowServerIsGivenUp();
  void cancelEndsTheWait();
  void cancelledBeforeItBegins();
  void severalFetches();
  void proxyOfTheSystem();

 private:
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes = 1'000'000, const HttpPatience& patience = {}) {
    HttpFetcher fetcher(server_->base(), {patience, {}, {}});
    return fetcher.fetch(path, maxBytes, cancel_);
  }
  void serve(const QByteArray& path, const QByteArray& bytes) { server_->answers[path].bytes = bytes; }

  std::unique_ptr<ScriptedServer> server_;
  CancelToken cancel_;
};

void CatalogHttpTest::fetchesAFile() {
  const QByteArray body = QByteArray(300'000, 'f') + '\0' + "end";
  serve("/repo/targets/app.bin", ScriptedServer::answer("200 OK", body));
  const auto bytes = fetch(QStringLiteral("targets/app.bin"));
  QVERIFY2(bytes, bytes ? "" : qUtf8Printable(bytes.error().message()));
  QCOMPARE(*bytes, body);
  serve("/repo/empty", ScriptedServer::answer("200 OK", {}));
  QCOMPARE(*fetch(QStringLiteral("empty")), QByteArray());
}

void CatalogHttpTest::asksForTheFileAsItIs() {
  serve("/repo/a", ScriptedServer::answer("200 OK", "a", "Set-Cookie: who=you\r\n"));
  HttpFetcher fetcher(server_->base() + u'/');
  QVERIFY(fetcher.fetch(QStringLiteral("a"), 10, cancel_));
  QVERIFY(fetcher.fetch(QStringLiteral("a"), 10, cancel_));
  const QByteArray request = server_->requests.constLast().toLower();
  QVERIFY2(request.contains("accept-encoding: identity\r\n"), request.constData());
  QVERIFY2(request.contains("user-agent: sealift/"), request.constData());
  QVERIFY2(!request.contains("cookie"), request.constData());
}

void CatalogHttpTest::pathsStayEncoded() {
  serve("/repo/a%2Fb%20c.json", ScriptedServer::answer("200 OK", "encoded"));
  QCOMPARE(*fetch(QStringLiteral("a%2Fb%20c.json")), QByteArrayLiteral("encoded"));
}

void CatalogHttpTest::statuses_data() {
  QTest::addColumn<QByteArray>("status");
  QTest::addColumn<ErrorCode>("code");
  // Only "there is no such file" may end a chain of roots.
  QTest::newRow("404") << QByteArrayLiteral("404 Not Found") << ErrorCode::FetchNotFound;
  QTest::newRow("410") << QByteArrayLiteral("410 Gone") << ErrorCode::FetchNotFound;
  for (const char* status : {"401 Unauthorized", "403 Forbidden", "407 Proxy"}) {
    QTest::newRow(QByteArray(status).left(3).constData()) << QByteArray(status) << ErrorCode::FetchRefused;
  }
  for (const char* status :
       {"204 No Content", "206 Partial Content", "304 Not Modified", "400 Bad Request", "405 Method Not Allowed",
        "416 Range Not Satisfiable", "418 Teapot", "429 Too Many Requests", "500 Internal Server Error",
        "502 Bad Gateway", "503 Service Unavailable"}) {
    QTest::newRow(QByteArray(status).left(3).constData()) << QByteArray(status) << ErrorCode::FetchFailed;
  }
}

void CatalogHttpTest::statuses() {
  QFETCH(QByteArray, status);
  QFETCH(ErrorCode, code);
  const bool bodiless = status.startsWith("204") || status.startsWith("304");
  serve("/repo/a", ScriptedServer::answer(status, bodiless ? QByteArray() : QByteArrayLiteral("a page")));
  const auto bytes = fetch(QStringLiteral("a"));
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == code, qUtf8Printable(bytes.error().message()));
}

void CatalogHttpTest::longPageOfAnErrorIsNoLongFile() {
  serve("/repo/a", ScriptedServer::answer("404 Not Found", QByteArray(500'000, 'p')));
  QCOMPARE(fetch(QStringLiteral("a"), 1000).error().code, ErrorCode::FetchNotFound);
  serve("/repo/b", ScriptedServer::answer("403 Forbidden", QByteArray(500'000, 'p')));
  QCOMPARE(fetch(QStringLiteral("b"), 1000).error().code, ErrorCode::FetchRefused);
}

void CatalogHttpTest::limit_data() {
  QTest::addColumn<int>("size");
  QTest::addColumn<bool>("fits");
  QTest::newRow("exactly") << 1000 << true;
  QTest::newRow("one-more") << 1001 << false;
  QTest::newRow("much-more") << 5'000'000 << false;
}

void CatalogHttpTest::limit() {
  QFETCH(int, size);
  QFETCH(bool, fits);
  serve("/repo/a", ScriptedServer::answer("200 OK", QByteArray(size, 'x')));
  const auto bytes = fetch(QStringLiteral("a"), 1000);
  QCOMPARE(bytes.has_value(), fits);
  if (!fits) {
    QCOMPARE(bytes.error().code, ErrorCode::TrustLength);
  }
}

// It says no length and never ends: the fetch ends at the limit, not the server.
void CatalogHttpTest::endlessBodyIsCutOff() {
  server_->answers["/repo/a"] = {.bytes = "HTTP/1.1 200 OK\r\n\r\n" + QByteArray(10'000, 'x'),
                                 .close = false,
                                 .reset = false,
                                 .drip = {},
                                 .then = {}};
  QCOMPARE(fetch(QStringLiteral("a"), 9'999).error().code, ErrorCode::TrustLength);
}

void CatalogHttpTest::brokenConnections_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<bool>("reset");
  const QByteArray whole = ScriptedServer::answer("200 OK", QByteArray(1000, 'x'));
  QTest::newRow("reset-at-once") << QByteArray() << true;
  QTest::newRow("closed-at-once") << QByteArray() << false;
  QTest::newRow("closed-in-the-head") << QByteArrayLiteral("HTTP/1.1 200 OK\r\nContent-Le") << false;
  QTest::newRow("closed-in-the-body") << whole.chopped(1) << false;
  QTest::newRow("no-http") << QByteArrayLiteral("SSH-2.0-OpenSSH_9.2\r\n") << false;
}

void CatalogHttpTest::brokenConnections() {
  QFETCH(QByteArray, bytes);
  QFETCH(bool, reset);
  server_->answers["/repo/a"] = {.bytes = bytes, .close = true, .reset = reset, .drip = {}, .then = {}};
  const auto fetched = fetch(QStringLiteral("a"));
  QVERIFY(!fetched);
  QVERIFY2(fetched.error().code == ErrorCode::FetchFailed, qUtf8Printable(fetched.error().message()));
}

void CatalogHttpTest::nobodyListens() {
  const QString base = server_->base();
  server_->close();
  HttpFetcher fetcher(base);
  QCOMPARE(fetcher.fetch(QStringLiteral("a"), 10, cancel_).error().code, ErrorCode::FetchFailed);
  HttpFetcher nonsense(QStringLiteral("http://[::1/ x"));
  QCOMPARE(nonsense.fetch(QStringLiteral("a"), 10, cancel_).error().code, ErrorCode::FetchFailed);
}

void CatalogHttpTest::redirects() {
  serve("/repo/a", ScriptedServer::answer("302 Found", "see there", "Location: /b\r\n"));
  serve("/b", ScriptedServer::answer("200 OK", "file"));
  const auto bytes = fetch(QStringLiteral("a"), 8);  // the page about the redirect does not count
  QVERIFY2(bytes, bytes ? "" : qUtf8Printable(bytes.error().message()));
  QCOMPARE(*bytes, QByteArrayLiteral("file"));
}

void CatalogHttpTest::redirectsEnd() {
  serve("/repo/a", ScriptedServer::answer("302 Found", {}, "Location: /repo/a\r\n"));
  QCOMPARE(fetch(QStringLiteral("a")).error().code, ErrorCode::FetchFailed);
  // Five redirects are followed; Qt may ask again, twice at most, when a connection was closed under a request.
  QVERIFY2(server_->requests.size() <= 6 * 3, QByteArray::number(server_->requests.size()).constData());
}

void CatalogHttpTest::redirectsLeadNowhereElse_data() {
  QTest::addColumn<QByteArray>("location");
  QTest::newRow("file") << QByteArrayLiteral("file:///etc/passwd");
  QTest::newRow("data") << QByteArrayLiteral("data:,evil");
  QTest::newRow("ftp") << QByteArrayLiteral("ftp://127.0.0.1/x");
  QTest::newRow("resource") << QByteArrayLiteral("qrc:/x");
  QTest::newRow("none") << QByteArray();
}

void CatalogHttpTest::redirectsLeadNowhereElse() {
  QFETCH(QByteArray, location);
  serve("/repo/a", ScriptedServer::answer("302 Found", {}, "Location: " + location + "\r\n"));
  const auto bytes = fetch(QStringLiteral("a"));
  QVERIFY(!bytes);
  QCOMPARE(bytes.error().code, ErrorCode::FetchFailed);
}

void CatalogHttpTest::silentServerIsGivenUp() {
  server_->answers["/repo/a"] = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                                 .close = false,
                                 .reset = false,
                                 .drip = {},
                                 .then = {}};
  const auto bytes = fetch(QStringLiteral("a"), 100, {.silenceMs = 100, .minBytesPerSecond = 1000});
  QCOMPARE(bytes.error().code, ErrorCode::Timeout);
}

// Never silent for long, and never done.
void CatalogHttpTest::slowServerIsGivenUp() {
  server_->answers["/repo/a"] = {
      .bytes = "HTTP/1.1 200 OK\r\n\r\n", .close = false, .reset = false, .drip = QByteArray(100'000, 'x'), .then = {}};
  const auto bytes = fetch(QStringLiteral("a"), 200'000, {.silenceMs = 300, .minBytesPerSecond = 1'000'000});
  QCOMPARE(bytes.error().code, ErrorCode::Timeout);
}

void CatalogHttpTest::cancelEndsTheWait() {
  server_->answers["/repo/a"] = {
      .bytes = {}, .close = false, .reset = false, .drip = {}, .then = [this] { cancel_.cancel(); }};
  const auto bytes = fetch(QStringLiteral("a"));  // would be silent for half a minute
  QCOMPARE(bytes.error().code, ErrorCode::Cancelled);
  cancel_ = CancelToken();
}

void CatalogHttpTest::cancelledBeforeItBegins() {
  serve("/repo/a", ScriptedServer::answer("200 OK", "a"));
  cancel_.cancel();
  QCOMPARE(fetch(QStringLiteral("a")).error().code, ErrorCode::Cancelled);
  QCOMPARE(server_->requests.size(), 0);
  cancel_ = CancelToken();
}

void CatalogHttpTest::severalFetches() {
  serve("/repo/a", ScriptedServer::answer("200 OK", "a"));
  serve("/repo/b", ScriptedServer::answer("200 OK", "b"));
  HttpFetcher fetcher(server_->base());
  QCOMPARE(fetcher.fetch(QStringLiteral("none"), 10, cancel_).error().code, ErrorCode::FetchNotFound);
  QCOMPARE(*fetcher.fetch(QStringLiteral("a"), 10, cancel_), QByteArrayLiteral("a"));
  QCOMPARE(*fetcher.fetch(QStringLiteral("b"), 10, cancel_), QByteArrayLiteral("b"));
}

// As it is set when a request is made; the proxy looks the host up, nobody here does.
void CatalogHttpTest::proxyOfTheSystem() {
  const QString proxy = QStringLiteral("http://127.0.0.1:%1").arg(server_->serverPort());
  serve("http://repo.invalid/repo/a", ScriptedServer::answer("200 OK", "by proxy"));
  HttpFetcher fetcher(QStringLiteral("http://repo.invalid/repo"));
  qputenv("http_proxy", proxy.toLatin1());
  const auto byProxy = fetcher.fetch(QStringLiteral("a"), 100, cancel_);
  qputenv("no_proxy", "repo.invalid");
  const auto direct = fetcher.fetch(QStringLiteral("a"), 100, cancel_);
  qunsetenv("http_proxy");
  qunsetenv("no_proxy");
  QVERIFY2(byProxy, byProxy ? "" : qUtf8Printable(byProxy.error().message()));
  QCOMPARE(*byProxy, QByteArrayLiteral("by proxy"));
  QCOMPARE(direct.error().code, ErrorCode::FetchFailed);
  QCOMPARE(server_->requests.size(), 1);
}

QTEST_GUILESS_MAIN(CatalogHttpTest)
#include "catalog_http_test.moc"
