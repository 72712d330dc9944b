// Fetching from a real server: nginx with TLS, client certificates, access by model, and a life that ends in the
// middle.
#include "app/base/file_io.h"
#include "app/catalog/http_fetcher.h"
#include "keystore/crypto/digest.h"
#include "keystore/tuf/client/target_download.h"
#include "tests/support/nginx_server.h"
#include "tests/support/test_authority.h"

#include <QFileInfo>
#include <QTest>
#include <QTimer>

using namespace sealift;
using test::NginxServer;
using test::TestAuthority;
using test::TestCertificate;

namespace {

constexpr qint64 kMost = 64 * 1024 * 1024;
const QString kHere = QStringLiteral("IP:127.0.0.1,DNS:localhost");

}  // namespace

class NginxTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void cleanup() { server_.reset(); }

  void clientCertificateOpensTheDoor_data();
  void clientCertificateOpensTheDoor();
  void anotherModelIsRefused();
  void withoutClientCertificate();
  void revokedClient();
  void clientOfAnotherAuthority();
  void serverCertificates_data();
  void serverCertificates();
  void systemAuthoritiesDoNotKnowIt();
  void oldTlsIsRefused();
  void certificateStaysAtHome();
  void redirectsKeepEncryption();
  void goesOnAfterTheServerWasKilled();
  void changedFileIsFetchedWhole();
  void slowServerIsGivenUp();

 private:
  QByteArray httpsServer(quint16 port, const QByteArray& more = {}) const {
    return "server {\nlisten 127.0.0.1:" + QByteArray::number(port) + " ssl;\nssl_certificate " +
           here_.certificate.toUtf8() + ";\nssl_certificate_key " + here_.key.toUtf8() + ";\nroot " +
           files_.path().toUtf8() + ";\n" + more + "}\n";
  }
  QByteArray mutualTls() const {
    return "ssl_client_certificate " + vendor_->certificate().toUtf8() + ";\nssl_verify_client on;\nssl_crl " +
           vendor_->revocationList().toUtf8() + ";\n" +
           "location /targets/t9/ { if ($ssl_client_s_dn !~ \"OU=t9\") { return 403; } }\n";
  }
  void serve(const QByteArray& servers, quint16 port) {
    server_ = std::make_unique<NginxServer>();
    QVERIFY2(server_->start(servers, port), server_->log().constData());
  }
  QString base(const QString& scheme = QStringLiteral("https")) const {
    return QStringLiteral("%1://127.0.0.1:%2/").arg(scheme).arg(server_->port());
  }
  HttpOptions options(const TestCertificate& client = {}) const {
    HttpOptions options;
    options.authorities = *readFile(vendor_->certificate(), kMost);
    if (!client.certificate.isEmpty()) {
      options.identity = identity(client);
    }
    return options;
  }
  static std::shared_ptr<const TlsIdentity> identity(const TestCertificate& client) {
    NoPinSource nobody;
    auto loaded = TlsIdentity::load(client.certificate, *KeyAddress::parse(client.key), nobody);
    if (!loaded) {
      qWarning("%s", qUtf8Printable(loaded.error().message()));
      return nullptr;
    }
    return std::make_shared<const TlsIdentity>(std::move(*loaded));
  }
  Result<QByteArray> fetch(const QString& path, const HttpOptions& how) const {
    HttpFetcher fetcher(base(), how);
    return fetcher.fetch(path, kMost, {});
  }
  static QByteArray said(const Result<QByteArray>& result) {
    return result ? QByteArrayLiteral("it was fetched")
                  : (errorCodeName(result.error().code) + u' ' + result.error().what).toUtf8();
  }
  static tuf::TargetInfo targetOf(const QByteArray& bytes) {
    tuf::TargetInfo info;
    info.path = QStringLiteral("big.bin");
    info.length = bytes.size();
    info.hashes[DigestAlgorithm::Sha256] = sha256(bytes);
    return info;
  }

  QTemporaryDir files_;
  std::unique_ptr<TestAuthority> vendor_;
  std::unique_ptr<TestAuthority> other_;
  TestCertificate here_;
  TestCertificate client_;  // of model t2
  TestCertificate revoked_;
  std::unique_ptr<NginxServer> server_;
};

