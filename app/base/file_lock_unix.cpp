#include "app/base/file_lock.h"

#include <QFile>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sealift {
namespace {

constexpr int kMakingTries = 3;

// O_NONBLOCK: a pipe under that name must not keep us. O_NOFOLLOW: in a folder that everybody writes to, a link could
// lead anywhere.
constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

tl::unexpected<Error> cannot(const QString& path, int code) {
  return fail(
      ErrorCode::FileWrite,
      QStringLiteral("The lock file %1 can't be used: %2.").arg(path, QString::fromLocal8Bit(std::strerror(code))));
}

// To be written by us where we may: another user's file can be locked all the same.
int openThere(const QByteArray& path) {
  const int file = ::open(path.constData(), O_RDWR | kFlags);
  return file >= 0 || errno != EACCES ? file : ::open(path.constData(), O_RDONLY | kFlags);
}

// O_CREAT on another user's file fails in a folder with the sticky bit (fs.protected_regular, proc(5)): so it is
// either opened or made, never both at once.
int openOrMake(const QByteArray& path, FileLock::For whom) {
  for (int i = 0; i < kMakingTries; ++i) {
    if (const int there = openThere(path); there >= 0 || errno != ENOENT) {
      return there;
    }
    const mode_t mode = whom == FileLock::For::Everybody ? 0666 : 0600;
    if (const int made = ::open(path.constData(), O_RDWR | O_CREAT | O_EXCL | kFlags, mode); made >= 0) {
      (void)::fchmod(made, mode);  // whatever the umask
      return made;
    }
    if (errno != EEXIST) {
      return -1;
    }
  }
  return -1;
}

}  // namespace

FileLock::~FileLock() {
  if (file_ != kNone) {
    (void)::close(static_cast<int>(file_));
  }
}

Result<std::optional<FileLock>> FileLock::tryLock(const QString& path, Mode mode, For whom) {
  const int opened = openOrMake(QFile::encodeName(path), whom);
  if (opened < 0) {
    return cannot(path, errno);
  }
  FileLock lock(opened);
  struct stat about {};
  if (::fstat(opened, &about) != 0 || !S_ISREG(about.st_mode)) {
    return fail(ErrorCode::FileWrite, QStringLiteral("The lock file %1 is no file.").arg(path));
  }
  while (::flock(opened, (mode == Mode::Shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return std::optional<FileLock>();
    }
    if (errno != EINTR) {
      return cannot(path, errno);
    }
  }
  return std::optional<FileLock>(std::move(lock));
}

void FileLock::leaveNote(const QByteArray& note) {
  const int file = static_cast<int>(file_);
  if (note.size() <= kNoteMaxBytes && ::ftruncate(file, 0) == 0) {
    (void)!::pwrite(file, note.constData(), static_cast<std::size_t>(note.size()), 0);
  }
}

QByteArray FileLock::noteIn(const QString& path) {
  const FileLock file(::open(QFile::encodeName(path).constData(), O_RDONLY | kFlags));
  QByteArray note(kNoteMaxBytes, '\0');
  const ssize_t size = file.file_ == kNone ? 0
                                           : ::pread(static_cast<int>(file.file_), note.data(),
                                                     static_cast<std::size_t>(note.size()), 0);
  return note.first(std::max<ssize_t>(size, 0));
}

// /run/lock is made for this (FHS 3.0, 3.15; hier(7)), yet not everybody may write to it on every system; /tmp, by its
// name, not TMPDIR, is the same for all. The sticky bit keeps users from removing each other's files.
QString commonLockFolder() {
  for (const char* folder : {"/run/lock", "/tmp"}) {
    struct stat about {};
    if (::stat(folder, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == 0 && (about.st_mode & S_ISVTX) != 0 &&
        (about.st_mode & S_IWOTH) != 0) {
      return QString::fromLatin1(folder);
    }
  }
  return QStringLiteral("/tmp");
}

}  // namespace sealift
