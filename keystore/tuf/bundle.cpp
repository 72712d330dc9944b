#include "keystore/tuf/bundle.h"

#include "keystore/tuf/repository_path.h"

#include <QSaveFile>

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>

namespace sealift::tuf {

namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr qsizetype kMostMembers = 200'000;
constexpr qsizetype kLongestPath = 4096;
constexpr qint64 kMostPathBytes = 64 * 1024 * 1024;  // of all members' paths together

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, FreeWriter>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

bool isMemberPath(const QString& path) {
  const bool isPlain = std::all_of(path.begin(), path.end(), [](QChar c) { return c > u' ' && c < u'\x7f'; });
  return isPlain && path.size() <= kLongestPath && isSafeTargetPath(path) &&
         (path.startsWith(QLatin1String("metadata/")) || path.startsWith(QLatin1String("targets/")));
}

QString reasonOf(archive* object) {
  const char* text = archive_error_string(object);
  return text == nullptr ? QStringLiteral("no reason was given") : QString::fromLocal8Bit(text);
}

tl::unexpected<Error> damaged(const QString& path, const QString& problem) {
  return fail(ErrorCode::TrustMalformed, QStringLiteral("%1 is not a bundle: %2.").arg(path, problem),
              QStringLiteral("Copy the file again from where it was made, or ask the vendor for a new one."));
}

// libarchive over a QFile, from a given place on. The file must outlive it and not be moved in the meantime.
class Reader {
 public:
  explicit Reader(QFile& file) : file_(file), archive_(archive_read_new()) {}

  // False when memory ran out or the file can't be read.
  bool openAt(qint64 position) {
    return archive_ && file_.seek(position) && archive_read_support_format_tar(archive_.get()) == ARCHIVE_OK &&
           archive_read_open2(archive_.get(), this, nullptr, &Reader::read, &Reader::skip, nullptr) == ARCHIVE_OK;
  }
  archive* get() const { return archive_.get(); }

 private:
  static la_ssize_t read(archive*, void* self, const void** buffer) {
    auto* reader = static_cast<Reader*>(self);
    *buffer = reader->buffer_.data();
    return static_cast<la_ssize_t>(reader->file_.read(reader->buffer_.data(), qint64{kPiece}));
  }
  // Seeks over contents that nobody asked for. What a damaged length says may lie beyond the end: then the read
  // that follows finds nothing, and the archive is cut off.
  static la_int64_t skip(archive*, void* self, la_int64_t count) {
    QFile& file = static_cast<Reader*>(self)->file_;
    const qint64 step = std::clamp<qint64>(count, 0, file.size() - file.pos());
    return file.seek(file.pos() + step) ? step : 0;
  }

  QFile& file_;
  std::unique_ptr<archive, FreeReader> archive_;
  std::array<char, kPiece> buffer_{};
};

la_ssize_t writePiece(archive*, void* out, const void* bytes, std::size_t size) {
  return static_cast<la_ssize_t>(
      static_cast<QSaveFile*>(out)->write(static_cast<const char*>(bytes), static_cast<qint64>(size)));
}

tl::unexpected<Error> notWritten(const QString& path, const QString& reason) {
  return fail(ErrorCode::FileWrite, QStringLiteral("The bundle %1 could not be written: %2.").arg(path, reason));
}

Status writeMember(archive* writer, const BundleMember& member, const QString& bundle, const CancelToken& cancel) {
  QFile source(member.file);
  const bool fromFile = !member.file.isEmpty();
  if (fromFile && !source.open(QIODevice::ReadOnly)) {
    return fail(ErrorCode::FileRead,
                QStringLiteral("%1 could not be read: %2.").arg(member.file, source.errorString()));
  }
  const qint64 length = fromFile ? source.size() : member.bytes.size();
  const Entry entry(archive_entry_new());
  if (!entry) {
    return notWritten(bundle, QStringLiteral("memory ran out"));
  }
  archive_entry_set_pathname(entry.get(), member.path.toLatin1().constData());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), length);
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) {
    return notWritten(bundle, reasonOf(writer));
  }
  qint64 done = 0;
  while (done < length) {
    SEALIFT_CHECK(cancel.check());
    const QByteArray piece = fromFile ? source.read(std::min<qint64>(kPiece, length - done)) : member.bytes;
    if (piece.isEmpty()) {
      return fail(ErrorCode::FileRead, QStringLiteral("%1 became shorter while it was read.").arg(member.file));
    }
    if (archive_write_data(writer, piece.constData(), static_cast<std::size_t>(piece.size())) != piece.size()) {
      return notWritten(bundle, reasonOf(writer));
    }
    done += piece.size();
  }
  return {};
}

}  // namespace

Status writeBundle(const QString& path, const QList<BundleMember>& members, const CancelToken& cancel) {
  QList<BundleMember> sorted = members;
  std::sort(sorted.begin(), sorted.end(),
            [](const BundleMember& left, const BundleMember& right) { return left.path < right.path; });
  for (qsizetype i = 0; i < sorted.size(); ++i) {
    if (!isMemberPath(sorted[i].path) || (i > 0 && sorted[i].path == sorted[i - 1].path)) {
      return fail(ErrorCode::InvalidArgument,
                  QStringLiteral("\"%1\" can't be put into a bundle: its path is not safe, or taken twice.")
                      .arg(sorted[i].path.left(200)));
    }
  }
  if (sorted.size() > kMostMembers) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A bundle holds at most %1 files.").arg(kMostMembers),
                QStringLiteral("Choose fewer models or releases."));
  }
  QSaveFile out(path);
  if (!out.open(QIODevice::WriteOnly)) {
    return notWritten(path, out.errorString());
  }
  const Writer writer(archive_write_new());
  // The restricted pax format is plain ustar wherever that can say it all.
  if (!writer || archive_write_set_format_pax_restricted(writer.get()) != ARCHIVE_OK ||
      archive_write_open(writer.get(), &out, nullptr, writePiece, nullptr) != ARCHIVE_OK) {
    return notWritten(path, QStringLiteral("libarchive did not start"));
  }
  for (const BundleMember& member : sorted) {
    SEALIFT_CHECK(writeMember(writer.get(), member, path, cancel));
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) {
    return notWritten(path, reasonOf(writer.get()));
  }
  return out.commit() ? Status() : notWritten(path, out.errorString());
}

