// audit_appender FOLDER KEY COUNT: appends COUNT entries (0: until it is killed), printing the sequence number of each
// one after the log acknowledged it.
#include "app/audit/audit_log.h"
#include "app/base/file_io.h"
#include "tests/support/audit_fixture.h"

#include <QCoreApplication>

#include <cstdio>

using namespace sealift;

namespace {

Status appendAll(const QString& folder, const QString& keyFile, int count) {
  SEALIFT_TRY(const QByteArray pem, readFile(keyFile, 64 * 1024));
  SEALIFT_TRY(PrivateKey key, PrivateKey::fromPem(pem));
  KeySigner signer(std::move(key));
  SEALIFT_TRY(const std::unique_ptr<Database> database, Database::open(folder));
  const SystemClock clock;
  AuditLog log(*database, signer, clock);
  for (int i = 0; count == 0 || i < count; ++i) {
    SEALIFT_TRY(const qint64 sequence, log.append(makeAuditEntry(QStringLiteral("from a process"))));
    std::printf("%lld\n", static_cast<long long>(sequence));
    std::fflush(stdout);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication application(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  if (arguments.size() != 4) {
    return 2;
  }
  const Status done = appendAll(arguments[1], arguments[2], arguments[3].toInt());
  if (!done) {
    std::fprintf(stderr, "%s\n", qUtf8Printable(done.error().message()));
    return 1;
  }
  return 0;
}
