// Bundle files (keystore/tuf/bundle.h): the archive's headers, and every member that it names.
#include "keystore/tuf/bundle.h"

#include "tests/fuzz/fuzz_target.h"

#include <QTemporaryDir>

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const QTemporaryDir kFolder;
  static const QString kPath = kFolder.filePath(QStringLiteral("bundle"));
  const QByteArray bytes = fuzz::toBytes(data, size);
  QFile file(kPath);
  fuzz::require(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size(),
                "the input can be written");
  file.close();
  (void)tuf::BundleFetcher::looksLikeBundle(kPath);
  const auto bundle = tuf::BundleFetcher::open(kPath);
  if (!bundle) {
    return 0;
  }
  const QStringList paths = (*bundle)->paths();
  for (const QString& path : paths) {
    const qint64 length = (*bundle)->length(path);
    fuzz::require(length >= 0 && length <= bytes.size(), "a member lies within its file");
    fuzz::require(!path.contains(QLatin1String("..")) || !path.split(QLatin1Char('/')).contains(QStringLiteral("..")),
                  "a member's path does not climb");
    const auto content = (*bundle)->fetch(path, length, {});
    // A member may turn out to be damaged when it is read by itself; then nothing of it is given out.
    fuzz::require(content.has_value() ? content->size() == length : content.error().code == ErrorCode::TrustMalformed,
                  "a member is read in full or refused");
    if (length > 0) {
      fuzz::require(!(*bundle)->fetch(path, length - 1, {}).has_value(), "a limit is kept");
    }
  }
  fuzz::require(!(*bundle)->fetch(QStringLiteral("metadata/no-such-member"), 1, {}).has_value() ||
                    paths.contains(QStringLiteral("metadata/no-such-member")),
                "what is not named is not served");
  return 0;
}
