// Fetches one target as Sealift does, for a test that kills it:
//   target_downloader ADDRESS NAME LENGTH SHA256 FILE
// Prints the most memory that it had at once, in KiB, where the system tells (Linux: proc(5), VmHWM).
#include "app/catalog/http_fetcher.h"
#include "keystore/tuf/client/target_download.h"

#include <QCoreApplication>
#include <QFile>

#include <cstdio>

int main(int argc, char** argv) {
  const QCoreApplication app(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  if (arguments.size() != 6) {
    return 2;
  }
  sealift::tuf::TargetInfo target;
  target.path = arguments[2];
  target.length = arguments[3].toLongLong();
  target.hashes[sealift::DigestAlgorithm::Sha256] = QByteArray::fromHex(arguments[4].toLatin1());
  sealift::HttpFetcher fetcher(arguments[1]);
  const sealift::Status done = sealift::tuf::downloadTarget(fetcher, target.path, target, arguments[5], {});
  if (!done) {
    std::fprintf(stderr, "%s\n", qUtf8Printable(done.error().message()));
  }
  QFile status(QStringLiteral("/proc/self/status"));
  if (status.open(QIODevice::ReadOnly)) {
    for (const QByteArray& line : status.readAll().split('\n')) {
      if (line.startsWith("VmHWM:")) {
        std::printf("%s\n", line.mid(6).simplified().split(' ').first().constData());
      }
    }
  }
  return done ? 0 : 1;
}
