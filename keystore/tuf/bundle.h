// A repository, or a part of one, in a single file for carrying it to where there is no network: a tar archive
// (POSIX.1-2001, pax interchange format, without compression) whose members are named as a Fetcher is asked for them
// ("metadata/1.root.json", "targets/…", percent-encoded, so plain ASCII). Nothing in a bundle is trusted for being
// there: the TUF client verifies every byte, as from any other source.
#pragma once

#include "keystore/tuf/client/fetcher.h"

#include <QByteArray>
#include <QFile>
#include <QHash>
#include <QList>
#include <QString>
#include <QStringList>

#include <memory>

namespace sealift::tuf {

struct BundleMember {
  QString path;      // below metadata/ or targets/, percent-encoded, as Fetcher::fetch takes it
  QString file;      // taken from this file while writing; or, where it is empty,
  QByteArray bytes;  // these
};

// Writes `path` beside and renames it over. Members are sorted, and nothing but their names and bytes goes into the
// file (no times, owners or modes of the sources), so that equal contents make equal bundles.
// InvalidArgument for a path that is not safe or given twice; FileRead, FileWrite; Cancelled.
Status writeBundle(const QString& path, const QList<BundleMember>& members, const CancelToken& cancel);

// Serves a bundle. Opening reads the members' headers alone; contents are read when they are asked for, from where
// they lie in the file, which stays open. One thread at a time.
class BundleFetcher final : public Fetcher {
 public:
  // FileRead when the file can't be read. TrustMalformed when it is no tar archive, was cut off, holds anything but
  // plain files and folders, a path that is not safe or that comes twice, or more members than are ever sensible.
  static Result<std::unique_ptr<BundleFetcher>> open(const QString& path);
  // Whether the file begins as a bundle does: for telling what a person dropped or chose. Trusts nothing.
  static bool looksLikeBundle(const QString& path);

  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override;
  // From the beginning, whatever `from` says: reading a file again costs nothing.
  Status fetchTo(const QString& path, qint64 maxBytes, const ResumePoint& from, FetchSink& sink,
                 const CancelToken& cancel) override;

  QStringList paths() const;                 // of all members, sorted
  qint64 length(const QString& path) const;  // of a member in bytes; -1 when there is none

 private:
  struct Member {
    qint64 headerAt = 0;  // bytes from the file's beginning
    qint64 length = 0;
  };
  explicit BundleFetcher(const QString& path) : file_(path) {}
  Status readIndex();

  QFile file_;
  QHash<QString, Member> members_;
};

}  // namespace sealift::tuf
