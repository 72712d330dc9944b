// What a device answers: one packet of at most 256 bytes, of which the first four say what it is.
// Source: AOSP, system/core/fastboot/README.md, "Transport and Framing".
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace sealift {

inline constexpr qsizetype kFastbootMaxReply = 256;  // bytes

struct FastbootReply {
  enum class Kind { Okay, Fail, Info, Text, Data };

  Kind kind = Kind::Fail;
  QByteArray text;       // after the four letters, as sent; not for Data
  quint32 dataSize = 0;  // Data: bytes of the data phase

  // Errors: ProtocolMalformed.
  static Result<FastbootReply> parse(QByteArrayView packet);
};

// The device's own words, made harmless: up to the first NUL, printable ASCII, everything else as "?", no space around.
QString fastbootText(QByteArrayView bytes);

}  // namespace sealift
