// Archives of cpio(1) in its "new ASCII" formats, newc (magic 070701) and crc (070702), in memory.
// Source: cpio(5), "New ASCII Format" and "New CRC Format".
//
// A reader of its own and no archive library: SWUpdate takes these two formats alone, at exact places. A general
// library takes a dozen more, looks for the next header behind damage, and passes over the checksums.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <vector>

namespace sealift {

struct CpioEntry {
  QByteArray name;         // a plain file name: printable ASCII, no folder in it
  QByteArrayView content;  // in the archive
};

// All entries in the archive's order. Refused: anything but regular files, names with folders, names twice, a wrong
// checksum (crc), more than `maxEntries`, and anything but zeros behind the archive's end.
// The views last as long as `archive`. Errors: ImageMalformed. Any thread.
Result<std::vector<CpioEntry>> readCpio(QByteArrayView archive, int maxEntries);

}  // namespace sealift
