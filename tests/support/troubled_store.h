// A disk under SQLite that goes wrong: from a chosen write on it is full, gives I/O errors, or the process is killed at
// that write. It stands in for SQLite's own VFS of this program (sqlite.org/vfs.html) and leaves everything else to it;
// what is read is never troubled unless asked for. Counts writes, truncations, syncs and deletions of all databases of
// the process, write-ahead logs and journals included. Any thread.
#pragma once

#include <atomic>

namespace sealift::test {

class TroubledStore {
 public:
  enum class Trouble {
    None,
    Full,         // SQLITE_FULL: nothing more fits
    WriteErrors,  // SQLITE_IOERR_WRITE
    SyncErrors,   // writes are taken, and then can't be made durable: SQLITE_IOERR_FSYNC
    Killed,       // SIGKILL right before the write
  };

  // Once, before the first database is opened.
  static void install();
  // At the nth write from now (1: the next) and, for all but Killed, at every one after it until end().
  static void begin(Trouble which, int atWrite = 1);
  static void end();
  static int writes();  // since install() or the last countFromHere()
  static void countFromHere();
};

}  // namespace sealift::test
