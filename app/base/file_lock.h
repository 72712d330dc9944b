// A lock on a file that the operating system takes back when its holder ends, in whatever way: none is ever stale.
// Between processes, and between two holders in one. It holds among those who open the same file of a local disk; it
// keeps nobody else from the file. The file stays when the lock goes: only the kernel's lock counts.
// Sources: flock(2); LockFileEx (Windows API).
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>

#include <optional>
#include <utility>

namespace sealift {

class FileLock {
 public:
  enum class Mode { Shared, Exclusive };
  enum class For { Owner, Everybody };  // who may lock this file: this user's programs, or all users'
  static constexpr qint64 kNoteMaxBytes = 1024;

  FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, kNone)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  // Makes the file where it is missing; its folder must be there. Nothing when somebody else has the lock; never waits.
  // Errors: FileWrite, when the file can't be made or opened, or is none (a link, a pipe).
  static Result<std::optional<FileLock>> tryLock(const QString& path, Mode mode, For whom);
  // What others may read while it is held, at most kNoteMaxBytes. Best effort: the lock holds without it.
  void leaveNote(const QByteArray& note);
  // What the last holder left there, capped: hostile as any file. Empty when there is none.
  static QByteArray noteIn(const QString& path);

 private:
  // A file descriptor, or a HANDLE.
  using Handle = std::intptr_t;
  static constexpr Handle kNone = -1;
  explicit FileLock(Handle file) : file_(file) {}

  Handle file_ = kNone;
};

// A folder of this computer in which all users' programs find the same lock files, none of which another user can
// remove; as far as the system has one.
QString commonLockFolder();

}  // namespace sealift