void NginxTest::initTestCase() {
  if (NginxServer::program().isEmpty()) {
    QSKIP("nginx is not installed (Debian: nginx-light)");
  }
  vendor_ = std::make_unique<TestAuthority>(QStringLiteral("Norrland Updates CA"));
  other_ = std::make_unique<TestAuthority>(QStringLiteral("Somebody Else CA"));
  QVERIFY2(vendor_->isReady() && other_->isReady(), vendor_->log() + other_->log());
  here_ = vendor_->issue(QStringLiteral("server"), QStringLiteral("/CN=updates.example"), kHere);
  client_ = vendor_->issue(QStringLiteral("t2"), QStringLiteral("/CN=customer-7/O=Norrland/OU=t2"));
  revoked_ = vendor_->issue(QStringLiteral("gone"), QStringLiteral("/CN=customer-8/O=Norrland/OU=t2"));
  QVERIFY2(!here_.key.isEmpty() && !client_.key.isEmpty() && vendor_->revoke(revoked_), vendor_->log().constData());
  QVERIFY(makeFolder(files_.filePath(QStringLiteral("targets/t2"))));
  QVERIFY(makeFolder(files_.filePath(QStringLiteral("targets/t9"))));
  QVERIFY(writeFileAtomic(files_.filePath(QStringLiteral("targets/t2/app.bin")), "for t2"));
  QVERIFY(writeFileAtomic(files_.filePath(QStringLiteral("targets/t9/app.bin")), "for t9"));
}

void NginxTest::clientCertificateOpensTheDoor_data() {
  QTest::addColumn<QByteArray>("protocol");
  QTest::newRow("tls-1.2") << QByteArrayLiteral("TLSv1.2");
  QTest::newRow("tls-1.3") << QByteArrayLiteral("TLSv1.3");
}

void NginxTest::clientCertificateOpensTheDoor() {
  QFETCH(QByteArray, protocol);
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, mutualTls() + "ssl_protocols " + protocol + ";\n"), port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), options(client_));
  QVERIFY2(bytes, said(bytes).constData());
  QCOMPARE(*bytes, QByteArrayLiteral("for t2"));
  QTRY_VERIFY(!server_->requests().isEmpty());
  QVERIFY2(server_->requests().constLast().contains("CN=customer-7"), server_->requests().constLast().constData());
}

void NginxTest::anotherModelIsRefused() {
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, mutualTls()), port);
  const auto bytes = fetch(QStringLiteral("targets/t9/app.bin"), options(client_));
  QVERIFY(!bytes);
  QCOMPARE(bytes.error().code, ErrorCode::FetchRefused);
  // Which certificate, which file, which status.
  for (const char* word : {"customer-7", "/targets/t9/app.bin", "403 Forbidden"}) {
    QVERIFY2(bytes.error().what.contains(QLatin1String(word)), said(bytes).constData());
  }
  QVERIFY2(bytes.error().remedy.contains(QLatin1String("other models")), qUtf8Printable(bytes.error().remedy));
}

void NginxTest::withoutClientCertificate() {
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, mutualTls()), port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), options());
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchRefused, said(bytes).constData());
  QVERIFY2(bytes.error().what.contains(QLatin1String("no client certificate")), said(bytes).constData());
  QVERIFY(bytes.error().remedy.contains(QLatin1String("--client-certificate")));
}

void NginxTest::revokedClient() {
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, mutualTls()), port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), options(revoked_));
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchRefused, said(bytes).constData());
  for (const char* word : {"does not accept the client certificate", "customer-8", "SSL certificate error"}) {
    QVERIFY2(bytes.error().what.contains(QLatin1String(word)), said(bytes).constData());
  }
  QVERIFY2(bytes.error().remedy.contains(QLatin1String("revoked")), qUtf8Printable(bytes.error().remedy));
}

void NginxTest::clientOfAnotherAuthority() {
  const TestCertificate stranger = other_->issue(QStringLiteral("stranger"), QStringLiteral("/CN=stranger/OU=t2"));
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, mutualTls()), port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), options(stranger));
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchRefused, said(bytes).constData());
  QVERIFY2(bytes.error().what.contains(QLatin1String("Somebody Else CA")), said(bytes).constData());
}

void NginxTest::serverCertificates_data() {
  QTest::addColumn<QString>("defect");
  QTest::addColumn<QStringList>("words");
  QTest::newRow("expired") << QStringLiteral("expired")
                           << QStringList{QStringLiteral("has expired"), QStringLiteral("2021-01-01T00:00:00Z"),
                                          QStringLiteral("this computer's clock says 20")};
  QTest::newRow("not-yet-valid") << QStringLiteral("future")
                                 << QStringList{QStringLiteral("is not valid yet"),
                                                QStringLiteral("2048-01-01T00:00:00Z"),
                                                QStringLiteral("this computer's clock says 20")};
  QTest::newRow("wrong-host") << QStringLiteral("host")
                              << QStringList{QStringLiteral("another name"), QStringLiteral("elsewhere.example")};
  QTest::newRow("another-authority") << QStringLiteral("authority")
                                     << QStringList{QStringLiteral("Somebody Else CA"),
                                                    QStringLiteral("not the authority that was set")};
}