Result<std::unique_ptr<BundleFetcher>> BundleFetcher::open(const QString& path) {
  std::unique_ptr<BundleFetcher> bundle(new BundleFetcher(path));
  if (!bundle->file_.open(QIODevice::ReadOnly)) {
    return fail(ErrorCode::FileRead,
                QStringLiteral("%1 could not be read: %2.").arg(path, bundle->file_.errorString()));
  }
  SEALIFT_CHECK(bundle->readIndex());
  return bundle;
}

bool BundleFetcher::looksLikeBundle(const QString& path) {
  QFile file(path);
  // POSIX.1-2001, ustar: the magic lies at byte 257 of the first header.
  return file.open(QIODevice::ReadOnly) && file.read(262).mid(257) == "ustar";
}

Status BundleFetcher::readIndex() {
  Reader reader(file_);
  if (!reader.openAt(0)) {
    return damaged(file_.fileName(), QStringLiteral("it can't be read as a tar archive"));
  }
  qint64 pathBytes = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) {
      break;
    }
    if (status != ARCHIVE_OK) {
      return damaged(file_.fileName(), reasonOf(reader.get()));
    }
    const char* name = archive_entry_pathname(entry);
    const QString path = name == nullptr ? QString() : QString::fromUtf8(name);
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR && archive_entry_hardlink(entry) == nullptr) {
      continue;  // what packs a bundle anew may add these; nothing is ever asked from them
    }
    if (type != AE_IFREG || archive_entry_hardlink(entry) != nullptr || archive_entry_sparse_count(entry) > 0) {
      return damaged(file_.fileName(), QStringLiteral("\"%1\" is not a plain file").arg(path.left(200)));
    }
    if (!isMemberPath(path)) {
      return damaged(file_.fileName(), QStringLiteral("it holds the path \"%1\"").arg(path.left(200)));
    }
    if (members_.contains(path)) {
      return damaged(file_.fileName(), QStringLiteral("it holds %1 twice").arg(path.left(200)));
    }
    const Member member{archive_read_header_position(reader.get()), archive_entry_size(entry)};
    if (member.length < 0 || member.length > file_.size() - member.headerAt) {
      return damaged(file_.fileName(), QStringLiteral("it was cut off within %1").arg(path.left(200)));
    }
    pathBytes += path.size();
    if (members_.size() >= kMostMembers || pathBytes > kMostPathBytes) {
      return damaged(file_.fileName(), QStringLiteral("it holds more than %1 files").arg(members_.size()));
    }
    members_.insert(path, member);
  }
  if (members_.isEmpty()) {
    return damaged(file_.fileName(), QStringLiteral("it holds nothing"));
  }
  return {};
}

Result<QByteArray> BundleFetcher::fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
  MemorySink sink;
  SEALIFT_CHECK(fetchTo(path, maxBytes, {}, sink, cancel));
  return sink.take();
}

Status BundleFetcher::fetchTo(const QString& path, qint64 maxBytes, const ResumePoint&, FetchSink& sink,
                              const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  const auto member = members_.constFind(path);
  if (member == members_.constEnd()) {
    return fail(ErrorCode::FetchNotFound, QStringLiteral("The bundle has no file %1.").arg(path),
                QStringLiteral("Ask the vendor for a bundle that holds it."));
  }
  if (member->length > maxBytes) {
    return fail(ErrorCode::TrustLength,
                QStringLiteral("The bundle's %1 is longer than %2 bytes.").arg(path).arg(maxBytes));
  }
  Reader reader(file_);
  archive_entry* entry = nullptr;
  // The same member as when the index was made, or the file was changed in the meantime.
  if (!reader.openAt(member->headerAt) || archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK ||
      path != QString::fromUtf8(archive_entry_pathname(entry)) || archive_entry_size(entry) != member->length) {
    return damaged(file_.fileName(), QStringLiteral("it was changed while it was being read"));
  }
  SEALIFT_CHECK(sink.begin(0, {}));
  std::array<char, kPiece> piece;
  for (qint64 done = 0; done < member->length;) {
    SEALIFT_CHECK(cancel.check());
    const auto wanted = static_cast<std::size_t>(std::min<qint64>(kPiece, member->length - done));
    const la_ssize_t count = archive_read_data(reader.get(), piece.data(), wanted);
    if (count <= 0) {
      return damaged(file_.fileName(), QStringLiteral("it was cut off within %1").arg(path));
    }
    SEALIFT_CHECK(sink.write(QByteArrayView(piece.data(), static_cast<qsizetype>(count))));
    done += count;
  }
  return {};
}

QStringList BundleFetcher::paths() const {
  QStringList all = members_.keys();
  all.sort();
  return all;
}

qint64 BundleFetcher::length(const QString& path) const {
  const auto member = members_.constFind(path);
  return member == members_.constEnd() ? -1 : member->length;
}

}  // namespace sealift::tuf
