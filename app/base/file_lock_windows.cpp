#include "app/base/file_lock.h"

#include <QDir>

#include <algorithm>
#include <windows.h>

namespace sealift {
namespace {

// Far behind the note: a locked byte of Windows can't be read by others.
constexpr DWORD kLockedByte = 0x7FFF0000;

const wchar_t* wide(const QString& text) {
  return reinterpret_cast<const wchar_t*>(text.utf16());
}

HANDLE openFile(const QString& path, DWORD access, DWORD how) {
  return CreateFileW(wide(QDir::toNativeSeparators(path)), access,
                     FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, how,
                     FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
}

tl::unexpected<Error> cannot(const QString& path) {
  return fail(ErrorCode::FileWrite,
              QStringLiteral("The lock file %1 can't be used: Windows error %2.").arg(path).arg(GetLastError()));
}

}  // namespace

FileLock::~FileLock() {
  if (file_ != kNone) {
    CloseHandle(reinterpret_cast<HANDLE>(file_));
  }
}

// Who may open it is inherited from the folder: in ProgramData others may read, and lock, what one has made.
Result<std::optional<FileLock>> FileLock::tryLock(const QString& path, Mode mode, For /*whom*/) {
  HANDLE opened = openFile(path, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS);
  if (opened == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED) {
    opened = openFile(path, GENERIC_READ, OPEN_EXISTING);
  }
  if (opened == INVALID_HANDLE_VALUE) {
    return cannot(path);
  }
  FileLock lock(reinterpret_cast<Handle>(opened));
  OVERLAPPED where{};
  where.Offset = kLockedByte;
  const DWORD flags = LOCKFILE_FAIL_IMMEDIATELY | (mode == Mode::Exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0);
  if (!LockFileEx(opened, flags, 0, 1, 0, &where)) {
    return GetLastError() == ERROR_LOCK_VIOLATION || GetLastError() == ERROR_IO_PENDING
               ? Result<std::optional<FileLock>>(std::nullopt)
               : cannot(path);
  }
  return std::optional<FileLock>(std::move(lock));
}

void FileLock::leaveNote(const QByteArray& note) {
  const HANDLE file = reinterpret_cast<HANDLE>(file_);
  LARGE_INTEGER start{};
  DWORD written = 0;
  if (note.size() <= kNoteMaxBytes && SetFilePointerEx(file, start, nullptr, FILE_BEGIN) && SetEndOfFile(file)) {
    (void)WriteFile(file, note.constData(), static_cast<DWORD>(note.size()), &written, nullptr);
  }
}

QByteArray FileLock::noteIn(const QString& path) {
  const HANDLE opened = openFile(path, GENERIC_READ, OPEN_EXISTING);
  if (opened == INVALID_HANDLE_VALUE) {
    return {};
  }
  const FileLock file(reinterpret_cast<Handle>(opened));
  QByteArray note(kNoteMaxBytes, '\0');
  DWORD size = 0;
  return ReadFile(opened, note.data(), static_cast<DWORD>(note.size()), &size, nullptr) ? note.first(size)
                                                                                        : QByteArray();
}

QString commonLockFolder() {
  const QString folder =
      qEnvironmentVariable("ProgramData", QStringLiteral("C:/ProgramData")) + QStringLiteral("/Sealift/locks");
  (void)QDir().mkpath(folder);
  return QDir::fromNativeSeparators(folder);
}

}  // namespace sealift