void NginxTest::serverCertificates() {
  QFETCH(QString, defect);
  QFETCH(QStringList, words);
  TestAuthority& issuer = defect == QLatin1String("authority") ? *other_ : *vendor_;
  const QString names = defect == QLatin1String("host") ? QStringLiteral("DNS:elsewhere.example") : kHere;
  const QString from =
      defect == QLatin1String("future") ? QStringLiteral("20480101000000Z") : QStringLiteral("20200101000000Z");
  const QString to =
      defect == QLatin1String("expired") ? QStringLiteral("20210101000000Z") : QStringLiteral("20490101000000Z");
  const TestCertificate bad = issuer.issue(defect, QStringLiteral("/CN=updates.example"), names, from, to);
  QVERIFY2(!bad.key.isEmpty(), issuer.log().constData());
  const TestCertificate good = std::exchange(here_, bad);
  const quint16 port = NginxServer::freePort();
  const QByteArray configuration = httpsServer(port);
  here_ = good;
  serve(configuration, port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), options());
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchTls, said(bytes).constData());
  for (const QString& word : words) {
    QVERIFY2(bytes.error().what.contains(word), said(bytes).constData());
  }
  QVERIFY(server_->requests().isEmpty());  // nothing was asked of it
}

void NginxTest::systemAuthoritiesDoNotKnowIt() {
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port), port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), {});
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchTls, said(bytes).constData());
  QVERIFY2(bytes.error().what.contains(QLatin1String("Norrland Updates CA")), said(bytes).constData());
  QVERIFY2(bytes.error().what.contains(QLatin1String("this computer does not trust")), said(bytes).constData());
  QVERIFY(bytes.error().remedy.contains(QLatin1String("--ca")));
}

void NginxTest::oldTlsIsRefused() {
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, "ssl_protocols TLSv1 TLSv1.1;\nssl_ciphers ALL:@SECLEVEL=0;\n"), port);
  const auto bytes = fetch(QStringLiteral("targets/t2/app.bin"), options());
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchTls, said(bytes).constData());
  QVERIFY2(bytes.error().what.contains(QLatin1String("no TLS version that is safe")), said(bytes).constData());
  QVERIFY(server_->requests().isEmpty());
}

// Another port is another server: it gets neither the certificate nor a signature of its key.
void NginxTest::certificateStaysAtHome() {
  const quint16 port = NginxServer::freePort();
  const quint16 elsewhere = NginxServer::freePort();
  serve(httpsServer(port, mutualTls() + "location /moved/ { return 302 https://127.0.0.1:" +
                              QByteArray::number(elsewhere) + "/targets/t2/app.bin; }\n") +
            httpsServer(elsewhere, "ssl_client_certificate " + vendor_->certificate().toUtf8() +
                                       ";\nssl_verify_client optional_no_ca;\n"),
        port);
  const auto bytes = fetch(QStringLiteral("moved/app.bin"), options(client_));
  QVERIFY2(bytes, said(bytes).constData());
  QTRY_COMPARE(server_->requests().size(), 2);
  QVERIFY2(server_->requests().first().contains("CN=customer-7"), server_->requests().first().constData());
  QVERIFY2(server_->requests().last().endsWith("client=-"), server_->requests().last().constData());
}

void NginxTest::redirectsKeepEncryption() {
  const quint16 port = NginxServer::freePort();
  const quint16 plain = NginxServer::freePort();
  serve(httpsServer(port, "location /moved/ { return 301 http://127.0.0.1:" + QByteArray::number(plain) +
                              "/targets/t2/app.bin; }\n") +
            "server { listen 127.0.0.1:" + QByteArray::number(plain) + "; root " + files_.path().toUtf8() + "; }\n",
        port);
  const auto bytes = fetch(QStringLiteral("moved/app.bin"), options());
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::FetchTls, said(bytes).constData());
  QVERIFY2(bytes.error().what.contains(QLatin1String("without encryption")), said(bytes).constData());
  QTRY_COMPARE(server_->requests().size(), 1);  // the plain one was never asked
}

