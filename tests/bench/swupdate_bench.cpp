// Time to upload an update of 64 MiB to Debian's real swupdate daemon and to learn that it is installed: Sealift's
// driver against curl with digest authentication, in turns, on the same daemon in the same run. curl ends with the HTTP
// answer, which proves nothing; Sealift goes on until the daemon says that it has installed it.
#include "app/base/file_io.h"
#include "keystore/crypto/digest.h"
#include "tests/bench/bench_support.h"
#include "tests/support/swupdate_board.h"
#include "transports/links/link_opener.h"
#include "transports/protocols/swupdate/swupdate_session.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QThread>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kBytes = 64 * 1024 * 1024;
constexpr int kRounds = 9;

int stop(const QString& why) {
  std::printf("%s\n", qPrintable(why));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  QCoreApplication app(argc, argv);
  if (SwupdateBoard::program().isEmpty() || !SwuMaker::missingTool().isEmpty()) {
    std::printf("SKIP: swupdate, openssl or cpio is not installed (Debian: swupdate openssl cpio)\n");
    return 0;
  }
  SwuMaker maker;
  SwupdateBoard::Options options;
  options.authority = maker.authority();
  options.user = "admin";
  options.password = "secret";
  SwupdateBoard board(options);
  if (!maker.isReady() || !board.start()) {
    return stop(QString::fromUtf8(maker.log() + board.log()));
  }
  const QByteArray swu = maker.make("1.6.0", SwupdateBoard::payload("1.6.0", kBytes), board.spare().toUtf8());
  const QString file = board.path(QStringLiteral("bench.swu"));
  if (swu.isEmpty() || !writeFileAtomic(file, swu)) {
    return stop(QStringLiteral("The update file could not be made."));
  }
  const auto waitUntilIdle = [&](qsizetype idleBefore) {
    QElapsedTimer timer;
    timer.start();
    while (board.log().count("Waiting for requests") <= idleBefore && timer.elapsed() < 30'000) {
      QThread::msleep(20);
    }
  };
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < kRounds; ++round) {
    qsizetype idle = board.log().count("Waiting for requests");
    QElapsedTimer timer;
    timer.start();
    QProcess curl;
    curl.start(QStringLiteral("curl"),
               {QStringLiteral("-s"), QStringLiteral("-o"), QStringLiteral("/dev/null"), QStringLiteral("-w"),
                QStringLiteral("%{http_code}"), QStringLiteral("--cacert"), board.tlsAuthorityPath(),
                QStringLiteral("-H"), QStringLiteral("Expect:"), QStringLiteral("--digest"), QStringLiteral("-u"),
                QStringLiteral("admin:secret"), QStringLiteral("-F"), QStringLiteral("file=@") + file,
                QStringLiteral("https://127.0.0.1:%1/upload").arg(board.port())});
    if (!curl.waitForFinished(120'000)) {
      return stop(QStringLiteral("curl did not end."));
    }
    // The daemon cuts the connection at times before its answer is read, which curl takes for a failure.
    const int exitCode = curl.exitCode();
    constexpr int kNoAnswer = 52;
    constexpr int kSendFailed = 55;
    constexpr int kReceiveFailed = 56;
    if (exitCode != 0 && exitCode != kNoAnswer && exitCode != kSendFailed && exitCode != kReceiveFailed) {
      return stop(QStringLiteral("curl failed (%1).").arg(exitCode));
    }
    theirs.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e9);
    waitUntilIdle(idle);

    idle = board.log().count("Waiting for requests");
    timer.restart();
    HttpAccess access;
    access.serverCas = {board.tlsAuthority()};
    access.user = QStringLiteral("admin");
    access.password = "secret";
    const CancelToken cancel;
    SystemLinkOpener links;
    const auto link = links.openHttp(*LinkAddress::parse(board.address()), access, cancel);
    if (!link) {
      return stop(link.error().message());
    }
    double uploaded = 0.0;
    Progress progress([&](const ProgressUpdate& update) {
      if (uploaded == 0.0 && update.phase != QLatin1String("Uploading")) {
        uploaded = static_cast<double>(timer.nsecsElapsed()) / 1e9;
      }
    });
    SwupdateSession session(**link, {});
    const Status installed = session.install(
        swu, progress, [](const QString&) {}, cancel);
    if (!installed) {
      return stop(installed.error().message());
    }
    const double all = static_cast<double>(timer.nsecsElapsed()) / 1e9;
    ours.push_back(uploaded > 0.0 ? uploaded : all);
    std::printf("round %d: curl %.2f s; Sealift %.2f s to the answer, %.2f s until it was installed\n", round + 1,
                theirs.back(), ours.back(), all);
    waitUntilIdle(idle);
  }
  std::printf("median of %d, 64 MiB over TLS with digest authentication: curl %.2f s, Sealift %.2f s, ratio %.2f\n",
              kRounds, median(theirs), median(ours), median(ours) / median(theirs));
  return 0;
}
