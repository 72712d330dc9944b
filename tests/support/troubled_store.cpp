#include "tests/support/troubled_store.h"

#include <csignal>
#include <cstring>
#include <mutex>
#include <sqlite3.h>
#include <unistd.h>

namespace sealift::test {

namespace {

using Trouble = TroubledStore::Trouble;

std::mutex guard;
Trouble trouble = Trouble::None;
int countdown = 0;  // writes until it begins; 0: it has begun, or nothing is planned
bool isOn = false;
int written = 0;

sqlite3_vfs* inner = nullptr;

enum class Act { Write, Sync };

// SQLITE_OK, or what the disk says now.
int meet(Act act) {
  const std::scoped_lock lock(guard);
  ++written;
  if (countdown > 0 && --countdown == 0) {
    if (trouble == Trouble::Killed) {
      (void)::kill(::getpid(), SIGKILL);
    }
    isOn = true;
  }
  if (!isOn) {
    return SQLITE_OK;
  }
  switch (trouble) {
    case Trouble::Full:
      return act == Act::Write ? SQLITE_FULL : SQLITE_OK;
    case Trouble::WriteErrors:
      return act == Act::Write ? SQLITE_IOERR_WRITE : SQLITE_OK;
    case Trouble::SyncErrors:
      return act == Act::Sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    default:
      return SQLITE_OK;
  }
}

// A file of ours: the methods, and the inner file right behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* realOf(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real();
}

int closeFile(sqlite3_file* file) {
  return realOf(file)->pMethods->xClose(realOf(file));
}
int readFile(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  return realOf(file)->pMethods->xRead(realOf(file), to, size, at);
}
int writeFile(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  const int fate = meet(Act::Write);
  return fate != SQLITE_OK ? fate : realOf(file)->pMethods->xWrite(realOf(file), from, size, at);
}
int truncateFile(sqlite3_file* file, sqlite3_int64 size) {
  const int fate = meet(Act::Write);
  return fate != SQLITE_OK ? fate : realOf(file)->pMethods->xTruncate(realOf(file), size);
}
int syncFile(sqlite3_file* file, int flags) {
  const int fate = meet(Act::Sync);
  return fate != SQLITE_OK ? fate : realOf(file)->pMethods->xSync(realOf(file), flags);
}
int fileSize(sqlite3_file* file, sqlite3_int64* size) {
  return realOf(file)->pMethods->xFileSize(realOf(file), size);
}
int lockFile(sqlite3_file* file, int level) {
  return realOf(file)->pMethods->xLock(realOf(file), level);
}
int unlockFile(sqlite3_file* file, int level) {
  return realOf(file)->pMethods->xUnlock(realOf(file), level);
}
int checkReserved(sqlite3_file* file, int* result) {
  return realOf(file)->pMethods->xCheckReservedLock(realOf(file), result);
}
int control(sqlite3_file* file, int what, void* argument) {
  return realOf(file)->pMethods->xFileControl(realOf(file), what, argument);
}
int sectorSize(sqlite3_file* file) {
  return realOf(file)->pMethods->xSectorSize(realOf(file));
}
int characteristics(sqlite3_file* file) {
  return realOf(file)->pMethods->xDeviceCharacteristics(realOf(file));
}
int shmMap(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return realOf(file)->pMethods->xShmMap(realOf(file), page, size, extend, memory);
}
int shmLock(sqlite3_file* file, int offset, int count, int flags) {
  return realOf(file)->pMethods->xShmLock(realOf(file), offset, count, flags);
}
void shmBarrier(sqlite3_file* file) {
  realOf(file)->pMethods->xShmBarrier(realOf(file));
}
int shmUnmap(sqlite3_file* file, int remove) {
  return realOf(file)->pMethods->xShmUnmap(realOf(file), remove);
}

// Version 2: no memory mapping, which would write past us.
constexpr sqlite3_io_methods kMethods{2,          closeFile,  readFile,        writeFile,  truncateFile,
                                      syncFile,   fileSize,   lockFile,        unlockFile, checkReserved,
                                      control,    sectorSize, characteristics, shmMap,     shmLock,
                                      shmBarrier, shmUnmap,   nullptr,         nullptr};

int openFile(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* outFlags) {
  auto* const mine = reinterpret_cast<File*>(file);
  mine->base.pMethods = nullptr;
  const int result = inner->xOpen(inner, name, mine->real(), flags, outFlags);
  if (mine->real()->pMethods != nullptr) {
    mine->base.pMethods = &kMethods;
  }
  return result;
}

int deleteFile(sqlite3_vfs* /*vfs*/, const char* name, int syncFolder) {
  const int fate = meet(Act::Write);
  return fate != SQLITE_OK ? fate : inner->xDelete(inner, name, syncFolder);
}

}  // namespace

void TroubledStore::install() {
  static sqlite3_vfs ours;
  if (inner != nullptr) {
    return;
  }
  inner = sqlite3_vfs_find(nullptr);
  ours = *inner;
  ours.zName = "troubled";
  ours.pNext = nullptr;
  ours.szOsFile = static_cast<int>(sizeof(File)) + inner->szOsFile;
  ours.xOpen = openFile;
  ours.xDelete = deleteFile;
  // Everything else of the VFS knows itself by its first argument's methods only, and works on paths and the clock.
  (void)sqlite3_vfs_register(&ours, 1);
}

void TroubledStore::begin(Trouble which, int atWrite) {
  const std::scoped_lock lock(guard);
  trouble = which;
  countdown = atWrite;
  isOn = false;
}

void TroubledStore::end() {
  const std::scoped_lock lock(guard);
  trouble = Trouble::None;
  countdown = 0;
  isOn = false;
}

int TroubledStore::writes() {
  const std::scoped_lock lock(guard);
  return written;
}

void TroubledStore::countFromHere() {
  const std::scoped_lock lock(guard);
  written = 0;
}

}  // namespace sealift::test