void NginxTest::goesOnAfterTheServerWasKilled() {
  constexpr qint64 kSize = 8 * 1024 * 1024;
  const QByteArray big = [&] {
    QByteArray bytes(kSize, 0);
    for (qsizetype i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
    }
    return bytes;
  }();
  QVERIFY(writeFileAtomic(files_.filePath(QStringLiteral("big.bin")), big));
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port, "location = /big.bin { limit_rate_after 3m; limit_rate 100k; }\n"), port);
  // The server dies once a part is on the disk; it can't have sent all of it by then.
  QTemporaryDir folder;
  const QString place = folder.filePath(QStringLiteral("big.bin"));
  const tuf::TargetInfo target = targetOf(big);
  const auto partSize = [&] {
    const QFileInfoList parts =
        QDir(folder.path()).entryInfoList({QStringLiteral(".*.part")}, QDir::Files | QDir::Hidden);
    return parts.isEmpty() ? 0 : parts.first().size();
  };
  QTimer watch;
  connect(&watch, &QTimer::timeout, this, [&] {
    if (partSize() > 2 * 1024 * 1024) {
      server_->kill();
      watch.stop();
    }
  });
  watch.start(20);
  HttpFetcher fetcher(base(), options());
  const Status broken = tuf::downloadTarget(fetcher, QStringLiteral("big.bin"), target, place, {});
  QVERIFY(!broken);
  QVERIFY2(broken.error().code == ErrorCode::FetchFailed, qUtf8Printable(broken.error().message()));
  QVERIFY(!QFileInfo::exists(place));
  const qint64 had = partSize();
  QVERIFY(had > 2 * 1024 * 1024 && had < kSize);

  server_.reset();
  serve(httpsServer(port), port);
  const Status done = tuf::downloadTarget(fetcher, QStringLiteral("big.bin"), target, place, {});
  QVERIFY2(done, done ? "" : qUtf8Printable(done.error().message()));
  QCOMPARE(*readFile(place, kMost), big);
  QTRY_COMPARE(server_->requests().size(), 1);
  const QByteArray request = server_->requests().first();
  QVERIFY2(request.contains(" 206 " + QByteArray::number(kSize - had)), request.constData());
  QVERIFY2(request.contains("range=bytes=" + QByteArray::number(had) + "-"), request.constData());
  QVERIFY2(!request.contains("if-range=- "), request.constData());
  // And what is there is not asked for again.
  QVERIFY(tuf::downloadTarget(fetcher, QStringLiteral("big.bin"), target, place, {}));
  QCOMPARE(server_->requests().size(), 1);
}

// If-Range: the part belongs to a state that the server does not have any more.
void NginxTest::changedFileIsFetchedWhole() {
  const QByteArray now(500'000, 'n');
  QVERIFY(writeFileAtomic(files_.filePath(QStringLiteral("changed.bin")), now));
  const quint16 port = NginxServer::freePort();
  serve(httpsServer(port), port);
  QTemporaryDir folder;
  const QString place = folder.filePath(QStringLiteral("changed.bin"));
  const tuf::TargetInfo target = targetOf(now);
  const QString part =
      folder.filePath(u'.' + QString::fromLatin1(target.hashes.first().left(16).toHex()) + QStringLiteral(".part"));
  QVERIFY(writeFileAtomic(part, QByteArray(100'000, 'o')));
  QVERIFY(writeFileAtomic(part + QStringLiteral("-of"), "\"5f-older\""));
  HttpFetcher fetcher(base(), options());
  const Status done = tuf::downloadTarget(fetcher, QStringLiteral("changed.bin"), target, place, {});
  QVERIFY2(done, done ? "" : qUtf8Printable(done.error().message()));
  QCOMPARE(*readFile(place, kMost), now);
  QTRY_COMPARE(server_->requests().size(), 1);
  QVERIFY2(server_->requests().first().contains(" 200 500000 range=bytes=100000-"),
           server_->requests().first().constData());
}

void NginxTest::slowServerIsGivenUp() {
  QVERIFY(writeFileAtomic(files_.filePath(QStringLiteral("slow.bin")), QByteArray(1'000'000, 's')));
  const quint16 port = NginxServer::freePort();
  // Fast at first: what was sent then is no credit.
  serve(httpsServer(port, "location = /slow.bin { limit_rate_after 800k; limit_rate 500; }\n"), port);
  HttpOptions how = options();
  how.patience = {.silenceMs = 1'500, .minBytesPerSecond = 50'000};
  const auto bytes = fetch(QStringLiteral("slow.bin"), how);
  QVERIFY(!bytes);
  QVERIFY2(bytes.error().code == ErrorCode::Timeout, said(bytes).constData());
}

QTEST_GUILESS_MAIN(NginxTest)
#include "nginx_test.moc"
