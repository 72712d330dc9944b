// Whether there is room before something is begun that must not run out of it in the middle.
#pragma once

#include "app/base/result.h"

#include <QString>

namespace sealift {

// What the records of one update take at most until they are folded into the database: journal and audit log.
inline constexpr qint64 kRoomForRecords = qint64{32} * 1024 * 1024;

// `folder`: on the disk that is asked; it need not exist yet. `bytes`: of `what` ("the image"), still to be written
// there, besides kRoomForRecords. FileWrite with the figures when there is less; a disk that tells nothing is let pass.
Status requireRoom(const QString& folder, qint64 bytes, const QString& what);

}  // namespace sealift
